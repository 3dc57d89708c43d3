"""Material: which rows a model is trained on, by their age."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from afield.errors import UsageError


@dataclass(frozen=True, slots=True)
class Material:
    """Rows to train on: all of the newest, and of the older ones a share.

    Rows that fade out with their age instead are a setting of recipes: `half_life`.

    Attributes:
        newest: age up to which every row is taken; None: whatever its age.
        older: share of the moments before that whose rows are taken too, in [0, 1).
    """

    newest: timedelta | None = None
    older: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what takes nothing, or says the same in two ways.

        Raises:
            UsageError: names the field, and what it may be.
        """
        if self.newest is None and self.older:
            raise UsageError(f"Material(older={self.older}): where every age is taken nothing is older; give newest")
        if not 0 <= self.older < 1 or (self.newest is not None and self.newest <= timedelta(0)):
            raise UsageError(
                f"Material(newest={self.newest}, older={self.older}): give a positive age, and a share in [0, 1)"
            )

    @property
    def name(self) -> str:
        """The material in words."""
        if self.newest is None:
            return "everything"
        days = f"the newest {self.newest / timedelta(days=1):g} days"
        return f"{days} and {self.older:.0%} of the older moments" if self.older else days

    def of(self, rows: pl.LazyFrame, origin: str, end: datetime, seed: int) -> pl.LazyFrame:
        """Those of `rows` that are taken at the moment `end`, in their order.

        Older rows are drawn by moments, so that what happened at one stays together.

        Args:
            rows: examples, of any columns.
            origin: the column of their moment.
            end: from when their age counts.
            seed: of the draw.
        """
        if self.newest is None:
            return rows
        border = end - self.newest
        if not self.older:
            return rows.filter(pl.col(origin) >= border)
        old = rows.filter(pl.col(origin) < border).select(pl.col(origin).unique().sort()).collect().to_series()
        drawn = old.filter(pl.Series(np.random.default_rng(seed).random(old.len()) < self.older))
        return rows.filter((pl.col(origin) >= border) | pl.col(origin).is_in(drawn.implode()))


EVERYTHING = Material()
