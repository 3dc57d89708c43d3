"""Costs: a group that takes long is seen to, by what is saved without it."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

import polars as pl

from afield.features.feature import FeatureSet
from afield.study.costs import REPEATS, costs

NOW = datetime(2024, 1, 1)
History = Mapping[str, pl.LazyFrame]
SPINE = pl.DataFrame({"key": ["a", "b"], "tick": [NOW, NOW + timedelta(hours=1)]})


def made(spine: pl.LazyFrame, _history: History, only: tuple[str, ...] = ("slow", "quick")) -> pl.LazyFrame:
    """Two columns, of which one takes its time."""
    if "slow" in only:
        until = time.process_time() + 0.02
        while time.process_time() < until:
            pass
    return spine.with_columns(has_history=pl.lit(True), **dict.fromkeys(only, pl.lit(1.0)))


def test_the_slow_group_costs_what_is_saved_without_it() -> None:
    features = FeatureSet(
        made,
        ("slow", "quick"),
        lookback=timedelta(days=1),
        keys=("key",),
        origin="tick",
        narrow=lambda names: partial(made, only=names),
    )
    told: list[str] = []
    whole, found = costs(features, SPINE, {}, {"s": ("slow",), "q": ("quick",)}, told.append)
    assert whole.value >= 0.02
    assert found["s"].seconds.value > 0.015
    assert found["s"].seconds.interval.low > found["q"].seconds.value
    assert found["s"].seconds.interval.level == 1 - 2 * 0.5**REPEATS
    assert (found["s"].stored, found["s"].rows) == (8, 2)
    assert "2 groups" in told[0]


def test_a_lazy_definition_needs_no_narrow_one() -> None:
    features = FeatureSet(made, ("slow", "quick"), lookback=timedelta(days=1), keys=("key",), origin="tick")
    _, found = costs(features, SPINE, {}, {"q": ("quick",)}, lambda _: None)
    assert found["q"].rows == 2
