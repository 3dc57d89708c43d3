"""Ranges: what a number may be, said by its type.

A field that is `Annotated[float, Range(…)]` is a float to whoever computes with it, and a range to whoever checks it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, get_type_hints


@dataclass(frozen=True, slots=True)
class Range:
    """What a number may be.

    Attributes:
        unit: in which it is counted; "" for a share or a mere number.
        least, most: the smallest and the greatest that can be.
        example: one that is common.
    """

    unit: str
    least: float
    most: float
    example: float

    def __contains__(self, value: float) -> bool:
        """Whether a number can be; not-a-number cannot."""
        return self.least <= value <= self.most

    def __str__(self) -> str:
        """The range as a reader expects it: `1 to 1e+09 seconds`."""
        return f"{self.least:g} to {self.most:g} {self.unit}".rstrip()


@cache
def ranges(kind: type) -> dict[str, Range]:
    """The fields of a record that are numbers with a range, by name."""
    hints = get_type_hints(kind, include_extras=True)
    found = ((name, getattr(hint, "__metadata__", ())) for name, hint in hints.items())
    return {name: each for name, told in found for each in told if isinstance(each, Range)}


Share = Annotated[float, Range("", 0.0, 1.0, 0.1)]
Duration = Annotated[float, Range("seconds", 0.0, 1e6, 0.1)]
Latency = Annotated[float, Range("seconds", 1e-6, 1e6, 0.5)]
Rhythm = Annotated[float, Range("seconds", 1.0, 1e9, 900.0)]
"""A mean length of time, or the time from one to the next; below a second nothing is followed."""
Size = Annotated[float, Range("bytes", 0.0, 1e12, 1_000.0)]
Throughput = Annotated[float, Range("bytes a second", 1.0, 1e12, 1e6)]
Rate = Annotated[float, Range("requests a second", 1e-9, 1e6, 5.0)]
Count = Annotated[float, Range("", 1.0, 1e10, 1_000.0)]
Price = Annotated[float, Range("of the currency", 0.0, 1e9, 0.01)]
Energy = Annotated[float, Range("joules", 0.0, 1e9, 5.0)]
Power = Annotated[float, Range("watts", 0.0, 1e6, 2.0)]
Factor = Annotated[float, Range("", 0.0, 1e4, 1.0)]
Speed = Annotated[float, Range("times this machine", 1e-4, 1e4, 0.5)]
