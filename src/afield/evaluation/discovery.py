"""Slices discovered: where a model does worse or is off, with a correction for the number of places looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import EvaluationError
from afield.evaluation.cuts import Cut, code, crossed, cut, words
from afield.evaluation.metrics import TRUTH, check
from afield.records.evidence import Estimate, Interval
from afield.statistics.losses import LOSSES, Loss
from afield.statistics.simultaneous import FEWEST, Simultaneous

Floats = NDArray[np.float64]
Measure = Literal["calibration", "loss"]

DAY = timedelta(days=1)
MODEL = "forecast"
ROWS, BLOCKS = 50, 5
LEAST = 25.0
"""Where the spread of independent rows alone makes a slice's measure uncertain by more than a fifth, nothing can be
seen; and a few rare events would only raise the bound for all."""
LIMIT = 1_000_000
AT_ONCE = 2_000
KEPT = 50
PARTS = (MODEL, TRUTH, "lost", "held")
MEASURES: tuple[tuple[Measure, str, str], ...] = (("calibration", TRUTH, MODEL), ("loss", "lost", "held"))
"""A measure is one sum over another. Forecasts may be too high or too low; a loss is looked at for being high."""


class Discovered(msgspec.Struct, frozen=True):
    """A slice that differs from all rows beyond chance.

    Attributes:
        slice: what its rows have in common, e.g. `hour_of_day = 7, precipitation > 1.2`.
        measure: `calibration` (sum of truths over sum of forecasts) or `loss`.
        rows: how many rows it holds.
        value: the measure in the slice.
        overall: the measure on all rows.
        difference: the first minus the second. Its interval holds for all slices that were looked at together.
        chance: that any slice would differ as much where none does.
    """

    slice: str
    measure: Measure
    rows: int
    value: float
    overall: float
    difference: Estimate
    chance: float


class Discovery(msgspec.Struct, frozen=True):
    """What a search for slices found.

    Attributes:
        columns: that slices were made of, alone and in pairs.
        against: the rival whose loss the model's is divided by, or "" where it stands alone.
        tested: slices × measures that were looked at.
        screened: slices × measures too small to be looked at.
        blocks: stretches of time behind the intervals.
        alpha: the chance of naming any slice where none differs is at most that.
        named: how many differ.
        found: the surest of them first, at most fifty.
        note: why nothing was looked at, or "".
    """

    columns: tuple[str, ...]
    against: str
    tested: int
    screened: int
    blocks: int
    alpha: float
    named: int
    found: tuple[Discovered, ...] = ()
    note: str = ""


def discover(
    frame: pl.DataFrame,
    columns: Sequence[str],
    *,
    rival: str = "",
    loss: Loss = "poisson_deviance",
    alpha: float = 0.05,
    block: timedelta = DAY,
    resamples: int = 1000,
    seed: int = 0,
) -> Discovery:
    """The slices of one column, or of two together, where the model is off, or loses more, than over all rows.

    Calibration is the sum of truths over that of forecasts. Loss is the model's over the rival's, so that busy places
    are not named for being busy; without a rival it is the mean. A slice is named where its difference from all rows
    exceeds what the largest of all differences reaches by chance (see `afield.statistics.simultaneous`), so the
    chance of naming any slice where none differs is at most `alpha`, however many were looked at. Slices of fewer
    than 50 rows or 5 blocks, or whose measure is too uncertain to show anything, are not looked at but counted.

    Source: Chung et al., "Slice Finder: automated data slicing for model validation", ICDE (2019), for the search.

    Args:
        frame: columns `truth`, `forecast`, `tick` (Datetime), those of the slices, and the rival's forecast.
        columns: what slices are made of (see `afield.evaluation.cuts`).
        rival: name of a column of forecasts, or "".
        loss: whose mean is looked at.
        alpha: the chance of naming any slice where none differs.
        block: stretch of time that is drawn as a whole.
        resamples: bootstrap draws.
        seed: of the draws.

    Raises:
        EvaluationError: a column is missing or holds what makes no slices, a number is not finite, or more than a
            million slices are large enough to be looked at.
    """
    check(frame, [TRUTH, MODEL, *([rival] if rival else [])], ["tick", *columns])
    cuts = [cut(frame[name]) for name in dict.fromkeys(columns)]
    sums = _sums(frame, cuts, rival, loss, block)
    whole = sums.group_by("block").agg(pl.col(PARTS).sum()).sort("block")
    empty = Discovery(tuple(each.name for each in cuts), rival, 0, 0, whole.height, alpha, 0)
    if whole.height < FEWEST:
        return msgspec.structs.replace(empty, note=f"{whole.height} blocks of time; it takes {FEWEST} to tell chance")
    search = _Search(sums, whole, Simultaneous(whole.height, resamples=resamples, seed=seed))
    seen = 0
    for chosen, groups in _grouped(sums, cuts):
        sizes = groups.group_by("code").agg(pl.col("rows").sum(), blocks=pl.len())
        large = sizes.filter(pl.col("rows") >= ROWS, pl.col("blocks") >= BLOCKS).sort("code")
        search.screened += len(MEASURES) * (sizes.height - large.height)
        seen += large.height
        if seen > LIMIT:
            raise EvaluationError(
                f"more than {LIMIT:,} slices to look at, with {words(chosen, 0)} still to come; give fewer columns, "
                "or such of fewer values"
            )
        for some in large.iter_slices(AT_ONCE):
            search.look(chosen, groups, some)
    named = search.named(alpha)
    return msgspec.structs.replace(
        empty, tested=search.test.tested, screened=search.screened, named=len(named), found=tuple(named[:KEPT])
    )


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was looked at in one lot: slices of some columns, by one measure."""

    cuts: tuple[Cut, ...]
    codes: NDArray[np.int64]
    rows: NDArray[np.int64]
    measure: Measure
    values: Floats
    weights: Floats
    statistics: Floats
    errors: Floats


