"""One evaluation: the model and its rivals on the same rows, as a record that is its own JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import polars as pl

from afield.errors import EvaluationError
from afield.evaluation.classes import Binary
from afield.evaluation.compare import DAY, LOSSES, compare, daily_sums, of_slice
from afield.evaluation.costs import Decision
from afield.evaluation.discovery import Discovery
from afield.evaluation.intervals import estimates
from afield.evaluation.metrics import TRUTH, Metrics, check, loss_sums, metrics
from afield.evaluation.predictive import Predictive
from afield.evaluation.quantiles import QuantileScore, column, quantile_scores, with_quantiles
from afield.evaluation.questions import (
    MODEL,
    NOTHING_ELSE,
    Draws,
    Learned,
    Questions,
    beside_learned,
    decided,
    held,
    searched,
)
from afield.evaluation.ranking import Confusion, Ranking, confusion, hot_keys, ranked
from afield.evaluation.slices import Slice
from afield.records.evidence import Comparison, Estimate

LEVELS = (0.05, 0.5, 0.95)


class Scores(msgspec.Struct, frozen=True):
    """The model and its rivals on some rows.

    Attributes:
        rows: number of rows.
        model: its metrics.
        baselines: rival → its metrics, on the same rows.
        comparisons: the model against each rival, paired by day; empty below two days.
        intervals: who (`model`, a rival) → metric → its estimate with its interval; empty below two days.
    """

    rows: int
    model: Metrics
    baselines: dict[str, Metrics]
    comparisons: tuple[Comparison, ...] = ()
    intervals: dict[str, dict[str, Estimate]] = {}


class Evaluation(msgspec.Struct, frozen=True):
    """What an evaluation found; encoded as JSON it is the output of `afield evaluate`.

    Attributes:
        rows: rows of the window, with and without history.
        rows_without_history: those of them whose lookback was not there; scored apart, in `without_history`.
        start, end: first and last tick.
        model: metrics of the model on the rows with history; on all rows where none has any.
        baselines: rival → its metrics on the same rows; one that is null there is left out.
        comparisons: the model against each rival, paired by day.
        by_month: `YYYY-MM` → scores.
        slices: name → scores; a slice without rows is left out.
        without_history: metrics of the model on the rows without history.
        confusion: who → rows at or above capacity, as forecast and in truth; empty without capacities.
        hot_keys: who → share of the hottest keys found, a tick; None where nothing happened.
        top: how many keys count as hot.
        quantiles: coverage and loss of the predictive quantiles; empty without a dispersion.
        measured: what else was measured of the candidate, by name (size in bytes, latency in seconds).
        intervals: who → metric → its estimate, on the rows of `model`; empty below two days.
        ranking: how well the keys of each tick are ranked, and against each rival; None below two days.
        predictive: how the model's predictive intervals did, in time; None where it states none, or below two days.
        discovery: slices that were found to differ; None where none were searched.
        learned: the model on rows that it was fitted on; None where they are not at hand.
        binary: the forecast as a probability, at the threshold of `decision`; None where no costs are stated.
        decision: the threshold of least cost and what it costs; None where no costs are stated.
    """

    rows: int
    rows_without_history: int
    start: datetime
    end: datetime
    model: Metrics
    baselines: dict[str, Metrics]
    comparisons: tuple[Comparison, ...]
    by_month: dict[str, Scores]
    slices: dict[str, Scores]
    without_history: Metrics | None
    confusion: dict[str, Confusion]
    hot_keys: dict[str, float | None]
    top: int
    quantiles: tuple[QuantileScore, ...]
    measured: dict[str, float]
    intervals: dict[str, dict[str, Estimate]] = {}
    ranking: Ranking | None = None
    predictive: Predictive | None = None
    discovery: Discovery | None = None
    learned: Learned | None = None
    binary: Binary | None = None
    decision: Decision | None = None

    def scores(self, name: str = "all") -> Scores:
        """The scores of a slice, or of "all" rows.

        Raises:
            EvaluationError: there is no such slice, or it holds no rows.
        """
        if name == "all":
            rows = self.rows - self.rows_without_history or self.rows
            return Scores(rows, self.model, self.baselines, self.comparisons, self.intervals)
        if name not in self.slices:
            known = ", ".join(["all", *self.slices])
            raise EvaluationError(f"no slice {name!r} with rows in this evaluation; there is: {known}")
        return self.slices[name]


def evaluate(
    frame: pl.DataFrame,
    *,
    baselines: Sequence[str] = (),
    slices: Sequence[Slice] = (),
    dispersion: float | None = None,
    top: int = 10,
    measured: Mapping[str, float] | None = None,
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    block: timedelta = DAY,
    questions: Questions = NOTHING_ELSE,
) -> Evaluation:
    """Score the forecasts in a frame, against its baselines, over all rows and by slice and month.

    Args:
        frame: one row a prediction. Columns: `truth` (counts), `forecast`, `tick` (Datetime), `key`, one
            column for each rival, named as it is called; optional: `history` (Boolean: the lookback was
            there; rivals may be null where it was not) and `capacity` (above zero, or null).
        baselines: names of the rivals' columns; a champion is a rival too.
        slices: parts that are scored on their own.
        dispersion: of the negative binomial whose quantiles are judged; None judges none.
        top: how many keys of a tick count as hot; 0: none, where keys do not come back from tick to tick.
        measured: what else was measured of the candidate, for gates to judge.
        resamples: bootstrap draws behind each interval.
        seed: of the draws.
        level: coverage of the intervals.
        block: stretch of time that is drawn as a whole for the intervals.
        questions: what else is asked.

    Raises:
        EvaluationError: there are no rows, or a column is missing or holds what cannot be scored.
    """
    check(frame, [TRUTH, MODEL], ["tick", "key", *baselines])
    if not isinstance(frame.schema["tick"], pl.Datetime):
        raise EvaluationError(f"column 'tick' holds {frame.schema['tick']}; Datetime is expected")
    known, apart = _by_history(frame)
    rivals = baselines if apart.height < frame.height else [name for name in baselines if not known[name].null_count()]
    check(known, [MODEL, *rivals])
    start, end = frame.select(pl.col("tick").min().alias("start"), pl.col("tick").max().alias("end")).row(0)
    draws = Draws(resamples, seed, level, block)
    _check_names(slices)
    sums = daily_sums(known, [MODEL, *rivals], slices, block)
    judged = decided(known, questions, draws)
    overall = _scores(of_slice(sums), rivals, draws, tuple(LOSSES))
    return Evaluation(
        rows=frame.height,
        rows_without_history=apart.height,
        start=start,
        end=end,
        model=overall.model,
        baselines=overall.baselines,
        comparisons=overall.comparisons,
        by_month=_by_month(of_slice(sums), rivals, draws),
        slices=_by_slice(sums, rivals, slices, draws),
        without_history=None if apart.is_empty() else metrics(apart.select(loss_sums([MODEL])), MODEL),
        confusion=_confusions(known, rivals, draws),
        hot_keys={name: hot_keys(known, top, column) for name, column in _everybody(rivals)} if top else {},
        top=top,
        quantiles=() if dispersion is None else _quantiles(known, dispersion, draws),
        measured=dict(measured or {}),
        intervals=overall.intervals,
        ranking=_ranking(known, rivals, top, draws) if top and sums["day"].n_unique() > 1 else None,
        predictive=held(known, dispersion, questions, draws) if sums["day"].n_unique() > 1 else None,
        discovery=searched(known, rivals, questions, draws),
        learned=beside_learned(of_slice(sums), questions.learned, draws),
        binary=judged[0] if judged else None,
        decision=judged[1] if judged else None,
    )


def _by_history(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that are compared (those with history, or all where none has any), and those without history."""
    if "history" not in frame.columns:
        return frame, frame.clear()
    there = pl.col("history").fill_null(value=False)
    known, apart = frame.filter(there), frame.filter(~there)
    return (known, apart) if known.height else (frame, apart)


