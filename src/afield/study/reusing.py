"""Reuse: a model in another place: frozen, recalibrated, fine-tuned, or fitted afresh, on ever more local data."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import AfieldError, DataError
from afield.evaluation.robustness import METRICS
from afield.records.evidence import Comparison, Estimate
from afield.records.provenance import Provenance
from afield.study.ablation import plain, with_more
from afield.study.answering import Asked, answers
from afield.study.field import Field, side_by_side
from afield.study.learning import labelled
from afield.training.models import needs, outputs, train_recipe
from afield.training.prepared import LinearRegression
from afield.training.recipes import (
    AnyRecipe,
    BoostedClasses,
    BoostedTrees,
    LogisticRegression,
    PlainRecipe,
    PoissonRegression,
)

SHARES = (1 / 64, 1 / 16, 1 / 4, 1.0)
FROZEN, RECALIBRATED, TUNED, FRESH = ARMS = ("frozen", "recalibrated", "fine-tuned", "fresh")
SAID = "_said"
"""The column of what the frozen model says: of a probability its log-odds."""

SMALLEST = 1e-6
FEWEST = 20
"""Local rows below which nothing is fitted."""


class Local(msgspec.Struct, frozen=True, kw_only=True):
    """The arms with so much local data.

    Attributes:
        share: of the local training rows.
        rows: that many.
        values: arm → the metric on the local test rows.
        against: arm → that arm against the frozen model, paired.
        fresh_against_tuned: the fresh model against the fine-tuned one; None where either could not be fitted.
        problems: arm → why it could not be fitted.
    """

    share: float
    rows: int
    values: dict[str, Estimate]
    against: dict[str, Comparison]
    fresh_against_tuned: Comparison | None
    problems: dict[str, str]


class Reused(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is worth in another place.

    Attributes:
        application, settings: what was taken there.
        here, there: where it comes from, and where it was taken.
        model: that was taken: a recipe fitted here, or a release.
        metric: that the arms are judged by; less is better.
        frozen: the metric of the model as it came.
        baselines: name → the metric of a rule without a model, in that place.
        amounts: the arms on ever more local data.
        training: first and last moment of the local data.
        test: the local window that everything is judged on.
        test_rows, blocks: its size.
        generated: whether the data were made up.
        recommendation: in a sentence.
        provenance: how to make the numbers again.
    """

    application: str
    settings: dict[str, str]
    here: str
    there: str
    model: str
    metric: str
    frozen: Estimate
    baselines: dict[str, Estimate]
    amounts: tuple[Local, ...]
    training: tuple[datetime, datetime]
    test: tuple[datetime, datetime]
    test_rows: int
    blocks: int
    generated: bool
    recommendation: str
    provenance: Provenance


def reuse(
    field: Field, recipe: AnyRecipe, model: str, features: Sequence[str], ask: Asked, here: str, there: str, called: str
) -> Reused:
    """The arms on ever more local data, all judged on the same local rows.

    Args:
        field: the other place.
        recipe: what is fitted there afresh, and on top.
        model: name of what was taken there.
        features: the columns that the frozen model reads.
        ask: what it answers.
        here: where it comes from.
        there: where it was taken.
        called: what people call the metric.

    Raises:
        DataError: there is too little local data to judge by.
    """
    if field.training is None:
        raise DataError(f"{there}: there is no local data to learn from; give more")
    plan, origin = field.plan, field.plan.features.origin
    fresh = plain(recipe)
    wanted = dict.fromkeys((*needs(fresh, origin), *features, *plan.baselines.values(), origin, "truth"))
    local = _said(labelled(field.examples, origin, field.training).select(*wanted).collect(), features, ask, fresh)
    rows = _said(labelled(field.examples, origin, field.test).select(*wanted).collect(), features, ask, fresh)
    if local.height < FEWEST or rows.height < FEWEST:
        raise DataError(
            f"{there}: {local.height} rows to learn from and {rows.height} to judge by; at least {FEWEST} of each are "
            "needed: give more data, or name another place"
        )
    metric = next(name for name in plan.metrics if name in METRICS)
    given = {FROZEN: answers(ask, features, rows)}
    rules = {
        name: rows[column].cast(pl.Float64).fill_null(np.nan).to_numpy() for name, column in plan.baselines.items()
    }
    rules = {name: values for name, values in rules.items() if np.isfinite(values).all()}
    judged = side_by_side(field, rows, {**given, **rules})
    amounts = []
    for share in SHARES:
        count = max(1, round(share * local.height))
        if count < FEWEST:
            continue
        field.tell(f"{there}: {count:,} local rows")
        amounts.append(_local(field, fresh, local.tail(count), rows, given[FROZEN], share, metric))
    return Reused(
        application=field.application,
        settings=dict(field.settings),
        here=here,
        there=there,
        model=model,
        metric=metric,
        frozen=judged.estimate(FROZEN, metric),
        baselines={name: judged.estimate(name, metric) for name in rules},
        amounts=tuple(amounts),
        training=(local[origin].min(), field.training.end),  # type: ignore[arg-type]
        test=(field.test.start, field.test.end),
        test_rows=rows.height,
        blocks=judged.number_of_blocks,
        generated=field.generated,
        recommendation=recommend(amounts, judged.estimate(FROZEN, metric), called),
        provenance=field.provenance,
    )


