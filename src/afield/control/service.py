"""A whole service: the workers as a process of their own, and the control room beside them."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from afield.control.controller import Controller
from afield.control.office import Office
from afield.control.plane import Plane
from afield.control.terms import Places, configured
from afield.control.terms import Terms as Terms
from afield.errors import ServingError
from afield.serving.config import Config
from afield.telemetry.claims import Claim, claim

SUPERVISOR = "supervisor"
# Seconds to wait for a supervisor that is about to end.
PATIENCE = 2.0


@contextmanager
def running(office: Office, terms: Terms) -> Iterator["Service"]:
    """A service with its workers answering; both planes are stopped at the end, and nothing accepted is lost.

    Raises:
        ServingError: there is no champion to serve, or the workers do not start.
    """
    service = Service(office, terms)
    try:
        service.start()
        yield service
    finally:
        service.stop()


class Service:
    """Two planes of one application."""

    def __init__(self, office: Office, terms: Terms) -> None:
        """Prepare to serve on these terms."""
        self._office = office
        self._terms = terms
        home = office.home
        self._heartbeat = home.heartbeat
        self._stop = threading.Event()
        self._plane = Plane(self.config, home.folder, office.tell)
        claimed = _claimed(home.telemetry, self._heartbeat, self.url)
        self._controller = Controller(office, terms, claimed)

    @property
    def config(self) -> Config:
        """What the workers are told."""
        home = self._office.home
        places = Places(
            snapshots=home.snapshots,
            bundles=home.bundles,
            spools=home.telemetry.parent,
            counts=home.folder / "counts",
            heartbeat=self._heartbeat,
        )
        return configured(self._office.application, home, self._terms, places)

    @property
    def url(self) -> str:
        """Where clients find the service."""
        return f"http://{self._terms.address}:{self._terms.port}"

    def start(self) -> None:
        """Publish who answers, start the workers, and return once they do."""
        self._controller.begin()
        health = self._plane.start()
        if not health.release:
            name = self._office.application.called
            self._office.tell(
                f"no release can answer: {health.problem}; see what is wrong: afield release verify {name}, "
                f"and build another: afield build {name}"
            )
        self._warn()

    def supervise(self) -> None:
        """Tick until `stop`, in this thread."""
        self._controller.supervise(self._stop, self._check)

    def _warn(self) -> None:
        """Say so where the facts are too old for the model to have a say; requests with their own input need none."""
        office = self._office
        if office.operate.from_input is not None or self._terms.fed:
            return
        newest, now = office.newest(), office.clock.now()
        if not self._terms.by_events and now - newest > office.operate.stale_after:
            office.tell(
                f"the newest fact is of {newest:%Y-%m-%d %H:%M}, and it is {now:%Y-%m-%d %H:%M} there: "
                "until facts arrive at /v1/events, answers come from fallbacks. --live brings generated ones, "
                "--events-clock follows those of `afield replay`"
            )

    def ask_to_stop(self) -> None:
        """Let `supervise` come to its end."""
        self._stop.set()

    def stop(self) -> None:
        """Drain and stop the workers, then deliver what was recorded."""
        self._stop.set()
        self._plane.stop()
        self._controller.stop()

    def _check(self) -> None:
        """Start the workers again where they died."""
        if not self._stop.is_set():
            self._plane.check()


def _claimed(folder: Path, alive: Path, url: str) -> Claim:
    """The right to supervise, noted in the file `alive`; the operating system takes it back when this process ends.

    Raises:
        ServingError: another supervisor lives; says which, where it serves and what to do.
    """
    taken = claim(folder, SUPERVISOR, PATIENCE)
    if taken is None:
        holder = alive.read_text() if alive.is_file() else "another process"
        raise ServingError(
            f"{alive.parent} is served already, by {holder}; use that service, stop it with Ctrl-C or SIGTERM, "
            "or serve another home: AFIELD_HOME names it"
        )
    alive.write_text(f"process {os.getpid()} at {url}")
    return taken
