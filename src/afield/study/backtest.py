"""Rolling-origin backtest: at each of several origins, learn from what was known then, and forecast what followed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from afield.data.split import Split, by_time, enough
from afield.engine.engine import HERE, Engine
from afield.errors import DataError, UsageError
from afield.evaluation.compare import compare, daily_sums, of_slice
from afield.evaluation.intervals import estimates
from afield.evaluation.metrics import metrics
from afield.evaluation.questions import MODEL
from afield.evaluation.slices import Slice, of_keys
from afield.records.evidence import Comparison, Estimate
from afield.records.facts import Window
from afield.records.provenance import Provenance
from afield.serving.inference import Infer
from afield.training.recipes import AnyRecipe
from afield.workshop.examples import open_examples
from afield.workshop.fitting import RIVAL, fit_before
from afield.workshop.plan import SEED, Build, Companion
from afield.workshop.scoring import forecasts, rivals

ALL = "all"

History = Mapping[str, pl.LazyFrame]


class Fold(msgspec.Struct, frozen=True):
    """What was learned and scored at one origin.

    Attributes:
        origin: the moment of learning.
        training, validation, judged: the stretches learned from, chosen by and forecast.
        recipe: the one that was chosen there.
        learned: rows it was fitted on.
        rows: rows that were scored.
        scores: who → metric → value on these rows.
    """

    origin: datetime
    training: Window
    validation: Window
    judged: Window
    recipe: str
    learned: int
    rows: int
    scores: dict[str, dict[str, float]]


class Spread(msgspec.Struct, frozen=True):
    """How a metric differs between origins.

    Attributes:
        mean: over origins, each counting the same.
        deviation: standard deviation between origins; 0 for one.
        least, most: the extremes.
    """

    mean: float
    deviation: float
    least: float
    most: float


class Pooled(msgspec.Struct, frozen=True):
    """All scored rows of all origins together.

    Attributes:
        rows: how many.
        scores: who → metric → value, with its interval over blocks of time.
        comparisons: the model against each rival, paired by block.
    """

    rows: int
    scores: dict[str, dict[str, Estimate]]
    comparisons: tuple[Comparison, ...]


class Backtest(msgspec.Struct, frozen=True):
    """What a backtest found.

    Attributes:
        application: its name.
        generated: whether the data were made up.
        metrics: those that the application shows.
        folds: one an origin, in order of time.
        pooled: slice → all origins together; "all" is every row.
        spread: who → metric → how it differs between origins.
        provenance: how to make the numbers again.
    """

    application: str
    generated: bool
    metrics: tuple[str, ...]
    folds: tuple[Fold, ...]
    pooled: dict[str, Pooled]
    spread: dict[str, dict[str, Spread]]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Terms:
    """What every origin of a backtest shares; it crosses to the process that computes an origin.

    Attributes:
        plan: how the application is built.
        recipes: of which one is chosen at each origin.
        infer: its inference.
        examples: folder of the examples.
        history: the facts.
        standing: parts that go into every release.
        slices: parts of the rows that are scored on their own.
    """

    plan: Build
    recipes: tuple[AnyRecipe, ...]
    infer: Infer
    examples: Path
    history: History
    standing: Mapping[str, Companion]
    slices: tuple[Slice, ...]


def origins(plan: Build, whole: Window, count: int, length: timedelta) -> tuple[Split, ...]:
    """The splits of `count` origins, the last of which forecasts up to the end of `whole`, each the next `length`.

    At each, the stretches for learning and choosing are those of a build at that moment; a label counts once it is
    known, a slot after its row.

    Raises:
        UsageError: there are no origins, or a stretch is no whole number of slots.
        DataError: there is too little before the first origin to learn from.
    """
    if count < 1:
        raise UsageError(f"--origins {count}: give at least 1")
    if length < plan.slot or length % plan.slot:
        raise UsageError(f"a stretch of {length} is no whole number of slots of {plan.slot}; give another --window")
    found = []
    for ahead in range(count - 1, -1, -1):
        try:
            split = by_time(plan.validation, length, gap=plan.slot)(Window(whole.start, whole.end - ahead * length))
            enough(split.training, plan.features.lookback)
        except (DataError, ValueError) as error:
            raise DataError(
                f"origin {count - ahead} of {count}, {whole.end - (ahead + 1) * length}: {error}; or ask for fewer "
                "--origins, or a shorter --window"
            ) from error
        found.append(split)
    return tuple(found)


def slices_of(plan: Build, examples: Path, first: Split) -> tuple[Slice, ...]:
    """The application's slices as they were chosen at the first origin."""
    early = open_examples(examples, plan.features.origin, first.training).filter("has_history")
    return tuple(of_keys(name, keys) for name, keys in plan.slices(early).items())


