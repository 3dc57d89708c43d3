"""Misleading features: too good to be true, not there when served, drifting, redundant, or standing in for people."""

from collections.abc import Callable, Mapping
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.audit.checking import ORIGINS, SAMPLE, SHOWN, Check
from afield.audit.sampling import Sample, draw
from afield.errors import DataError, FeatureError
from afield.evaluation.association import twins, unexplained
from afield.evaluation.stability import shift
from afield.features.compute import compute, known
from afield.records.evidence import Estimate
from afield.records.facts import Window
from afield.statistics.losses import poisson_deviance
from afield.workshop.plan import SEED, Build

Floats = NDArray[np.float64]
History = Mapping[str, pl.LazyFrame]

LEAK, FAR_BETTER, RIVAL = 0.01, 0.1, 5.0
"""A feature that leaves less than the first share of the variance is a leak; one that leaves less than the second, and
so many times less than any other, is suspicious."""
FLOOR = 0.5
"""Counts around a true rate vary by their mean at least: a feature that leaves less than half of that knows them."""
MOVED = 0.25
PROXY = 0.5


def misleading(plan: Build, history: History, tell: Callable[[str], None] = lambda _: None) -> tuple[Check, ...]:
    """Every check, on a sample of the training window and of what follows it; failures and warnings told apart."""
    try:
        sample = draw(plan, history, tell)
    except (DataError, FeatureError) as error:
        return (Check("misleading", False, "nothing", (str(error),)),)
    return (
        usable(plan, sample),
        too_good(plan, sample),
        served(plan, history),
        drifting(plan, sample),
        redundant(plan, sample),
        proxies(plan, sample, history),
    )


def usable(plan: Build, sample: Sample) -> Check:
    """Whether every feature is a finite number or null, and takes more than one value."""
    failed, warned = [], []
    for name in plan.features.names:
        values = sample.values(name)
        endless, known_values = np.isinf(values).sum(), values[np.isfinite(values)]
        if endless:
            failed.append(f"{name}: infinite in {endless:,} of {values.size:,} rows; a model cannot read it: bound it")
        if not known_values.size:
            warned.append(f"{name}: null in all {values.size:,} rows; is the file that it comes from there?")
        elif np.unique(known_values).size == 1:
            missing = f", null in {np.isnan(values).mean():.1%} of the rows" if np.isnan(values).any() else ""
            warned.append(f"{name}: constant, {known_values[0]:g}{missing}; it tells nothing in these data")
    return _check("usable", sample.looked, failed, warned)


def too_good(plan: Build, sample: Sample) -> Check:
    """Whether a feature alone tells what came true nearly perfectly: then it was made from it, or after it."""
    truth = sample.values("truth")
    if np.unique(truth).size < 2:
        found = (f"the truth is {truth[0]:g} in every row; there is nothing to tell, and a leak cannot be seen",)
        return Check("too_good", False, sample.looked, found)
    left = {name: unexplained(sample.values(name), truth, sample.block) for name in plan.features.names}
    counts = plan.loss is poisson_deviance
    # Squared error that the best rate would leave: of counts, their mean; of anything else nothing is known.
    least = FLOOR * float(truth.mean()) / float(truth.var()) if counts else LEAK
    failed, warned = [], []
    for name, share in sorted(left.items(), key=lambda each: each[1].value):
        if share.value > max(least, FAR_BETTER):
            break
        told = f"{name}: alone it leaves {_share(share)} of the variance of what came true"
        if share.value < least:
            why = f", less than half of what chance leaves of counts ({least:.1%})" if counts else ""
            failed.append(f"{told}{why}; is it known before it happens? look at known_at of what it is made from")
        elif all(RIVAL * share.value < other.value for each, other in left.items() if each != name):
            warned.append(f"{told}, {RIVAL:g} times less than any other feature; make sure that it is known in time")
    return _check("too_good", sample.looked, failed, warned)


def served(plan: Build, history: History) -> Check:
    """Whether features that the batch knows are there when a tick is served, from what is known by then alone."""
    start, end = plan.period(history)
    end -= (end - datetime.min) % plan.slot
    window = Window(max(min(start, end), end - SAMPLE), end)
    origin, failed = plan.features.origin, []
    asked = plan.spine(history, window)
    ticks = asked[origin].unique().sort()
    if not len(ticks):
        return Check("served", False, "nothing", (f"there is nothing to serve from {window.start} to {window.end}",))
    drawn = [ticks[int(place)] for place in np.unique(np.linspace(0, len(ticks) - 1, ORIGINS).astype(int))]
    batch = compute(plan.features, asked, history)
    pairs = [
        (
            batch.filter(pl.col(origin) == tick),
            compute(plan.features, asked.filter(pl.col(origin) == tick), known(history, before=tick)),
        )
        for tick in drawn
    ]
    rows = sum(first.height for first, _ in pairs)
    for name in plan.features.names:
        gone = sum(int((first[name].is_not_null() & second[name].is_null()).sum()) for first, second in pairs)
        if gone:
            failed.append(
                f"{name}: null in {gone:,} of {rows:,} rows as served that have a value in the batch; the facts that "
                "it is made from are known only later: use those known before the origin"
            )
    return _check("served", f"{rows:,} rows of {len(drawn)} ticks from {window.start} to {window.end}", failed, [])


