"""What else is asked of forecasts: their intervals in time, slices to discover, and rows that were learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import numpy as np
import polars as pl

from afield.evaluation.classes import Binary, binary
from afield.evaluation.compare import daily_sums, of_slice
from afield.evaluation.costs import Costs, Decision, cheapest, decision
from afield.evaluation.discovery import Discovery, discover
from afield.evaluation.intervals import gaps
from afield.evaluation.metrics import TRUTH, Metrics, check, metrics
from afield.evaluation.predictive import LEVEL, Predictive, predictive
from afield.evaluation.quantiles import column, with_quantiles
from afield.records.evidence import Comparison
from afield.statistics.losses import Loss

MODEL = "forecast"


@dataclass(frozen=True, slots=True)
class Draws:
    """How intervals are made: draws, their seed, the level, and what is drawn as a whole."""

    resamples: int
    seed: int
    level: float
    block: timedelta


class Learned(msgspec.Struct, frozen=True):
    """The model on rows that it was fitted on, beside those that it has not seen.

    Attributes:
        rows: how many learned rows.
        start, end: their first and last tick.
        model: the metrics there.
        gaps: each metric on unseen rows minus that on learned ones, with intervals (see `intervals.gaps`).
    """

    rows: int
    start: datetime
    end: datetime
    model: Metrics
    gaps: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class Questions:
    """What else is asked of forecasts; each is looked at only where it is given.

    Attributes:
        columns: of the frame, that slices are searched among.
        rival: whose loss the model's is held against in that search, where its column is there.
        loss: the loss of that search.
        ends: columns of the lower and the upper end of the model's own predictive interval.
        promised: the chance that the interval promises.
        learned: rows that the model was fitted on, a frame as the one that is evaluated.
        costs: of right and wrong answers, where the forecast is the probability that a truth is 1.
        choosing: rows that the threshold of least cost is chosen on; None: those that are evaluated.
    """

    columns: tuple[str, ...] = ()
    rival: str = ""
    loss: Loss = "poisson_deviance"
    ends: tuple[str, str] | None = None
    promised: float = LEVEL
    learned: pl.DataFrame | None = None
    costs: Costs | None = None
    choosing: pl.DataFrame | None = None


NOTHING_ELSE = Questions()


def held(frame: pl.DataFrame, dispersion: float | None, questions: Questions, draws: Draws) -> Predictive | None:
    """The intervals between the ends that the model gives, else those of its distribution.

    Rows of which the model knows nothing have no ends and are left out. None without ends and distribution, or below
    two blocks.

    Raises:
        EvaluationError: as `predictive`.
    """
    if questions.ends is None and dispersion is None:
        return None
    levels = ((1 - questions.promised) / 2, (1 + questions.promised) / 2)
    ends = questions.ends or (column(levels[0]), column(levels[1]))
    ranged = frame if questions.ends or dispersion is None else with_quantiles(frame, dispersion, levels)
    known = ranged.filter(pl.all_horizontal(pl.col(ends).is_finite()))
    if known["tick"].dt.truncate(draws.block).n_unique() < 2:
        return None
    return predictive(
        known,
        *ends,
        level=questions.promised,
        dispersion=dispersion,
        block=draws.block,
        resamples=draws.resamples,
        seed=draws.seed,
    )


def searched(frame: pl.DataFrame, rivals: Sequence[str], questions: Questions, draws: Draws) -> Discovery | None:
    """The slices of the columns asked for that differ from all rows; None where none are asked for.

    Raises:
        EvaluationError: as `discover`.
    """
    if not questions.columns:
        return None
    rival = questions.rival if questions.rival in rivals else ""
    return discover(
        frame,
        questions.columns,
        rival=rival,
        loss=questions.loss,
        alpha=1 - draws.level,
        block=draws.block,
        seed=draws.seed,
    )


def decided(frame: pl.DataFrame, questions: Questions, draws: Draws) -> tuple[Binary, Decision] | None:
    """The scores of the probability at the threshold that costs least, and its costs; None without costs.

    None too below two blocks.

    Raises:
        EvaluationError: a truth is neither 0 nor 1, or a forecast is no probability.
    """
    blocks = frame["tick"].dt.truncate(draws.block).to_numpy()
    if questions.costs is None or len(np.unique(blocks)) < 2:
        return None
    rows = questions.choosing
    threshold = None if rows is None else cheapest(rows[TRUTH].to_numpy(), rows[MODEL].to_numpy(), questions.costs)
    truth, chance = frame[TRUTH].to_numpy(), frame[MODEL].to_numpy()
    made = {"resamples": draws.resamples, "seed": draws.seed}
    cost = decision(truth, chance, questions.costs, blocks, threshold=threshold, **made, level=draws.level)
    return binary(truth, chance, threshold=cost.threshold, blocks=blocks, **made, level=draws.level), cost


def beside_learned(unseen: pl.DataFrame, frame: pl.DataFrame | None, draws: Draws) -> Learned | None:
    """The learned rows beside the unseen ones, given as sums of each day; None where they are not at hand.

    Raises:
        EvaluationError: the learned rows hold what cannot be scored.
    """
    if frame is None:
        return None
    check(frame, [TRUTH, MODEL], ["tick"])
    sums = of_slice(daily_sums(frame, [MODEL], block=draws.block))
    apart = gaps(unseen, sums, MODEL, resamples=draws.resamples, seed=draws.seed, level=draws.level)
    start, end = frame.select(pl.col("tick").min().alias("start"), pl.col("tick").max().alias("end")).row(0)
    return Learned(frame.height, start, end, metrics(sums, MODEL), apart)
