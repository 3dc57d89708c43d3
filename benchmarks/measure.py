"""Measuring two things in turn, and one line a result; every benchmark uses it."""

import shlex
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter

import msgspec

from afield.data.fingerprint import fingerprint

ENDS = ("low", "high")
ROOT = Path(__file__).resolve().parents[1]
CODE = ("src", "apps", "benchmarks")


@dataclass(frozen=True, slots=True)
class Result:
    """One measured number beside its baseline.

    Attributes:
        name: what was measured.
        value: in `unit`; the median of the rounds.
        unit: of the value: s, MB, 1/s.
        against: the baseline's name.
        ratio: value over the baseline's, or null where the baseline could not be measured.
        goal: what the ratio or the value should reach, in words, or null.
        met: whether it does, or null where no goal is set.
        low, high: ends of the 95 % interval of the ratio, or of the value where there is no ratio; null where it has
            none.
    """

    name: str
    value: float
    unit: str
    against: str
    ratio: float | None
    goal: str | None = None
    met: bool | None = None
    low: float | None = None
    high: float | None = None


def in_turn(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of both, run A B A B … so that what slows the machine slows both."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for run, times in zip((ours, theirs), seconds, strict=True):
            started = perf_counter()
            run()
            times.append(perf_counter() - started)
    return median(seconds[0]), median(seconds[1])


def show(results: Iterable[Result], data: str = "") -> None:
    """One line a result: text, or with `--json` an object; each says what made it, and from which data.

    Args:
        results: what was measured.
        data: version of the data: the fingerprint of the source; left out where the code makes them.
    """
    command, version = _command(), data or f"made by code {_code()}"
    for result in results:
        within = "" if result.low is None or result.high is None else f" ({result.low:.4f} to {result.high:.4f})"
        if "--json" in sys.argv:
            told = asdict(result)
            kept = {key: told[key] for key in told if within or key not in ENDS}
            line = msgspec.json.encode(kept | {"command": command, "data": version, "code": _code()}).decode()
        else:
            ratio = "" if result.ratio is None else f": ratio {result.ratio:.3f}"
            beside = f"{result.against}{ratio or ('' if within else ': not measured')}{within}"
            goal = "" if result.goal is None else f"; goal {result.goal}: {'met' if result.met else 'NOT met'}"
            line = f"{result.name}: {result.value:.4g} {result.unit}; {beside}{goal}"
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    if "--json" not in sys.argv:
        sys.stdout.write(f"  {command}; data {version}; code {_code()}\n")
        sys.stdout.flush()


def _command() -> str:
    """What was typed, whether the file was named or the module."""
    return shlex.join(["python", "-m", f"benchmarks.{Path(sys.argv[0]).stem}", *sys.argv[1:]])


@cache
def _code() -> str:
    """The digest of all code that a benchmark may run."""
    return fingerprint(path for each in CODE for path in (ROOT / each).rglob("*.py") if "tests" not in path.parts)[:12]
