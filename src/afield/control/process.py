"""A whole service in a process of its own, for whoever plays its clients: a demonstration, a drill, a test."""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from afield.application import load
from afield.control.office import open_office
from afield.control.service import Terms, running
from afield.errors import AfieldError, ServingError

PATIENCE = 60.0
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Running:
    """A service that answers.

    Attributes:
        url: where clients find it.
        process: the supervisor; its workers are its children.
    """

    url: str
    process: BaseProcess

    def alive(self) -> None:
        """Return while the supervisor lives.

        Raises:
            ServingError: it ended; what it said stands on stderr.
        """
        if not self.process.is_alive():
            raise ServingError(f"the supervisor ended with exit code {self.process.exitcode}; see its last lines above")


@contextmanager
def serving(
    name: str, options: Mapping[str, str], root: Path, terms: Terms, tell: Callable[[str], None]
) -> Iterator[Running]:
    """A service of the application `name` under `root`; stopped in order at the end.

    Args:
        name: of the application, as `load` takes it.
        options: the application's options.
        root: the home under which its state lies.
        terms: how it is run.
        tell: is told what happens; a module's function, for it is sent to the process.

    Raises:
        ServingError: it did not start.
    """
    here, there = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_serve, args=(name, dict(options), root, terms, tell, there), name="supervisor")
    process.start()
    there.close()
    try:
        if not here.poll(PATIENCE):
            raise ServingError(f"the service did not start within {PATIENCE:g} s")
        yield Running(here.recv(), process)
    except EOFError as error:
        raise ServingError("the service did not start; see its last lines above") from error
    finally:
        if process.is_alive() and process.pid is not None:
            process.terminate()
        process.join()
        here.close()


def _serve(
    name: str, options: dict[str, str], root: Path, terms: Terms, tell: Callable[[str], None], ready: Connection
) -> None:
    """Serve in this process until SIGTERM; what fails is told, and ends the process."""
    try:
        office = open_office(load(name, options), root, tell)
        with running(office, terms) as service:
            signal.signal(signal.SIGTERM, lambda _number, _frame: service.ask_to_stop())
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            ready.send(service.url)
            service.supervise()
    except AfieldError as error:
        tell(str(error))
        sys.exit(1)