def arms(recipe: PlainRecipe) -> dict[str, PlainRecipe]:
    """What is fitted on local rows, by arm: on what the frozen model says alone, on top of it, and without it.

    Counts: a power of the frozen forecast; trees that start from it as their exposure. Classes: Platt's line; the
    recipe with the frozen log-odds as a further column. Other numbers: a line; the recipe with a further column.
    """
    if isinstance(recipe, BoostedTrees | PoissonRegression):
        counted = recipe.loss in ("poisson", "gamma") if isinstance(recipe, BoostedTrees) else True
        if counted:
            columns = tuple(name for name in recipe.columns if name != SAID)
            on_top = BoostedTrees(
                TUNED, (*columns, SAID), exposure=SAID, trees=100, rate=0.05, leaves=15, leaf_rows=100, row_share=0.7
            )
            return {RECALIBRATED: PoissonRegression(RECALIBRATED, (SAID,), logs=(SAID,)), TUNED: on_top, FRESH: recipe}
    if isinstance(recipe, BoostedClasses | LogisticRegression):
        line: PlainRecipe = LogisticRegression(RECALIBRATED, (SAID,), penalty=1e-6)
    else:
        line = LinearRegression(RECALIBRATED, (SAID,))
    return {RECALIBRATED: line, TUNED: replace(with_more(recipe, [SAID]), name=TUNED), FRESH: recipe}


def recommend(amounts: Sequence[Local], frozen: Estimate, called: str) -> str:
    """What to do in the other place, in a sentence that is honest about noise."""
    if not amounts:
        return "There are too few local rows to fit anything: take the model as it is, and watch it."
    most = amounts[-1]
    values = {FROZEN: frozen, **most.values}
    best = min(values, key=lambda arm: values[arm].value)
    adapted = [any(_better(each.against.get(arm)) for arm in (RECALIBRATED, TUNED)) for each in amounts]
    fresh = [_better(each.against.get(FRESH)) for each in amounts]
    ahead = [_better(each.fresh_against_tuned) for each in amounts]
    return (
        f"Beyond noise, adapting beats the frozen model {_since(amounts, adapted)}; a fresh model beats the frozen one "
        f"{_since(amounts, fresh)} and the fine-tuned one {_since(amounts, ahead)}. With all {most.rows:,} local rows "
        f"the {best} one has the lowest {called}."
    )


def _since(amounts: Sequence[Local], held: Sequence[bool]) -> str:
    """From how many rows on something held, in words."""
    if not any(held):
        return "never"
    first = next(place for place in range(len(held)) if all(held[place:]) or place == len(held) - 1)
    if all(held[first:]):
        return f"from {amounts[first].rows:,} local rows on"
    at = " and ".join(f"{each.rows:,}" for each, better in zip(amounts, held, strict=True) if better)
    return f"with {at} local rows, and not with more"


def _local(
    field: Field,
    recipe: PlainRecipe,
    local: pl.DataFrame,
    rows: pl.DataFrame,
    frozen: NDArray[np.float64],
    share: float,
    metric: str,
) -> Local:
    """Each arm fitted on these local rows and judged."""
    seed, origin = field.provenance.seed, field.plan.features.origin
    given, problems = {FROZEN: frozen}, {}
    for arm, each in arms(recipe).items():
        try:
            trained = train_recipe(each, local, seed, origin=origin)
            said = outputs(trained, rows)
            if not np.isfinite(said).all():
                raise DataError(f"{arm}: it has no answer to {int((~np.isfinite(said)).sum())} of the local test rows")
            given[arm] = said
        except AfieldError as error:
            problems[arm] = str(error)
    judged = side_by_side(field, rows, given)
    fitted = [arm for arm in given if arm != FROZEN]
    both = TUNED in given and FRESH in given
    return Local(
        share=share,
        rows=local.height,
        values={arm: judged.estimate(arm, metric) for arm in fitted},
        against={arm: judged.paired(arm, FROZEN, metric) for arm in fitted},
        fresh_against_tuned=judged.paired(FRESH, TUNED, metric) if both else None,
        problems=problems,
    )


def _said(rows: pl.DataFrame, features: Sequence[str], ask: Asked, recipe: PlainRecipe) -> pl.DataFrame:
    """The rows with what the frozen model says of them."""
    said = answers(ask, features, rows)
    if isinstance(recipe, BoostedClasses | LogisticRegression):
        sure = np.clip(said, SMALLEST, 1 - SMALLEST)
        said = np.log(sure / (1 - sure))
    elif isinstance(recipe, BoostedTrees | PoissonRegression):
        said = np.maximum(said, SMALLEST)
    return rows.with_columns(pl.Series(SAID, said, pl.Float64).fill_nan(None)).filter(pl.col(SAID).is_not_null())


def _better(comparison: Comparison | None) -> bool:
    return comparison is not None and comparison.difference.interval.high < 0
