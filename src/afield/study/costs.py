"""Costs: the time and memory that a group of features takes, as what is saved when it is left out."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import process_time

import msgspec
import polars as pl

from afield.features.compute import known
from afield.features.feature import HAS_HISTORY, Definition, FeatureSet, History
from afield.records.evidence import Estimate, Interval
from afield.training.cost import measured

REPEATS = 5
STORED = 4
"""Bytes of a value of a stored example (Float32)."""


class FeatureCost(msgspec.Struct, frozen=True):
    """What a group of features costs for the rows that it was measured on.

    Attributes:
        seconds: of processor time saved when the group is left out; may be below 0 by chance.
        memory: bytes that the group alone takes at its peak, beyond what the process held.
        stored: bytes of its columns in the examples.
        rows: how many rows it was measured on.
    """

    seconds: Estimate
    memory: float
    stored: int
    rows: int


def costs(
    feature_set: FeatureSet,
    spine: pl.DataFrame,
    history: History,
    groups: Mapping[str, Sequence[str]],
    tell: Callable[[str], None],
) -> tuple[Estimate, dict[str, FeatureCost]]:
    """Seconds of processor time for all features, and what each group adds to them.

    Everything and everything but the group are computed in turn, `REPEATS` times each; the median difference stands
    with the smallest and the largest, which hold the true median with a chance of `1 - 2 / 2 ** REPEATS`. What
    groups share (the counts that several are made from) is nobody's: the savings add up to less than the whole.

    Args:
        feature_set: with `narrow`, or lazy, so that what is not asked is not made.
        spine: the rows to compute.
        history: facts.
        groups: name → columns.
        tell: is told what happens.
    """
    origin = feature_set.origin
    first, last = spine[origin].min(), spine[origin].max()
    facts = known(history, since=first - feature_set.lookback, before=last)  # type: ignore[operator, arg-type]
    held = {name: table.collect().lazy() for name, table in facts.items()}
    tell(f"timing {len(groups)} groups of features on {spine.height:,} rows, {REPEATS} × in turn")

    def made(names: Sequence[str]) -> tuple[float, float]:
        definition = _only(feature_set, names)
        with measured() as cost:
            begun = process_time()
            definition(spine.lazy(), held).select(HAS_HISTORY, *names).collect()
            seconds = process_time() - begun
        return seconds, cost.memory

    made(feature_set.names)  # what is loaded once is no feature's cost
    whole: list[float] = []
    found: dict[str, FeatureCost] = {}
    for name, columns in groups.items():
        rest = [each for each in feature_set.names if each not in columns]
        pairs = [(made(feature_set.names)[0], made(rest)[0]) for _ in range(REPEATS)]
        whole += [everything for everything, _ in pairs]
        saved = _typical([everything - fewer for everything, fewer in pairs])
        stored = STORED * len(columns) * spine.height
        found[name] = FeatureCost(saved, made(columns)[1], stored, spine.height)
    return _typical(whole), found


def _only(feature_set: FeatureSet, names: Sequence[str]) -> Definition:
    """The definition of some features alone, where there is one."""
    return feature_set.narrow(tuple(names)) if feature_set.narrow else feature_set.compute


def _typical(values: Sequence[float]) -> Estimate:
    """The median, from the smallest to the largest.

    That range holds the true median but for samples that lie on one side of it (the sign test's interval).
    """
    count = len(values)
    interval = Interval(min(values), max(values), 1.0 - 2.0 * 0.5**count)
    return Estimate(median(values), interval, count, float(count))