def backtest(
    terms: Terms,
    splits: Sequence[Split],
    tell: Callable[[str], None],
    engine: Engine = HERE,
) -> tuple[tuple[Fold, ...], dict[str, Pooled], dict[str, dict[str, Spread]]]:
    """The folds, the pooled scores of every slice, and the spread between origins.

    Args:
        terms: what every origin shares.
        splits: as `origins` gives them.
        tell: is told what happens.
        engine: where origins are computed.

    Raises:
        AfieldError: learning or scoring failed at an origin; the message names it.
    """
    folds: list[Fold] = []
    sums: list[pl.DataFrame] = []
    for fold, added in engine.map(partial(at_origin, terms=terms), splits):
        tell(f"origin {fold.origin}: {fold.recipe} learned from {fold.learned:,} rows, {fold.rows:,} scored")
        folds.append(fold)
        sums.append(added)
    whole = pl.concat(sums)
    # A rival that said nothing of some origin's rows is no rival of all.
    who = [name for name in folds[0].scores if all(name in fold.scores for fold in folds)]
    named = [ALL, *(each.name for each in terms.slices)]
    parts = {name: of_slice(whole, None if name == ALL else name) for name in named}
    pooled = {name: _pooled(rows, who) for name, rows in parts.items() if rows.height}
    return tuple(folds), pooled, {name: _spread([fold.scores[name] for fold in folds]) for name in who}


def at_origin(split: Split, terms: Terms) -> tuple[Fold, pl.DataFrame]:
    """What is learned before the judged window of `split`, and the sums of its losses there, block by block."""
    plan, made = terms.plan, split.test.start
    known = plan.known(terms.history, made)
    early, late = (_known(terms, span, known) for span in (split.training, split.validation))
    name, parts = fit_before(plan, terms.recipes, early, late, known, SEED, _silent, terms.standing)
    rows = open_examples(terms.examples, plan.features.origin, split.test)
    frame = forecasts(plan, rows, terms.infer, {plan.part: parts}, parts[RIVAL]).filter("history")
    if frame.is_empty():
        raise DataError(f"no row from {split.test.start} to {split.test.end} has a history; use fewer origins")
    who = [MODEL, *(each for each in rivals(plan, frame) if not frame[each].null_count())]
    sums = daily_sums(frame, who, terms.slices, plan.block)
    whole = of_slice(sums)
    fold = Fold(
        origin=made,
        training=split.training,
        validation=split.validation,
        judged=split.test,
        recipe=name,
        learned=int(early.select(pl.len()).collect().item()),
        rows=frame.height,
        scores={each: metrics(whole, each).numbers() for each in who},
    )
    return fold, sums


def _known(terms: Terms, span: Window, known: History) -> pl.LazyFrame:
    """Examples of `span` with history, labelled with what was known at the origin."""
    plan = terms.plan
    rows = open_examples(terms.examples, plan.features.origin, span).filter("has_history")
    keys = [*plan.features.keys, plan.features.origin]
    said = plan.labels(rows.select(keys).collect(), known).select(*keys, "truth")
    joined = rows.drop("truth").join(said.lazy(), on=keys, how="left", maintain_order="left")
    return joined.filter(pl.col("truth").is_not_null())


def _pooled(sums: pl.DataFrame, who: Sequence[str]) -> Pooled:
    scores = estimates(sums, who, seed=SEED)
    return Pooled(int(sums["rows"].sum()), scores, compare(sums, who[1:], seed=SEED))


def _spread(scores: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    names = [name for name in scores[0] if all(name in each for each in scores)]
    found = {}
    for name in names:
        values = np.array([each[name] for each in scores])
        deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        found[name] = Spread(float(values.mean()), deviation, float(values.min()), float(values.max()))
    return found


def _silent(_: str) -> None:
    """Nothing is said from another process."""
