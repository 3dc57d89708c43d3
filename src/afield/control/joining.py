"""A further service of an application, on this or another host: its own workers and spools, another's snapshots."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from afield.application import Application
from afield.control.plane import Plane
from afield.control.terms import Places, Terms, configured
from afield.errors import ServingError, UsageError
from afield.home import Home
from afield.store.snapshots import Follower

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@contextmanager
def joined(
    application: Application, root: Path, shared: Path, terms: Terms, name: str, tell: Callable[[str], None]
) -> Iterator["Joined"]:
    """A service that has joined and answers; it is drained at the end, and what it accepted is left in the share.

    Raises:
        ServingError: nothing was published there yet, or the workers do not start.
        UsageError: the name is none.
    """
    service = Joined(application, root, shared, terms, name, tell)
    try:
        service.start()
        yield service
    finally:
        service.stop()


class Joined:
    """Workers without a supervisor of their own.

    They follow the snapshots and releases of a home that several hosts share, and append to spools of their own
    there, which the one supervisor of that home delivers: also when this service is gone.
    """

    def __init__(
        self,
        application: Application,
        root: Path,
        shared: Path,
        terms: Terms,
        name: str,
        tell: Callable[[str], None],
    ) -> None:
        """Prepare to join.

        Args:
            application: what is served.
            root: this host's own home: counters, configuration and log.
            shared: the home in which another service publishes.
            terms: how this one is run.
            name: of this service among those that joined; from the host and the port where "".
            tell: is told what happens.
        """
        self._called, self._tell = application.called, tell
        self._home, own = Home.of(shared, application), Home.of(root, application)
        self._stop = threading.Event()
        chosen = name or _named(terms.port)
        if not NAME.fullmatch(chosen):
            raise UsageError(f"--as {name}: a service's name has 1 to 64 of a-z, 0-9, _ and -, none of _- first")
        self.url = f"http://{terms.address}:{terms.port}"
        folder = own.folder / "joined" / chosen
        places = Places(
            snapshots=self._home.snapshots,
            bundles=self._home.bundles,
            spools=self._home.joined / chosen,
            counts=folder / "counts",
            heartbeat=self._home.folder / "supervisor.alive",
        )
        self._plane = Plane(configured(application, self._home, terms, places), folder, tell)

    def start(self) -> None:
        """Start the workers, and return once one answers."""
        published = Follower(self._home.snapshots)
        published.refresh()
        if published.control is None:
            raise ServingError(
                f"{self._home.folder}: no service has published anything there yet; start that one first, "
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


def _named(port: int) -> str:
    """A name that stays the same when this service is started again on this host."""
    host = re.sub(r"[^a-z0-9_-]", "-", socket.gethostname().lower()).strip("-_")[:48] or "host"
    return f"{host}-{port}"