def _scores(sums: pl.DataFrame, rivals: Sequence[str], draws: Draws, compared: Sequence[str] = ("rmse",)) -> Scores:
    comparisons = compare(sums, rivals, metrics=compared, resamples=draws.resamples, seed=draws.seed, level=draws.level)
    return Scores(
        rows=int(sums["rows"].sum()),
        model=metrics(sums, MODEL),
        baselines={name: metrics(sums, name) for name in rivals},
        comparisons=comparisons,
        intervals=_intervals(sums, rivals, draws),
    )


def _intervals(sums: pl.DataFrame, rivals: Sequence[str], draws: Draws) -> dict[str, dict[str, Estimate]]:
    found = estimates(sums, [MODEL, *rivals], resamples=draws.resamples, seed=draws.seed, level=draws.level)
    return {"model" if name == MODEL else name: each for name, each in found.items()}


def _ranking(frame: pl.DataFrame, rivals: Sequence[str], top: int, draws: Draws) -> Ranking:
    forecasts = dict(_everybody(rivals))
    return ranked(
        frame, forecasts, top, block=draws.block, resamples=draws.resamples, seed=draws.seed, level=draws.level
    )


def _by_month(sums: pl.DataFrame, rivals: Sequence[str], draws: Draws) -> dict[str, Scores]:
    months = sums.with_columns(pl.col("day").dt.strftime("%Y-%m").alias("month")).partition_by("month", as_dict=True)
    return {str(month): _scores(part, rivals, draws) for (month,), part in sorted(months.items())}


def _by_slice(sums: pl.DataFrame, rivals: Sequence[str], slices: Sequence[Slice], draws: Draws) -> dict[str, Scores]:
    parts = {each.name: of_slice(sums, each.name) for each in slices}
    return {name: _scores(part, rivals, draws) for name, part in parts.items() if part.height}


def _check_names(slices: Sequence[Slice]) -> None:
    names = ["all", *(each.name for each in slices)]
    if len(set(names)) < len(names):
        raise EvaluationError(f"of the slices {names}, two have the same name; every slice needs its own")


def _confusions(frame: pl.DataFrame, rivals: Sequence[str], draws: Draws) -> dict[str, Confusion]:
    if "capacity" not in frame.columns:
        return {}
    blocks = frame["tick"].dt.truncate(draws.block)
    return {
        name: confusion(frame, column, blocks=blocks, resamples=draws.resamples, seed=draws.seed)
        for name, column in _everybody(rivals)
    }


def _quantiles(frame: pl.DataFrame, dispersion: float, draws: Draws) -> tuple[QuantileScore, ...]:
    ranged, blocks = with_quantiles(frame, dispersion, LEVELS), frame["tick"].dt.truncate(draws.block).to_numpy()
    columns = {level: column(level) for level in LEVELS}
    return quantile_scores(ranged, columns, blocks=blocks, resamples=draws.resamples, seed=draws.seed)


def _everybody(rivals: Sequence[str]) -> list[tuple[str, str]]:
    """Name in the record and column of the model, then of each rival."""
    return [("model", MODEL), *((name, name) for name in rivals)]
