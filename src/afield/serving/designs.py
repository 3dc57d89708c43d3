"""What an application declares of the cached and the hybrid design, stated as it is used."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from afield.records.traffic import Answer, Query
from afield.serving.product import Observation

CELL_HOLDS = 8
DAY = timedelta(days=1)


class Recall(Protocol):
    """Tells whether a request shows what was seen before, where requests bring their own input."""

    def cell(self, query: Query, /) -> str:
        """Where the request is of; only what is known there is compared. "" where that is not told: nothing is."""
        ...

    def print(self, query: Query, /) -> bytes:
        """What is compared of the input, and kept beside what was found in it.

        Enough to compare by; treat it as the input itself.

        Raises:
            RequestError: the input cannot be read.
        """
        ...

    def same(self, known: bytes, asked: bytes, /) -> bool:
        """Whether two fingerprints are of the same thing."""
        ...

    def write(self, found: Observation, asked: bytes, /) -> bytes:
        """What was found in the input of this fingerprint, as it is kept; b"" where it should not be."""
        ...

    def read(self, content: bytes, /) -> Observation:
        """What `write` wrote.

        Raises:
            ValueError: it wrote no such thing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is made before it is asked for, and how long it may be used.

    Attributes:
        slots: for how many slots, from the tick on, every key is answered ahead; 0: only what was asked is kept.
        fresh: age from which a kept answer is not used: of its facts, or of what was seen in an input; None: that of
            the slots ahead, or a day where inputs are known again.
        recall: tells known inputs, where requests bring their own.
    """

    slots: int = 4
    fresh: timedelta | None = None
    recall: Recall | None = None

    def lasts(self, step: timedelta) -> timedelta:
        """Age until which a kept answer is used; `step`: length of a slot."""
        return self.fresh or (DAY if self.recall else max(1, self.slots) * step)


@dataclass(frozen=True, slots=True)
class Ask:
    """When the hybrid design asks beyond the device, and what it makes of two answers.

    Attributes:
        doubts: the device's answer → why another should be asked, or "" where it stands. Not asked of answers that
            needed a fallback: those are doubted by the design.
        oldest: age of the facts, seconds, from which another is asked; None: their age is no reason.
        deadline: seconds that the other has; then the device's answer stands.
        merge: the device's answer and the other's → the answer; by default the other's.
    """

    doubts: Callable[[Answer], str] = lambda _: ""
    oldest: float | None = None
    deadline: float = 0.5
    merge: Callable[[Answer, Answer], Answer] = lambda _, other: other