class _Search:
    """The slices looked at so far, and the bound that comes of their number."""

    def __init__(self, sums: pl.DataFrame, whole: pl.DataFrame, test: Simultaneous) -> None:
        """Start from the rows, and from their sums by block."""
        self.test = test
        self._whole = {part: whole[part].to_numpy() for part in PARTS}
        self._variance = {measure: self._of_rows(sums, measure) for measure, _, _ in MEASURES}
        self._seen: list[_Looked] = []
        self.screened = 0

    def look(self, chosen: tuple[Cut, ...], groups: pl.DataFrame, some: pl.DataFrame) -> None:
        """Look at the slices `some` (columns `code`, `rows`), whose sums by block are among `groups`."""
        codes, rows = some["code"].to_numpy(), some["rows"].to_numpy()
        theirs = groups.filter(pl.col("code").is_between(int(codes[0]), int(codes[-1])))
        theirs = theirs.join(some.select("code"), on="code", how="semi")
        place, block = np.searchsorted(codes, theirs["code"].to_numpy()), theirs["block"].to_numpy()
        sums = {}
        for part in PARTS:
            sums[part] = np.zeros((len(self._whole[part]), len(codes)))
            sums[part][block, place] = theirs[part].to_numpy()
        for measure, top, bottom in MEASURES:
            self._measure(measure, chosen, codes, rows, sums[top], sums[bottom])

    def _measure(
        self,
        measure: Measure,
        chosen: tuple[Cut, ...],
        codes: NDArray[np.int64],
        rows: NDArray[np.int64],
        top: Floats,
        bottom: Floats,
    ) -> None:
        """Each slice's excess over what the overall ratio expects of it; its spread counts that of the ratio too."""
        weights = bottom.sum(axis=0)
        kept = np.flatnonzero((weights > 0) & (weights >= LEAST * self._variance[measure]))
        self.screened += len(weights) - len(kept)
        overall = self.overall(measure)
        _, above, below = next(each for each in MEASURES if each[0] == measure)
        rest = self._whole[above] - overall * self._whole[below]
        share = weights[kept] / float(self._whole[below].sum())
        excess = top[:, kept] - overall * bottom[:, kept] - rest[:, None] * share
        statistics, errors = self.test.add(excess, weights[kept] * self._variance[measure], two_sided=measure != "loss")
        values = top[:, kept].sum(axis=0) / weights[kept]
        self._seen.append(_Looked(chosen, codes[kept], rows[kept], measure, values, weights[kept], statistics, errors))

    def _of_rows(self, sums: pl.DataFrame, measure: Measure) -> float:
        """Variance of the excess over a unit of what it is expected of, if all rows were independent."""
        _, top, bottom = next(each for each in MEASURES if each[0] == measure)
        excess = pl.col(top) - self.overall(measure) * pl.col(bottom)
        below = float(self._whole[bottom].sum())
        return float(sums.select(excess.pow(2).sum()).item()) / below if below > 0 else 0.0

    def overall(self, measure: Measure) -> float:
        """The measure over all rows."""
        _, top, bottom = next(each for each in MEASURES if each[0] == measure)
        below = float(self._whole[bottom].sum())
        return float(self._whole[top].sum()) / below if below > 0 else 0.0

    def named(self, alpha: float) -> list[Discovered]:
        """The slices beyond the bound, the surest first."""
        if not self.test.tested:
            return []
        low, high = self.test.bounds(alpha)
        found: list[Discovered] = []
        for lot in self._seen:
            chances = self.test.adjusted(lot.statistics)
            beyond = (lot.statistics > high) | ((lot.statistics < low) & (lot.measure != "loss"))
            found += [
                self._describe(lot, int(place), (low, high), alpha, float(chances[place]))
                for place in np.flatnonzero(beyond)
            ]
        return sorted(found, key=lambda each: each.chance)

    def _describe(
        self, lot: _Looked, place: int, bounds: tuple[float, float], alpha: float, chance: float
    ) -> Discovered:
        value, overall, rows = float(lot.values[place]), self.overall(lot.measure), int(lot.rows[place])
        unit = float(lot.errors[place] / lot.weights[place])
        difference, (low, high) = value - overall, bounds
        interval = Interval(difference - high * unit, difference - low * unit, 1 - alpha)
        estimate = Estimate(difference, interval, rows, float(rows))
        return Discovered(words(lot.cuts, int(lot.codes[place])), lot.measure, rows, value, overall, estimate, chance)


