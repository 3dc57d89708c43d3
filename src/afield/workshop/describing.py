"""What a release says of itself: the evidence of its card, its data and windows, and the reference of its monitors."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import isclose

import msgspec
import polars as pl

from afield.evaluation.classes import Binary
from afield.evaluation.costs import Decision
from afield.evaluation.discovery import Discovered
from afield.evaluation.evaluate import Evaluation
from afield.evaluation.metrics import Metrics
from afield.evaluation.questions import MODEL
from afield.evaluation.texts import Rate
from afield.records.evidence import Estimate, Interval
from afield.records.requirements import Requirements
from afield.records.words import Words
from afield.release.card import Evidence
from afield.wording import level, metric, metric_line, metric_name, number, share
from afield.workshop.datasets import FACTS
from afield.workshop.facts import Facts
from afield.workshop.plan import Build
from afield.workshop.results import Scored, Windows

WORDS = Words()
SLICES_SHOWN = 6
AGAINST = "against"
"""Of a release's reference rows: the forecast of what it is meant to replace."""


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
        estimates=found.intervals.get("model", {}),
        discovered=[_differs(each) for each in found.discovery.found[:SLICES_SHOWN]] if found.discovery else (),
        further=tuple(_further(found, metric_name(plan.metrics[0], words), plan.metrics[0], requirements)),
        metrics={name: (metric_name(name, words), metric_line(name, words)) for name in plan.metrics},
        measured=_measured(found),
        requirements=requirements,
        examination=scored.examination,
    )


