"""What an evaluation found beyond its scores, as tables and sentences for a person."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType

from afield.commands.output import table
from afield.evaluation.classes import Binary
from afield.evaluation.costs import Decision
from afield.evaluation.discovery import Discovery
from afield.evaluation.evaluate import Evaluation
from afield.evaluation.predictive import Predictive
from afield.evaluation.questions import Learned
from afield.evaluation.ranking import Ranking
from afield.records.evidence import Estimate
from afield.records.provenance import Provenance
from afield.records.words import Words
from afield.wording import metric_name

SHOWN = 10


def findings(words: Words, metrics: Sequence[str], found: Evaluation, made_by: Provenance | None = None) -> Group:
    """Every part of an evaluation that there is, each number with its interval; who made it at the foot."""
    return Group(*_parts(words, metrics, found), *([foot(made_by)] if made_by else []))


def foot(made_by: Provenance) -> str:
    """Where the numbers above come from: what was typed, the versions of the data, the code, the release."""
    data = ", ".join(f"{name} {version[:12]}" for name, version in made_by.data.items())
    return f"{made_by.command}\ndata {data} · code {made_by.code[:12]} · release {made_by.release[:12] or 'none'}"


def _parts(words: Words, metrics: Sequence[str], found: Evaluation) -> Iterator[RenderableType]:
    own = found.intervals.get("model", {})
    if own:
        rows = [(metric_name(name, words), *_told(name, *_ends(own[name]))) for name in metrics if name in own]
        yield table(("model", "value", "from", "to"), rows, title=f"the model, {_level(next(iter(own.values())))}")
    against = [each for each in found.comparisons if each.ratio and each.metric in metrics]
    if against:
        ratios = [(each.second, metric_name(each.metric, words), *_ends(each.ratio)) for each in against if each.ratio]
        yield table(("rival", "metric", "ratio", "from", "to"), ratios, title="the model over each rival, same rows")
    if found.learned:
        yield _learned(words, metrics, found.learned)
    if found.predictive:
        yield _predictive(found.predictive)
    if found.binary and found.decision:  # keys of a probability are not ranked against each other
        yield _binary(found.binary)
        yield _decision(found.decision)
    elif found.ranking and found.ranking.scores:
        yield _ranking(found.ranking)
    if found.discovery:
        yield _discovery(found.discovery)


def _learned(words: Words, metrics: Sequence[str], learned: Learned) -> RenderableType:
    values = learned.model.numbers()
    rows = [
        (
            metric_name(each.metric, words),
            *_told(
                each.metric,
                values[each.metric],
                values[each.metric] + each.difference.value,
                *_ends(each.difference),
            ),
        )
        for each in learned.gaps
        if each.metric in metrics
    ]
    head = ("", "learned", "unseen", "difference", "from", "to")
    return table(head, rows, title=f"learned rows ({learned.rows:,}, {learned.start} to {learned.end}) beside unseen")


def _predictive(held: Predictive) -> RenderableType:
    rows = [("within", *_ends(held.coverage)), ("below", *_ends(held.below)), ("above", *_ends(held.above))]
    if held.randomised:
        rows.append(("within, whole numbers set aside", *_ends(held.randomised)))
    if held.by_week:
        measured = [(week.start, week.randomised or week.coverage) for week in held.by_week]
        for word, (start, week) in (("lowest", min(measured, key=_size)), ("highest", max(measured, key=_size))):
            rows.append((f"{word} week, from {start:%Y-%m-%d}", *_ends(week)))
    title = f"{held.level:.0%} of the truths shall lie in its range; mean width {held.width:.4g}"
    return table(("truths", "share", "from", "to"), rows, title=title)


def _size(week: tuple[object, Estimate]) -> float:
    return week[1].value


def _ranking(ranking: Ranking) -> RenderableType:
    rows = [(who, "hit rate", *_ends(each["hit_rate"])) for who, each in ranking.scores.items()]
    rows += [(who, "NDCG", *_ends(each["ndcg"])) for who, each in ranking.scores.items()]
    rows += [
        (f"model − {each.second}", "hit rate", *_ends(each.difference))
        for each in ranking.comparisons
        if each.metric == "hit_rate"
    ]
    return table(("who", "measure", "value", "from", "to"), rows, title=f"the {ranking.top} hottest of each tick")


def _binary(found: Binary) -> RenderableType:
    counts = f"{found.true_positives:,} of {found.true_positives + found.false_negatives:,} true ones said"
    rates = (("precision", found.precision), ("recall", found.recall), ("false alarms", found.false_positive_rate))
    rows: list[tuple[str, float, float, float]] = [
        (name, each.value, each.interval.low, each.interval.high)
        for name, each in rates
        if each.value is not None and each.interval
    ]
    if found.areas:
        rows.append(("area under ROC", *_ends(found.areas.roc)))
        rows.append(("area under precision and recall", *_ends(found.areas.precision_recall)))
    rows.append(("log loss", *_ends(found.log_loss)))
    error = found.calibration.interval
    if error:
        rows.append(("expected calibration error", found.calibration.error, error.low, error.high))
    return table(("measure", "value", "from", "to"), rows, title=f"sure from {found.threshold:.3f}: {counts}")


def _decision(made: Decision) -> RenderableType:
    rows = [
        (f"sure from {made.threshold:.3f}", *_ends(made.cost)),
        (f"sure from {made.calibrated:.3f}, if calibrated", *_ends(made.at_calibrated)),
        ("always sure", *_ends(made.always)),
        ("never sure", *_ends(made.never)),
    ]
    where = "other rows" if made.chosen_on == "held" else "these very rows"
    return table(("threshold", "cost", "from", "to"), rows, title=f"cost of an answer; threshold chosen on {where}")


def _discovery(search: Discovery) -> RenderableType:
    if search.note:
        return f"slices were not searched: {search.note}\n"
    looked = f"{search.tested:,} slices and measures looked at, {search.screened:,} too small"
    if not search.named:
        return f"slices of {', '.join(search.columns)}: {looked}; none differs beyond chance\n"
    rows = [
        (each.slice, _measure(each.measure, search), each.rows, each.value, each.overall, f"{each.chance:.3f}")
        for each in search.found[:SHOWN]
    ]
    title = f"{search.named:,} slices differ beyond chance; {looked}"
    return table(("slice", "measure", "rows", "there", "overall", "chance"), rows, title=title)


def _measure(measure: str, search: Discovery) -> str:
    if measure == "calibration":
        return "truth over forecast"
    return f"loss over {search.against}" if search.against else "loss"


def _ends(estimate: Estimate) -> tuple[float, float, float]:
    return estimate.value, estimate.interval.low, estimate.interval.high


def _told(name: str, *values: float) -> tuple[float | str, ...]:
    """The values of a metric, a bias as a percentage."""
    return tuple(f"{value:+.2%}" for value in values) if name == "bias" else values


def _level(estimate: Estimate) -> str:
    return f"{estimate.interval.level:.0%} intervals over blocks of time"