def _sums(frame: pl.DataFrame, cuts: Sequence[Cut], rival: str, loss: Loss, block: timedelta) -> pl.DataFrame:
    """Each row's block, codes and what is added up of it."""
    truth = frame[TRUTH].cast(pl.Float64)
    lost = LOSSES[loss](frame[MODEL].to_numpy(), truth.to_numpy())
    held = LOSSES[loss](frame[rival].to_numpy(), truth.to_numpy()) if rival else np.ones_like(lost)
    return pl.DataFrame(
        {
            "block": frame["tick"].dt.truncate(block).rank("dense").cast(pl.Int64) - 1,
            MODEL: frame[MODEL].cast(pl.Float64),
            TRUTH: truth,
            "lost": lost,
            "held": held,
        }
    ).with_columns(each.codes.alias(f"code:{each.name}") for each in cuts)


def _grouped(sums: pl.DataFrame, cuts: Sequence[Cut]) -> Iterator[tuple[tuple[Cut, ...], pl.DataFrame]]:
    """Of each column and each pair of columns: the sums of each block and slice."""
    added = [pl.len().cast(pl.Int64).alias("rows"), pl.col(PARTS).sum()]
    for chosen in crossed(cuts):
        yield chosen, sums.group_by("block", code(chosen).alias("code")).agg(added)
