"""Many means tested at once: how far the farthest of them may lie from zero by chance."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError

Floats = NDArray[np.float64]

SHARE = 0.25
"""A draw's variance counts as this share of that of all blocks at least."""
FEWEST = 8
"""Below so many blocks no resampling tells chance from effect."""


class Simultaneous:
    """The distribution of the highest and lowest of many t statistics, by a block bootstrap of all of them together.

    Statistics are added in lots, so that a hundred thousand of them need no more memory than a lot. Blocks are drawn
    alike for all, so what statistics share is kept: the bound is no wider than their number really asks for. Each draw
    is studentised anew, which keeps skewed losses honest; and a statistic's variance is at least what is known of it
    beforehand, for rare events that did not happen look like no variance at all. The two sides have a bound each,
    for the t statistic of a skewed sum reaches much farther to one side than to the other.

    Source: Romano and Wolf, "Exact and approximate stepdown methods for multiple hypothesis testing", JASA 100 (2005),
    the first step; Westfall and Young, Resampling-based Multiple Testing (1993).
    """

    def __init__(self, blocks: int, *, resamples: int = 1000, seed: int = 0) -> None:
        """Start with no statistic.

        Args:
            blocks: how many blocks each statistic is a sum over.
            resamples: bootstrap draws.
            seed: of the draws.

        Raises:
            EvaluationError: fewer than eight blocks.
        """
        if blocks < FEWEST:
            raise EvaluationError(f"{blocks} blocks: {FEWEST} at least are needed to tell chance from effect")
        chances = np.full(blocks, 1.0 / blocks)
        self._weights = np.random.default_rng(seed).multinomial(blocks, chances, size=resamples).astype(np.float64)
        self._highest = np.zeros(resamples)
        self._lowest = np.zeros(resamples)
        self.tested = 0

    def add(self, sums: ArrayLike, least: ArrayLike = 0.0, *, two_sided: bool = True) -> tuple[Floats, Floats]:
        """The t statistic and the standard error of each total, which count from now on.

        Args:
            sums: what each block adds to each total, shape `(blocks, statistics)`; expected to add up to 0.
            least: the smallest variance that each total can have, a number or of shape `(statistics,)`.
            two_sided: whether a total far below 0 counts too, or one far above alone.

        Raises:
            EvaluationError: the shape is another, or a value is not finite.
        """
        values = np.asarray(sums, np.float64)
        blocks = self._weights.shape[1]
        if values.ndim != 2 or len(values) != blocks:
            raise EvaluationError(f"sums of shape {values.shape}; {blocks} blocks × statistics are expected")
        if not np.isfinite(values).all():
            raise EvaluationError("a sum of a block is not finite; leave such rows out and count them")
        totals = values.sum(axis=0)
        centred = values - totals / blocks
        correction = blocks / (blocks - 1)
        floor = np.maximum(np.asarray(least, np.float64), 0.0)
        error = np.sqrt(np.maximum(correction * np.square(centred).sum(axis=0), floor))
        drawn = self._weights @ centred
        spread = correction * (self._weights @ np.square(centred) - np.square(drawn) / blocks)
        # A draw that misses the one block that matters would seem to be sure of everything.
        spread = np.maximum(spread, np.maximum(floor, SHARE * np.square(error)))
        ratios = np.divide(drawn, np.sqrt(spread), out=np.zeros_like(drawn), where=error > 0)
        if values.shape[1]:
            np.maximum(self._highest, ratios.max(axis=1), out=self._highest)
            if two_sided:
                np.minimum(self._lowest, ratios.min(axis=1), out=self._lowest)
        self.tested += values.shape[1]
        return np.divide(totals, error, out=np.zeros_like(totals), where=error > 0), error

    def adjusted(self, statistics: ArrayLike) -> Floats:
        """The chance that any statistic lies as far out as each of these where there is no effect at all."""
        given = np.asarray(statistics, np.float64)
        draws = self._highest.size
        above = draws - np.searchsorted(np.sort(self._highest), given, side="left")
        below = np.searchsorted(np.sort(self._lowest), given, side="right")
        chances: Floats = np.minimum(2 * (np.where(given >= 0, above, below) + 1.0) / (draws + 1.0), 1.0)
        return chances

    def bounds(self, alpha: float = 0.05) -> tuple[float, float]:
        """What the lowest and the highest statistic overstep, each with chance `alpha / 2`, where there is no effect.

        Raises:
            EvaluationError: `alpha` lies outside (0, 1), or is too small for the number of draws.
        """
        allowed = int(alpha / 2 * (self._highest.size + 1)) if 0 < alpha < 1 else 0
        if allowed < 1:
            raise EvaluationError(f"alpha {alpha} cannot be kept with {self._highest.size} draws; take more of them")
        return float(np.sort(self._lowest)[allowed - 1]), float(np.sort(self._highest)[-allowed])
