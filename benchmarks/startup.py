"""How long starting takes: importing Afield against a bare interpreter, `--help` against importing its parser.

And a service, from the start of its process to its first answer over HTTP, against a Granian that says hello.
"""

import subprocess
import sys
from statistics import median
from time import perf_counter

from benchmarks.measure import Result, in_turn, show
from benchmarks.services import afield_service, first_answer, hello_service, resident

ROUNDS, SERVICE_ROUNDS = 15, 5
BARE = "bare Granian hello"
START, MEMORY = 0.6, 110


def main() -> None:
    """Measure and print."""
    show(
        [
            _started("import afield", "pass"),
            _started("from afield.cli import run, VERBS; run(['--help'], VERBS)", PARSER),
            *_service(),
        ]
    )


PARSER = "import cyclopts, rich.console, rich.table"


def _started(ours: str, theirs: str) -> Result:
    first, second = in_turn(lambda: _python(ours), lambda: _python(theirs), ROUNDS)
    name = "afield --help" if "--help" in ours else ours
    return Result(name, first, "s", "a bare interpreter" if theirs == "pass" else theirs, first / second)


def _python(program: str) -> None:
    command = [sys.executable, "-c", program]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own interpreter and programs


def _service() -> list[Result]:
    """A worker's start to its first answer, and its memory after five hundred."""
    starts: dict[str, list[float]] = {"ours": [], "hello": []}
    memory: dict[str, float] = {}
    for _ in range(SERVICE_ROUNDS):
        for name, service in (("ours", afield_service), ("hello", hello_service)):
            started = perf_counter()
            with service() as (target, process):
                starts[name].append(perf_counter() - started - target.prepared)
                for _ in range(500):
                    first_answer(target)
                memory[name] = resident(process.pid)
    start, hello = median(starts["ours"]), median(starts["hello"])
    return [
        Result("worker to first answer", start, "s", BARE, start / hello, f"<= {START} s", start <= START),
        Result(
            "worker's resident memory",
            memory["ours"],
            "MB",
            BARE,
            memory["ours"] / memory["hello"],
            f"<= {MEMORY} MB",
            memory["ours"] <= MEMORY,
        ),
    ]


if __name__ == "__main__":
    main()
