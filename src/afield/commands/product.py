"""What `afield serve` starts where the design has no supervisor: client, hybrid, static."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from afield.application import Application
from afield.commands.output import progress
from afield.control.office import open_office
from afield.control.plane import Plane
from afield.control.terms import Places, Terms, configured
from afield.errors import ServingError
from afield.exchange.compiling import compile_release
from afield.exchange.writing import write_folder
from afield.home import Home

KEPT = 3
"""How many compiled folders stay: another process on this machine may still answer from an older one."""


@contextmanager
def product(application: Application, root: Path, terms: Terms) -> Iterator["Product"]:
    """The process that answers in a design without a supervisor; it is stopped at the end.

    Raises:
        AfieldError: it does not start; its log says why.
    """
    running = Product(application, Home.of(root, application), terms)
    try:
        running.start()
        yield running
    finally:
        running.stop()


class Product:
    """One process that answers, and is started again where it ends.

    Attributes:
        url: where it answers.
    """

    def __init__(self, application: Application, home: Home, terms: Terms) -> None:
        """Prepare to answer; a release is compiled first where the design is static and that was not done yet.

        Raises:
            AfieldError: there is no champion, or it cannot be compiled.
        """
        self.url = f"http://{terms.address}:{terms.port}"
        folder = home.folder / terms.design
        places = Places(
            snapshots=folder / "snapshots",
            bundles=_compiled(application, home) if terms.design == "static" else folder / "bundles",
            spools=folder,
            counts=folder / "counts",
        )
        self._plane = Plane(configured(application, home, terms, places), folder, progress)
        self._stop = threading.Event()

    def start(self) -> None:
        """Start the process, and return once it answers.

        Raises:
            ServingError: it does not start; its log says why.
        """
        self._plane.start()

    def supervise(self) -> None:
        """Keep the process until `ask_to_stop`, in this thread."""
        self._plane.keep(self._stop)

    def ask_to_stop(self) -> None:
        """Let `supervise` come to its end."""
        self._stop.set()

    def stop(self) -> None:
        """Let it finish what it has begun, and end it; what was not sent yet is kept."""
        self._stop.set()
        self._plane.stop()


def _compiled(application: Application, home: Home) -> Path:
    """The folder of the champion, compiled from the facts as they are; made where it is not there yet.

    Raises:
        ServingError: there is no champion.
        ReleaseError: it cannot be compiled.
        DataError: this home has no facts to make a table of.
    """
    office = open_office(application, home.root, progress)
    digest = office.actions.state.champion
    if not digest:
        raise ServingError(f"{application.name} has no release to compile yet; run: afield build {application.called}")
    # A table grows old with its facts: one of the same release with newer facts is another.
    known = "" if office.operate.from_input is not None else f"-{office.newest():%Y%m%dT%H%M%S}"
    folder = home.folder / "static" / "compiled" / f"{digest}{known}"
    if not folder.is_dir():
        progress(f"compiling release {digest[:12]}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        write_folder(folder, compile_release(office, digest))
    folder.touch()
    _forget_older(folder.parent)
    return folder


def _forget_older(compiled: Path) -> None:
    """Remove all but the folders that were used last."""
    for old in sorted(compiled.iterdir(), key=_used, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _used(folder: Path) -> float:
    """When a folder was used last; long ago where another process has removed it meanwhile."""
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