def drifting(plan: Build, sample: Sample) -> Check:
    """Which features look unlike training in what follows it, by an effect size and beyond chance."""
    warned = []
    for name in plan.features.names:
        moved = shift(sample.values(name), sample.block, sample.late, seed=SEED)
        if moved.index.value > MOVED and moved.beyond_chance:
            low, high = moved.index.interval.low, moved.index.interval.high
            warned.append(
                f"{name}: its population stability index between training and the latest data is "
                f"{moved.index.value:.2f}, 95% interval {low:.2f} to {high:.2f}; 99 in 100 dealings of the same days "
                f"stay below {moved.chance:.2f}: is it a season, a new source, or a fault?"
            )
    return _check("drifting", sample.looked, [], warned)


def redundant(plan: Build, sample: Sample) -> Check:
    """Which pairs of features say the same."""
    rows = np.column_stack([sample.values(name) for name in plan.features.names])
    warned = [
        f"{each.first} and {each.second}: {'ranks' if each.ranks else 'values'} correlate by "
        f"{each.correlation.value:.4f}, 95% interval {each.correlation.interval.low:.4f} to "
        f"{each.correlation.interval.high:.4f}; one of them will do"
        for each in twins(rows, plan.features.names, sample.block, seed=SEED)
    ]
    return _check("redundant", sample.looked, [], warned)


def proxies(plan: Build, sample: Sample, history: History) -> Check:
    """How well each feature alone tells to which protected group a row belongs."""
    attributes = _attributes(plan, sample, history)
    if not attributes:
        return Check("proxies", True, "no attribute is declared as protected (Assessment.protected, .attributes)")
    warned = []
    for attribute, labels in attributes.items():
        kept = labels.is_not_null().to_numpy()
        classes = labels.drop_nulls().unique().sort()
        if len(classes) < 2:
            known_of = "lies in the same group" if len(classes) else "has a known group"
            warned.append(f"{attribute}: {'every' if len(classes) else 'no'} row {known_of}; nobody can be told apart")
            continue
        target = np.column_stack([(labels.filter(pl.Series(kept)) == each).to_numpy() for each in classes])
        for name in plan.features.names:
            if name == attribute:
                warned.append(f"{name}: it is the protected attribute itself, and a feature")
                continue
            told = unexplained(sample.values(name)[kept], target.astype(np.float64), sample.block[kept])
            share = Estimate(1 - told.value, told.interval, told.count, told.weight)
            if share.value >= PROXY:
                low, high = 1 - told.interval.high, 1 - told.interval.low
                warned.append(
                    f"{name}: it tells {share.value:.0%} of {attribute} (Goodman and Kruskal's tau), 95% interval "
                    f"{low:.0%} to {high:.0%}: whoever uses it uses the attribute; look at what the model does by group"
                )
    return _check("proxies", f"{sample.looked}, by {', '.join(attributes)}", [], warned)


def _attributes(plan: Build, sample: Sample, history: History) -> dict[str, pl.Series]:
    """Name of each protected attribute → the group of each row of the sample, null where it is not known."""
    found: dict[str, pl.Series] = {}
    for name in plan.assessment.protected:
        if name not in sample.rows.columns:
            listed = ", ".join(sample.rows.columns)
            raise DataError(f"the protected column {name!r} is not among the examples' columns: {listed}")
        found[name] = sample.rows[name]
    for name, membership in plan.assessment.attributes.items():
        if isinstance(membership, str):
            found[name] = sample.rows[membership]
        else:
            table = membership(history)
            keys = sample.rows.select(pl.col(plan.features.keys[0]).alias("key"))
            typed = table.with_columns(pl.col("key").cast(keys.schema["key"])).unique("key")
            found[name] = keys.join(typed, on="key", how="left", maintain_order="left")["group"]
    return found


def _share(share: Estimate) -> str:
    return f"{share.value:.2%} (95% interval {share.interval.low:.2%} to {share.interval.high:.2%})"


def _check(name: str, looked: str, failed: list[str], warned: list[str]) -> Check:
    def short(found: list[str]) -> tuple[str, ...]:
        more = (f"and {len(found) - SHOWN} more",) if len(found) > SHOWN else ()
        return (*found[:SHOWN], *more)

    return Check(name, not failed, looked, short(failed), short(warned))
