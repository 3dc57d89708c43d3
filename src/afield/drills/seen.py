"""What a drill is, and what it found."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from afield.drills.rig import Rig


class Drilled(msgspec.Struct, frozen=True):
    """What a drill found.

    Attributes:
        hazard: the row of the register that it is about.
        fault: what was done.
        expected: what should be seen.
        observed: what was seen.
        seconds: how long it took, wall time.
        passed: whether they agree.
    """

    hazard: str
    fault: str
    expected: str
    observed: str
    seconds: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What a drill saw, in words, and whether it is what was expected."""

    observed: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Drill:
    """A fault, what should be seen then, and who puts it in and looks.

    Attributes:
        fault: what is done, in words; `{asked}` stands for what clients ask for.
        expected: what should be seen, in words, likewise.
        run: does it.
    """

    fault: str
    expected: str
    run: Callable[[Rig], Seen]
