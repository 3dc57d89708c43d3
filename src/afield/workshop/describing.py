"""What a release says of itself: the evidence of its card, its data and windows, and the reference of its monitors."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import polars as pl

from afield.evaluation.evaluate import MODEL, Evaluation
from afield.evaluation.metrics import Metrics
from afield.records.requirements import Requirements
from afield.records.words import Words
from afield.release.card import Evidence
from afield.reporting.wording import metric, metric_line, metric_name, number, share
from afield.workshop.datasets import FACTS
from afield.workshop.facts import Facts
from afield.workshop.plan import Build
from afield.workshop.results import Scored, Windows

WORDS = Words()


def evidence(
    plan: Build, facts: Facts, scored: Scored, words: Words = WORDS, requirements: Requirements | None = None
) -> Evidence:
    """What the card says of a release.

    Args:
        plan: how it was built.
        facts: of what.
        scored: what was found on the test window.
        words: of the application.
        requirements: its goals and hazards, where it states them.
    """
    found, summary = scored.evaluation, facts.summary
    return Evidence(
        purpose=plan.purpose,
        target=plan.target,
        source=summary.name,
        generated=summary.generated,
        rows=found.rows,
        scores=_numbers(plan.metrics, found.model, found.baselines),
        comparisons=[each for each in found.comparisons if each.metric in plan.metrics],
        slices={name: _numbers(plan.metrics, each.model, each.baselines) for name, each in found.slices.items()},
        months={name: _numbers(plan.metrics, each.model, each.baselines) for name, each in found.by_month.items()},
        verdicts=scored.verdicts,
        limits=plan.limits,
        task=plan.task,
        people=words.people,
        scored=words.scored,
        metrics={name: (metric_name(name, words), metric_line(name, words)) for name in plan.metrics},
        measured=_measured(found),
        requirements=requirements,
        examination=scored.examination,
    )


def reference(plan: Build, examples: pl.LazyFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """What monitors are fitted on: forecasts and truths of the test window, with the features they watch."""
    watched = [name for name in plan.watched if name not in frame.columns]
    columns = examples.select(watched).collect() if watched else pl.DataFrame()
    held = frame.select("tick", "truth", pl.col(MODEL).alias(plan.part), "history")
    return held.with_columns(columns.get_columns()).filter(pl.col("history")).drop("history")


def data(facts: Facts) -> dict[str, str]:
    """What was read, as the manifest says it: the source's digest as `facts`, and of each table `VERSION:DIGEST`."""
    return {FACTS: facts.summary.fingerprint, **facts.versions}


def spans(windows: Windows) -> dict[str, tuple[datetime, datetime]]:
    """The windows, as the manifest says them."""
    return {name: (span.start, span.end) for name, span in msgspec.structs.asdict(windows).items()}


def _measured(found: Evaluation) -> dict[str, str]:
    """Name of what a goal may be bound to → its value on the test window, in words."""
    said = {name: metric(name, value) for name, value in found.model.numbers().items()}
    if (hot := found.hot_keys.get("model")) is not None:
        said["hot_keys"] = f"{share(hot)} of the {found.top} hottest"
    if "model" in found.confusion:
        matrix = found.confusion["model"]
        said |= {"precision": share(matrix.precision), "recall": share(matrix.recall)}
    return said | {name: number(value) for name, value in found.measured.items()}


def _numbers(
    names: Sequence[str], model: Metrics, baselines: Mapping[str, Metrics]
) -> dict[str, dict[str, float | None]]:
    """Who → each metric of these names; None where it is undefined."""
    named = {"model": model, **baselines}
    return {who: dict.fromkeys(names) | found.numbers(names) for who, found in named.items()}
