"""A further service of an application, on this or another host: its own workers and spools, another's snapshots."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from afield.application import Application
from afield.control.plane import Plane
from afield.control.terms import Places, Terms, configured
from afield.errors import ServingError, UsageError
from afield.home import Home
from afield.store.snapshots import Follower

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Beside(Protocol):
    """Brings what the workers follow, and takes what they recorded away, where that does not happen by itself."""

    def start(self) -> None:
        """Bring what there is, and go on in threads of its own.

        Raises:
            ServingError: what is there must not be followed from here.
        """
        ...

    def stop(self) -> None:
        """Take what the workers left, as far as that goes, and end."""
        ...


class Nothing:
    """Nothing needs to be brought: both hosts see the same folder."""

    def start(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Joining:
    """What a service follows that joins another, and where it keeps what is its own.

    Attributes:
        home: whose tokens and keys count.
        places: what its workers follow, and where they leave what they accept.
        folder: its configuration, counters and log.
        where: what it joined, for people.
        beside: works beside its workers.
    """

    home: Home
    places: Places
    folder: Path
    where: str
    beside: Beside


@contextmanager
def joined(service: "Joined") -> Iterator["Joined"]:
    """A service that has joined and answers; it is drained at the end, and what it accepted is left to be delivered.

    Raises:
        ServingError: nothing was published there yet, or the workers do not start.
    """
    try:
        service.start()
        yield service
    finally:
        service.stop()


def by_folder(application: Application, root: Path, shared: Path, terms: Terms, name: str) -> Joining:
    """Joining a home that several hosts share: its snapshots and releases are followed, its supervisor delivers.

    Args:
        application: what is served.
        root: this host's own home: counters, configuration and log.
        shared: the home in which another service publishes.
        terms: how this one is run.
        name: of this service among those that joined; from the host and the port where "".

    Raises:
        UsageError: the name is none.
    """
    chosen, home = chosen_name(name, terms.port), Home.of(shared, application)
    folder = Home.of(root, application).folder / "joined" / chosen
    places = Places(
        snapshots=home.snapshots,
        bundles=home.bundles,
        spools=home.joined / chosen,
        counts=folder / "counts",
        heartbeat=home.heartbeat,
    )
    return Joining(home, places, folder, str(home.folder), Nothing())


class Joined:
    """Workers without a supervisor of their own.

    They follow the snapshots and releases that another service publishes, and append to spools of their own, which the
    one supervisor of that service delivers: also when this service is gone.
    """

    def __init__(self, application: Application, joining: Joining, terms: Terms, tell: Callable[[str], None]) -> None:
        """Prepare to serve `application` on these terms; `tell` is told what happens."""
        self._called, self._tell = application.called, tell
        self._joining = joining
        self._stop = threading.Event()
        self.url = f"http://{terms.address}:{terms.port}"
        self._plane = Plane(configured(application, joining.home, terms, joining.places), joining.folder, tell)

    def start(self) -> None:
        """Start the workers, and return once one answers."""
        self._joining.beside.start()
        published = Follower(self._joining.places.snapshots)
        published.refresh()
        if published.control is None:
            raise ServingError(
                f"{self._joining.where}: no service has published anything there yet; start that one first, "
                f"with the same application and options: afield serve {self._called}"
            )
        health = self._plane.start()
        if not health.ready:
            self._tell(f"it does not answer yet: {health.problem}")

    def supervise(self) -> None:
        """Keep the workers until `ask_to_stop`, in this thread."""
        self._plane.keep(self._stop)

    def ask_to_stop(self) -> None:
        """Let `supervise` come to its end."""
        self._stop.set()

    def stop(self) -> None:
        """Drain and stop the workers; their spools are sealed, for the supervisor to deliver."""
        self._stop.set()
        self._plane.stop()
        self._joining.beside.stop()


def chosen_name(name: str, port: int) -> str:
    """The name of a service among those that joined; one that stays the same on this host where none was given.

    Raises:
        UsageError: it is none.
    """
    host = re.sub(r"[^a-z0-9_-]", "-", socket.gethostname().lower()).strip("-_")[:48] or "host"
    chosen = name or f"{host}-{port}"
    if not NAME.fullmatch(chosen):
        raise UsageError(f"--as {name}: a service's name has 1 to 64 of a-z, 0-9, _ and -, none of _- first")
    return chosen
