"""Which outcomes an application expects: how late, between which bounds, and from whom they are only a proxy."""

import math
from dataclasses import dataclass
from datetime import timedelta

from afield.errors import TelemetryError


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What outcomes are to be like.

    Attributes:
        window: from the tick that an outcome answers; one known later is late, and one that is not known by then is
            not expected any more. None: that is not known.
        low, high: bounds of what is possible; a value outside them is set aside.
        proxies: sources that stand in for the truth until it is known. Numbers that rest on them say so, and where the
            truth comes it counts instead.
    """

    window: timedelta | None = None
    low: float = -math.inf
    high: float = math.inf
    proxies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no outcome could be like."""
        if self.window is not None and self.window <= timedelta(0):
            raise TelemetryError(f"outcomes are expected within {self.window}; give a length above 0")
        if not self.low < self.high:
            raise TelemetryError(f"outcomes between {self.low} and {self.high}: the first bound must be the lower")


ANY = Expectation()
"""Nothing is known of the outcomes to come."""
