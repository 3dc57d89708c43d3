"""What an application declares of selection: a labelling budget, and the reasons among which it is shared out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Literal, get_args

from afield.errors import SelectionError

Reason = Literal["random", "uncertain", "disagreeing", "drifted", "rare", "reported"]
REASONS: tuple[Reason, ...] = get_args(Reason)
RANDOM: Reason = "random"
REPORTED: Reason = "reported"
DAY = timedelta(days=1)
USUAL: Mapping[Reason, float] = MappingProxyType({"random": 0.4, "uncertain": 0.6})


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """How many rows people are asked to label, and why these.

    What somebody reported goes first and takes what it needs, up to all but the share of chance; the rest of the
    budget is shared out as declared. Some rows are always drawn by chance alone: they bound the weight of any row, and
    they are where mistakes are found that no score points at.

    Attributes:
        budget: labels a day that people have time for.
        shares: reason → its part of the budget; above 0, together 1, `random` among them.
        groups: columns of the items whose seldom values are rare; needed where `rare` has a share.
        salt: of the draw; differs from those of sampling, canary and untouched share, so that they are independent.
    """

    budget: int
    shares: Mapping[Reason, float] = field(default_factory=lambda: USUAL)
    groups: tuple[str, ...] = ()
    salt: str = "labelling"

    def __post_init__(self) -> None:
        """Refuse a budget that buys nothing and shares that are none."""
        if self.budget < 1:
            raise SelectionError(f"a labelling budget of {self.budget} a day buys nothing; give 1 or more")
        strange = sorted({*self.shares} - {*REASONS} | {REPORTED} & {*self.shares})
        if strange:
            known = ", ".join(each for each in REASONS if each != REPORTED)
            raise SelectionError(
                f"{', '.join(strange)} can be given no share; there is: {known} (what is reported goes first by itself)"
            )
        if not all(share > 0 for share in self.shares.values()) or abs(sum(self.shares.values()) - 1) > 1e-9:
            raise SelectionError(f"shares {dict(self.shares)}: each is above 0, and together they are 1")
        if RANDOM not in self.shares:
            raise SelectionError("no share is drawn by chance; give `random` one, or no estimate stays unbiased")
        if ("rare" in self.shares) != bool(self.groups):
            raise SelectionError("a share of `rare` and the `groups` whose seldom values are rare are given together")

    def count(self, stretch: timedelta) -> int:
        """How many rows a stretch of time may ask about: its part of the day's budget, and one at least.

        >>> Selection(budget=40).count(timedelta(hours=6))
        10
        """
        return max(1, int(self.budget * (stretch / DAY)))
