"""What to take of several options: the Pareto front by interval, and a sentence that is honest about noise."""

from collections.abc import Sequence

import msgspec

from afield.evaluation.sidebyside import SideBySide
from afield.evaluation.tradeoffs import Axis, front
from afield.records.evidence import Estimate
from afield.study.compared import Option

TIMES, SIZES = 0.2, 0.05
"""How far apart two medians of times, and two sizes, have to lie to count as different: relative to the larger."""

HARDLY = 0.05
"""How much worse, relative, a cheaper option may be at most to be taken instead of the best."""

AXES = ("accuracy", "latency of one row", "training time", "size")


def with_front(options: Sequence[Option], judged: SideBySide, metric: str) -> tuple[Option, ...]:
    """The options, each with those that dominate it; a rule without a model costs nothing."""
    there = [each for each in options if not each.problem]
    names = [each.name for each in there]
    free = {each.name: 0.0 for each in there if each.kind == "baseline"}
    fitted = {each.name: each.training.value for each in there if each.training}
    values = (
        {each.name: each.accuracy[metric].value for each in there},
        {each.name: each.single.value for each in there if each.single} | free,
        fitted | free if fitted else {},
        {each.name: float(each.size) for each in there},
    )
    accuracy, *costs = (Axis(name, held) for name, held in zip(AXES, values, strict=True))
    noise = judged.noise(names, metric)
    axes = [
        Axis(accuracy.name, accuracy.values, noise),
        *(Axis(cost.name, cost.values, tolerance=SIZES if cost.name == "size" else TIMES) for cost in costs),
    ]
    beaten = front(names, axes) if names else {}
    return tuple(msgspec.structs.replace(each, dominated_by=beaten.get(each.name, ())) for each in options)


def recommendation(options: Sequence[Option], judged: SideBySide, metric: str, called: str) -> str:
    """What to take, in a sentence: the best, or the cheapest of those that are shown to be hardly worse.

    That two cannot be told apart does not make them equal: an option takes the place of the best only where the whole
    interval of its ratio lies within `HARDLY` of it.

    Args:
        options: what was measured of each.
        judged: their answers on the same rows.
        metric: that they are judged by; less is better.
        called: what people call it.
    """
    there = sorted((each for each in options if not each.problem), key=lambda each: each.accuracy[metric].value)
    if len(there) < 2:
        only = f"only {there[0].name} could be" if there else "none of the options could be"
        return f"There is nothing to recommend: {only} measured."
    best, *others = there
    pairs = {each.name: judged.paired(each.name, best.name, metric) for each in others}
    ties = [each for each in others if 0.0 in pairs[each.name].difference.interval]
    ratios = {name: pair.ratio for name, pair in pairs.items()}
    near = [each for each in ties if (ratio := ratios[each.name]) and ratio.interval.high <= 1 + HARDLY]
    lean = min((best, *near), key=_cost)
    if lean is not best:
        said = (
            f"its {called} is at most {HARDLY:.0%} above the lowest, that of {best.name} ({_times(ratios[lean.name])} "
            f"that), and it is cheaper: {_size(lean)} against {_size(best)}"
        )
    elif ties:
        said = f"its {called} is the lowest, though these rows cannot tell it from {_and(ties)}: more of them would"
    else:
        ratio = judged.paired(best.name, others[0].name, metric).ratio
        said = f"its {called} is the lowest beyond noise, {_times(ratio)} that of {others[0].name}, the next best"
    return f"Take {lean.name}: {said}."


def otherwise(
    options: Sequence[Option], judged: SideBySide, metrics: Sequence[str], called: Sequence[str]
) -> list[str]:
    """By which further metric another option is better, beyond noise, than the best by the first; in sentences."""
    there = [each for each in options if not each.problem]
    if len(there) < 2:
        return []
    best = min(there, key=lambda each: each.accuracy[metrics[0]].value)
    told = []
    for metric, name in zip(metrics[1:], called[1:], strict=True):
        values = {each.name: each.accuracy[metric].value for each in there}
        other = min(values, key=values.__getitem__)
        pair = judged.paired(other, best.name, metric)
        if other != best.name and 0.0 not in pair.difference.interval:
            told.append(f"By {name} {other} is better than {best.name} beyond noise: {_times(pair.ratio)} its.")
    return told


def _cost(option: Option) -> tuple[int, float]:
    return option.size, option.single.value if option.single else 0.0


def _times(ratio: Estimate | None) -> str:
    if ratio is None:
        return "with a ratio that is not defined to"
    return f"{ratio.value:.4f} ({ratio.interval.low:.4f} to {ratio.interval.high:.4f}) times"


def _size(option: Option) -> str:
    return f"{option.size / 1000:,.0f} kB" if option.size else "no model at all"


def _and(options: Sequence[Option]) -> str:
    *first, last = [each.name for each in options]
    return f"{', '.join(first)} and {last}" if first else last