def reference(plan: Build, examples: pl.LazyFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """What monitors are fitted on: forecasts and truths of the test window, with the features they watch.

    The column `AGAINST` is the forecast of what the model is meant to replace: the noise that a climb is planned with.
    """
    watched = [name for name in plan.watched if name not in frame.columns]
    columns = examples.select(watched).collect() if watched else pl.DataFrame()
    # A champion that does not know every row, or that is not there, leaves the rival to plan a comparison with.
    known = [name for name in ("champion", plan.rival.name) if name in frame.columns and not frame[name].null_count()]
    against = [pl.col(name).alias(AGAINST) for name in known[:1]]
    held = frame.select("tick", "truth", pl.col(MODEL).alias(plan.part), "history", *against)
    return held.with_columns(columns.get_columns()).filter(pl.col("history")).drop("history")


def data(facts: Facts) -> dict[str, str]:
    """What was read, as the manifest says it: the source's digest as `facts`, and of each table `VERSION:DIGEST`."""
    return {FACTS: facts.summary.fingerprint, **facts.versions}


def spans(windows: Windows) -> dict[str, tuple[datetime, datetime]]:
    """The windows, as the manifest says them."""
    return {name: (span.start, span.end) for name, span in msgspec.structs.asdict(windows).items()}


def _further(found: Evaluation, name: str, main: str, requirements: Requirements | None) -> Iterator[str]:
    """How its ranges did, the gap to learned rows, and, where that is a goal, how many of the hottest it finds."""
    wanted = {leaf.measure for leaf in requirements.goal.leaves()} if requirements else set()
    if found.predictive is not None:
        stated = found.predictive
        exactly = f"; whole numbers set aside, {_between(stated.randomised)}" if stated.randomised else ""
        yield f"{share(stated.level)} of the truths shall lie in its range: {_between(stated.coverage)} did{exactly}"
    if found.decision is not None and found.binary is not None:
        yield from _decided(found.decision, found.binary)
    if (
        "hot_keys" in wanted
        and found.ranking
        and (hit := found.ranking.scores.get("model", {}).get("hit_rate")) is not None
    ):
        yield f"of the {found.ranking.top} hottest at a tick it finds {_between(hit)}"
    if found.learned is not None:
        gap = next((each.difference for each in found.learned.gaps if each.metric == main), None)
        if gap is not None:
            low, high = number(gap.interval.low), number(gap.interval.high)
            yield (
                f"{name} on rows that it has not seen minus that on rows that it was fitted on: {number(gap.value)} "
                f"({level(gap.interval.level)} interval {low} to {high}); far above zero it has learned by heart"
            )


def _decided(made: Decision, found: Binary) -> Iterator[str]:
    """From when on it says yes, how often that is right, what it finds, and what its answers cost."""
    held = "chosen on other rows" if made.chosen_on == "held" else "chosen on these very rows, which flatters it"
    if made.threshold > 1:
        yield f"it never says yes: with the costs that were stated, that is cheapest ({held})"
    else:
        yield f"it says yes where it is at least {share(made.threshold)} sure, the threshold of least cost ({held})"
    if (precise := _rated(found.precision)) is not None:
        yield f"where it says yes, it is right in {precise} (precision)"
    if (recalled := _rated(found.recall)) is not None:
        yield f"of what is true, it says yes to {recalled} (recall)"
    yield (
        f"an answer costs {_costs(made.cost)} on average; always saying yes would cost {_costs(made.always)}, "
        f"never saying it {_costs(made.never)}"
    )


def _rated(rate: Rate) -> str | None:
    """A share with its interval, and of how many; None of nothing."""
    if rate.value is None:
        return None
    interval = rate.interval
    between = f"{level(interval.level)} interval {share(interval.low)} to {share(interval.high)}, " if interval else ""
    return f"{share(rate.value)} ({between}{number(rate.count)} of {number(rate.total)})"


def _costs(cost: Estimate) -> str:
    interval = cost.interval
    between = f"{level(interval.level)} interval {number(interval.low)} to {number(interval.high)}"
    return f"{number(cost.value)} ({between})"


def _differs(found: Discovered) -> str:
    """A slice in a sentence."""
    if found.measure == "calibration":
        said = f"{number(found.value)} times as much comes true as is said, over all rows {number(found.overall)} times"
    else:
        said = f"the loss is {number(found.value)}, over all rows {number(found.overall)}"
    low, high = number(found.difference.interval.low), number(found.difference.interval.high)
    return f"{found.slice} ({number(found.rows)} rows): {said} (difference {low} to {high})"


def _between(found: Estimate) -> str:
    interval = found.interval
    low, high = share(interval.low), share(interval.high)
    return f"{share(found.value)} ({level(interval.level)} interval {low} to {high})"


def _measured(found: Evaluation) -> dict[str, str]:
    """Name of what a goal may be bound to → its value on the test window, in words."""
    own = found.intervals.get("model", {})
    said = {
        name: metric(name, value) + (_ends(name, own[name].interval) if name in own else "")
        for name, value in found.model.numbers().items()
    }
    if (hot := found.hot_keys.get("model")) is not None:
        held = found.ranking.scores.get("model", {}).get("hit_rate") if found.ranking else None
        between = _ends("wape", held.interval) if held and isclose(held.value, hot) else ""
        said["hot_keys"] = f"{share(hot)} of the {found.top} hottest{between}"
    if "model" in found.confusion:
        matrix = found.confusion["model"]
        rates = {"precision": (matrix.precision, matrix.precise), "recall": (matrix.recall, matrix.recalled)}
        said |= {name: share(value) + _ends("wape", interval) for name, (value, interval) in rates.items()}
    if found.binary is not None:
        stated = {"precision": found.binary.precision, "recall": found.binary.recall}
        said |= {name: told for name, rate in stated.items() if (told := _rated(rate)) is not None}
    return said | {name: number(value) for name, value in found.measured.items()}


def _ends(name: str, interval: Interval | None) -> str:
    """The interval of a metric behind its value; "" where there is none."""
    if interval is None:
        return ""
    return f" ({level(interval.level)} interval {metric(name, interval.low)} to {metric(name, interval.high)})"


def _numbers(
    names: Sequence[str], model: Metrics, baselines: Mapping[str, Metrics]
) -> dict[str, dict[str, float | None]]:
    """Who → each metric of these names; None where it is undefined."""
    named = {"model": model, **baselines}
    return {who: dict.fromkeys(names) | found.numbers(names) for who, found in named.items()}
