"""How long starting takes: importing Afield against a bare interpreter, `--help` against importing its parser."""

import subprocess
import sys

from benchmarks.measure import Result, in_turn, show

ROUNDS = 15


def main() -> None:
    """Measure and print."""
    show(
        [
            _started("import afield", "pass"),
            _started("from afield.cli import run, VERBS; run(['--help'], VERBS)", PARSER),
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


if __name__ == "__main__":
    main()
