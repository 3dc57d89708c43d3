"""The crew keeps its workers; they are real processes that do nothing."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAM = textwrap.dedent(
    """
    import os, signal, sys, time
    from pathlib import Path
    from afield.serving import crew
    from afield.serving.crew import HEARD, Crew
    from afield.serving.scaling import Bounds, Scaling

    folder, how, fewest, most = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    crew.LOOK_EVERY, crew.PROVEN, crew.DRAIN = 0.02, 0.2, 1.0

    def start():
        process = os.fork()
        if process:
            (folder / f"worker-{process}").touch()
            return process
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
        if how == "gives up":
            os._exit(3)
        if how == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, lambda *_: (folder / f"let-go-{os.getpid()}").touch())
        while True:
            signal.pause()

    def busy(processes):
        share = float((folder / "load").read_text())
        return {process: share for process in processes}

    def tell(said):
        print(said, flush=True)

    signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    kept = Crew(start, Scaling(Bounds(fewest, most, soon=0.05, late=0.05)), busy, tell)
    try:
        kept.run()
    except Exception as error:
        print("failed:", error, flush=True)
    finally:
        kept.stop()
    print("stopped", flush=True)
    """
)


class Keeper:
    """A crew in a process of its own."""

    def __init__(self, folder: Path, how: str, fewest: int, most: int) -> None:
        self.folder = folder
        self.load(0.6)
        command = [sys.executable, "-c", PROGRAM, str(folder), how, str(fewest), str(most)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def load(self, share: float) -> None:
        draft = self.folder / ".load"
        draft.write_text(str(share))
        draft.rename(self.folder / "load")

    @property
    def workers(self) -> list[int]:
        """The workers that live, in the order of their numbers."""
        started = sorted(int(file.name.partition("-")[2]) for file in self.folder.glob("worker-*"))
        return [process for process in started if lives(process)]

    def stop(self) -> list[str]:
        """End it; what it said."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.communicate(timeout=20)[0].splitlines()


def lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(holds: Callable[[], bool], patience: float = 20.0) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Callable[..., Keeper]]:
    kept: list[Keeper] = []

    def keeper(how: str = "waits", fewest: int = 1, most: int = 1) -> Keeper:
        kept.append(Keeper(tmp_path, how, fewest, most))
        return kept[-1]

    yield keeper
    for each in kept:
        each.stop()


def test_workers_come_with_the_load_and_leave_with_it(keep: Callable[..., Keeper]) -> None:
    crew = keep(fewest=1, most=3)
    until(lambda: len(crew.workers) == 1)
    first = crew.workers
    crew.load(0.9)
    until(lambda: len(crew.workers) == 3)
    until(lambda: (crew.folder / f"let-go-{first[0]}").exists())
    crew.load(0.0)
    until(lambda: crew.workers == first)
    said = crew.stop()
    assert said[:2] == ["workers: 2, for 1 are busy", "workers: 3, for 2 are busy"]
    assert said[2:] == ["workers: 2, for they have little to do", "workers: 1, for they have little to do", "stopped"]


def test_a_worker_that_was_killed_is_replaced_and_the_others_stay(keep: Callable[..., Keeper]) -> None:
    crew = keep(fewest=2, most=2)
    until(lambda: len(crew.workers) == 2)
    killed, other = crew.workers
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(crew.workers) == 2 and killed not in crew.workers)
    assert other in crew.workers
    assert f"worker {killed} ended (SIGKILL); another takes its place" in crew.stop()
    assert crew.workers == []


def test_where_the_first_workers_give_up_the_crew_does_and_says_so(keep: Callable[..., Keeper]) -> None:
    crew = keep("gives up", fewest=2, most=2)
    crew.process.wait(20)
    assert crew.stop() == ["failed: a worker gave up; it said why", "stopped"]


def test_a_worker_that_does_not_leave_is_ended_by_force(keep: Callable[..., Keeper]) -> None:
    crew = keep("stubborn")
    until(lambda: len(crew.workers) == 1)
    assert crew.stop()[-1] == "stopped"
    assert crew.workers == []
