"""The report of features: which kind of context pays, with pictures, and all that was measured beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from afield.records.evidence import Comparison, Estimate
from afield.records.words import Words
from afield.reporting import worth
from afield.reporting.sheet import Chart, Grid, Section, Sheet
from afield.reporting.sheet import write as write_sheet
from afield.study.freshness import TOLERATED, Freshness
from afield.study.worth import FeatureWorth, GroupWorth, Importance, Worth
from afield.wording import MINUS, NONE, SPACE, metric_name, moment, number, share

WIDE, NARROW = 880, 340
SHOWN = 15
PAYS, HARMS = ("pays", "would pay"), ("harms", "would harm")

Titled = tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]


def write(found: Worth, folder: Path, words: Words) -> Path:
    """The path of `features.html`, written with `features.json` beside it.

    Raises:
        StoreError: the folder or a file in it cannot be written.
    """
    return write_sheet(sheet(found, words), found, folder, "features")


def title(found: Worth) -> str:
    """Which groups pay, in a line."""
    paying = [each.name for each in found.groups if each.verdict in PAYS]
    harming = [each.name for each in found.groups if each.verdict in HARMS]
    others = len(found.groups) - len(paying) - len(harming)
    told = [f"shown to pay: {', '.join(paying) or 'none'}"]
    told += [f"to harm: {', '.join(harming)}"] if harming else []
    told += [f"neither: {others} more"] if others else []
    whole = "; ".join(told)
    return whole[:1].upper() + whole[1:]


def sheet(found: Worth, words: Words) -> Sheet:
    """The page."""
    loss, data = metric_name(found.metric, words), "generated data" if found.generated else "recorded data"
    test = found.windows.test
    lead = (
        f"Recipe {found.recipe} was fitted again without each kind of context, and held against itself on "
        f"{found.rows:,} rows that it had not seen, from {moment(test.start)} to {moment(test.end)}. A rise of the "
        f"loss ({loss}; {found.loss:.4f} with everything) is what the context adds beyond all the others.",
        f"Bars are 95 % intervals: whole blocks of time are drawn, and the draws of {len(found.seeds)} fits each are "
        "counted in. Where the bar crosses zero, the context is not shown to pay: it may still stand in for another "
        "that is missing, or matter on days that this window does not hold.",
    )
    sections = [
        Section(
            "Which context pays",
            charts=(_chart(worth.ablation, found, "Rise of the loss without it."),),
            grids=_grids(found, "adds"),
        ),
        Section(
            "What the model looks at",
            (
                "Shuffling breaks what a context says of its rows while the model stays as it is: left out, a context "
                "may be made up for by another that knows the same; shuffled, it is not. A Shapley value is what a "
                "context moves a forecast by; its share is of all contexts. A context is steady where "
                "each stretch of the window agrees with the whole.",
            ),
            charts=(_chart(worth.shares, found, "Share of the mean absolute Shapley values."),),
            grids=_grids(found, "looks"),
        ),
        Section(
            "How fresh it must be",
            (
                f"The features of {found.ticks} ticks were computed again from what was known so many slots earlier, "
                "as if the feed had stopped then; one context at a time is old, the others fresh. Harmless means that "
                f"the loss surely rises by no more than {share(TOLERATED)}.",
            ),
            charts=(_chart(worth.ages, found, "Rise of the loss by the age of the facts, in slots."),),
            grids=_grids(found, "fresh"),
        ),
        Section(
            "What it costs",
            (
                f"All features of {found.rows_timed:,} rows take {_estimate(found.seconds, 's')} of processor time. A "
                "context costs what is saved without it, measured in turn with everything; what contexts share is "
                "nobody's, and a saving below zero is noise. Memory is that of the context alone.",
            ),
            grids=_grids(found, "costs"),
        ),
        Section(
            "Feature by feature",
            (
                "Shift: the population stability index between training and test window, and what 99 in 100 random "
                "dealings of the same blocks stay below; above 0.25 and beyond chance, it has moved.",
            ),
            grids=(Grid(*_features(found)[1:], _features(found)[0]),),
        ),
    ]
    options = "".join(f", {name} {value}" for name, value in found.options.items())
    eyebrow = f"{found.application}{options} · features · {data}"
    return Sheet(eyebrow, title(found), lead, sections, found.provenance)


def short_rows(found: Worth) -> Iterator[Titled]:
    """Title, head and rows of what fits a terminal; the rest stands in the report."""
    kind = "generated" if found.generated else "recorded"
    yield (
        f"{found.recipe} · {kind} data · {found.rows:,} unseen rows · loss {found.loss:.4f} ({found.metric})",
        ("context", "verdict", "loss without it", "95 %", "Shapley share", "fresh within"),
        tuple(
            (
                each.name,
                _verdict(each),
                _rise(each.adds),
                _span(each.adds),
                share(each.importance.share.value) if each.importance else NONE,
                _slots(each.freshness),
            )
            for each in found.groups
        ),
    )
    looked = [each for each in found.features if each.importance][:SHOWN]
    yield (
        f"the {len(looked)} features with the largest share",
        ("feature", "Shapley share", "95 %", "loss if shuffled", "95 %"),
        tuple((each.name, *_feature(each)[2:6]) for each in looked),
    )


def _grids(found: Worth, what: str) -> tuple[Grid, ...]:
    """The table of one section."""
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    used = [each for each in found.groups if each.importance]
    if what == "adds":
        head = ("context", "verdict", "loss without it", "95 % interval", "features")
        rows = [
            (each.name, _verdict(each), _rise(each.adds), _span(each.adds), ", ".join(each.columns))
            for each in found.groups
        ]
    elif what == "looks":
        head = (
            "context",
            "loss if shuffled",
            "95 % interval",
            "Shapley share",
            "95 % interval",
            "steady",
            "by stretch",
        )
        rows = [(each.name, *_looks(each.importance)) for each in used if each.importance]
    elif what == "fresh":
        head = ("context", "harmless up to", "harmful from", *(f"{age.slots} old" for age in found.everything.ages))
        aged = [(each.name, each.freshness) for each in found.groups if each.freshness]
        rows = [
            (
                name,
                _slots(fresh),
                _harmful(fresh),
                *(f"{_rise(age.comparison)} ({_span(age.comparison)})" for age in fresh.ages),
            )
            for name, fresh in (*aged, ("everything", found.everything))
        ]
    else:
        head = ("context", "processor time", "least and most of 5", "memory", "stored")
        rows = [
            (
                each.name,
                f"{_milliseconds(each.cost.seconds.value)}",
                f"{_milliseconds(each.cost.seconds.interval.low)} to {_milliseconds(each.cost.seconds.interval.high)}",
                f"{each.cost.memory / 1e6:.1f}{SPACE}MB",
                f"{each.cost.stored / 1e6:.1f}{SPACE}MB",
            )
            for each in found.groups
        ]
    return (Grid(head, tuple(rows)),)


def _features(found: Worth) -> Titled:
    head = ("feature", "context", "Shapley share", "95 %", "shuffled", "95 %", "null", "shift")
    return "", head, tuple(_feature(each) for each in found.features)


def _feature(each: FeatureWorth) -> tuple[str, ...]:
    found = each.importance
    size = (
        (share(found.share.value), f"{share(found.share.interval.low)} to {share(found.share.interval.high)}")
        if found
        else ()
    )
    drop = (_rise(found.shuffled), _span(found.shuffled)) if found else ()
    parts = (*size, *drop) or ("not read by the model", NONE, NONE, NONE)
    index = each.shift.index
    moved = f"{index.value:.2f} ({index.interval.low:.2f} to {index.interval.high:.2f}; chance {each.shift.chance:.2f})"
    return (each.name, each.group or NONE, *parts, share(each.missing), moved)


def _looks(found: Importance) -> tuple[str, ...]:
    steady = NONE if found.steady is None else "yes" if found.steady else "no"
    stretches = ", ".join(_rise(each.comparison) for each in found.stretches) or NONE
    low, high = found.share.interval.low, found.share.interval.high
    size = (share(found.share.value), f"{share(low)} to {share(high)}")
    return (_rise(found.shuffled), _span(found.shuffled), *size, steady, stretches)


def _verdict(each: GroupWorth) -> str:
    return each.verdict if each.occurs else f"{each.verdict}; none of it in the window"


def _slots(fresh: Freshness | None) -> str:
    if fresh is None:
        return NONE
    return "the newest alone" if fresh.harmless_slots is None else _many(fresh.harmless_slots)


def _harmful(fresh: Freshness) -> str:
    return "none tried" if fresh.harmful_slots is None else _many(fresh.harmful_slots)


def _many(slots: int) -> str:
    return f"{slots} slot{'s' if slots > 1 else ''}"


def _rise(found: Comparison | None) -> str:
    """The relative rise of a loss, or the rise itself where there is no ratio."""
    if found is None:
        return NONE
    return share(found.ratio.value - 1, sign=True) if found.ratio else number(found.difference.value)


def _span(found: Comparison | None) -> str:
    if found is None:
        return NONE
    interval = found.ratio.interval if found.ratio else found.difference.interval
    if not found.ratio:
        return f"{number(interval.low)} to {number(interval.high)}"
    return f"{share(interval.low - 1, sign=True)} to {share(interval.high - 1, sign=True)}"


def _milliseconds(value: float) -> str:
    return f"{1000 * value:.3g}{SPACE}ms".replace("-", MINUS)


def _estimate(found: Estimate, unit: str) -> str:
    low, high = found.interval.low, found.interval.high
    return f"{found.value:.3f}{SPACE}{unit} (least and most of {found.count}: {low:.3f} to {high:.3f})"


def _chart(draw: Callable[[Worth, int], str], found: Worth, caption: str) -> Chart:
    return Chart(draw(found, WIDE), draw(found, NARROW), caption)
