"""Misleading features, each planted among honest ones, and bad input of every kind."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.audit.checking import Check
from afield.audit.misleading import misleading
from afield.features.feature import FeatureSet
from afield.statistics.losses import squared_error
from afield.workshop.plan import Assessment, Build, Table
from surge.building import build

START = datetime(2024, 1, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOMENT = pl.Datetime("us")
SHOPS = 12

History = Mapping[str, pl.LazyFrame]
Rows = Callable[[pl.DataFrame], pl.Expr]


def sales(days: int = 24, seed: int = 0) -> dict[str, pl.LazyFrame]:
    """Loaves sold per shop and hour, known at its end, and noise beside them."""
    random = np.random.default_rng(seed)
    at = np.repeat(pl.datetime_range(START, START + days * DAY, HOUR, closed="left", eager=True, time_unit="us"), SHOPS)
    shop = np.tile(np.arange(SHOPS), days * 24)
    rate = 1.0 + shop
    table = pl.DataFrame({"at": at, "shop": shop, "sold": random.poisson(rate), "noise": random.normal(size=len(at))})
    return {
        "sales": table.with_columns(
            pl.col("at").cast(MOMENT), known_at=pl.col("at").cast(MOMENT) + HOUR - timedelta(minutes=1)
        ).lazy()
    }


def plan(planted: pl.Expr, honest: bool = False, **changed: object) -> Build:
    """A build of three features: the shop's mean so far, noise, and what is planted on facts of the very hour."""

    def made(spine: pl.LazyFrame, history: History) -> pl.LazyFrame:
        now = history["sales"].select("shop", "sold", "noise", tick=pl.col("at"))
        before = now.with_columns(pl.col("tick") + HOUR)
        joined = spine.join(before if honest else now, on=["shop", "tick"], how="left", maintain_order="left")
        random = (pl.col("shop") * 7919 + pl.col("tick").dt.epoch("s") // 3600).hash(1) % 1000 / 1000
        return joined.select(
            "shop", "tick", has_history=True, mean=pl.col("shop") + random, noise=random, planted=planted
        )

    whole: dict[str, object] = {
        "tables": {"sales": Table({"at": MOMENT, "known_at": MOMENT}, key=("at",), time="at")},
        "features": FeatureSet(made, ("mean", "noise", "planted"), lookback=DAY, keys=("shop",), origin="tick"),
        "spine": lambda history, window: (
            history["sales"]
            .select("shop", tick=pl.col("at"))
            .filter(pl.col("tick").is_between(window.start, window.end, closed="left"))
            .collect()
        ),
        "labels": lambda rows, history: rows.join(
            history["sales"].select("shop", tick=pl.col("at"), truth=pl.col("sold").cast(pl.Float64)).collect(),
            on=["shop", "tick"],
            how="left",
            maintain_order="left",
        ),
        "period": lambda history: (START, START + (history["sales"].select(pl.len()).collect().item() // SHOPS) * HOUR),
        "validation": 3 * DAY,
        "test": 4 * DAY,
        "assessment": Assessment(),
        "contracts": (),
    }
    return replace(build({"slot": "60m"}), **(whole | changed))


def checked(
    planted: pl.Expr, honest: bool = False, history: History | None = None, **changed: object
) -> dict[str, Check]:
    found = misleading(plan(planted, honest, **changed), history or sales())
    return {each.name: each for each in found}


def test_honest_features_are_neither_failures_nor_warnings() -> None:
    found = checked(pl.col("sold").cast(pl.Float64), honest=True)
    assert list(found) == ["usable", "too_good", "served", "drifting", "redundant", "proxies"]
    assert all(each.passed for each in found.values()), found
    assert not [text for each in found.values() for text in each.warnings]


@pytest.mark.parametrize("leak", [pl.col("sold"), -2.0 * pl.col("sold") ** 2, pl.col("sold") + 0.1 * pl.col("noise")])
def test_a_feature_that_is_made_of_the_truth_is_a_failure(leak: pl.Expr) -> None:
    found = checked(leak.cast(pl.Float64))
    assert not found["too_good"].passed
    assert found["too_good"].findings[0].startswith("planted: alone it leaves ")
    assert "95% interval" in found["too_good"].findings[0]
    assert "mean:" not in " ".join(found["too_good"].findings)


def test_a_leak_of_anything_but_counts_is_told_by_what_it_leaves() -> None:
    assert not checked(pl.col("sold").cast(pl.Float64), loss=squared_error)["too_good"].passed


def test_a_feature_that_nobody_knows_when_it_is_served_is_a_failure() -> None:
    found = checked(pl.col("noise"))
    assert not found["served"].passed
    assert found["served"].findings[0].startswith("planted: null in ")
    assert "as served that have a value in the batch" in found["served"].findings[0]
    assert checked(pl.col("noise"), honest=True)["served"].passed


def test_a_feature_that_drifts_is_a_warning() -> None:
    late = (pl.col("tick") >= START + 17 * DAY).cast(pl.Float64)
    found = checked(pl.col("noise").fill_null(0.0) + 3 * late, honest=True)["drifting"]
    assert found.passed
    assert found.warnings[0].startswith("planted: its population stability index between training and the latest data")


def test_a_double_is_a_warning() -> None:
    found = checked(2.0 * pl.col("shop"), honest=True)["redundant"]
    assert found.passed
    assert not found.warnings
    random = (pl.col("shop") * 7919 + pl.col("tick").dt.epoch("s") // 3600).hash(1) % 1000 / 1000
    double = checked(5.0 - random, honest=True)["redundant"]
    assert double.passed
    assert double.warnings[0].startswith("noise and planted: values correlate by -1.0000")


@pytest.mark.parametrize(
    ("planted", "warning"),
    [(pl.lit(7.0), "planted: constant, 7"), (pl.lit(None, pl.Float64), "planted: null in all ")],
)
def test_a_feature_that_tells_nothing_is_a_warning(planted: pl.Expr, warning: str) -> None:
    found = checked(planted, honest=True)["usable"]
    assert found.passed
    assert found.warnings[0].startswith(warning)


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_infinity_is_a_failure_and_breaks_no_other_check(value: float) -> None:
    found = checked(pl.when(pl.col("shop") == 3).then(value).otherwise(pl.col("noise")), honest=True)
    assert not found["usable"].passed
    assert "planted: infinite in " in found["usable"].findings[0]
    assert found["too_good"].passed


def test_nan_everywhere_counts_as_missing() -> None:
    found = checked(pl.lit(float("nan")), honest=True)
    assert found["usable"].warnings[0].startswith("planted: null in all ")
    assert all(each.passed for each in found.values())


def test_a_proxy_of_a_protected_attribute_is_a_warning() -> None:
    people = {"part of town": lambda _: pl.DataFrame({"key": range(SHOPS), "group": ["east"] * 6 + ["west"] * 6})}
    found = checked(pl.col("shop") * 1.0, honest=True, assessment=Assessment(attributes=people))["proxies"]
    assert found.passed
    assert any(each.startswith("planted: it tells 100% of part of town") for each in found.warnings)
    assert not any(each.startswith("noise:") for each in found.warnings)


def test_a_protected_column_that_is_a_feature_is_said_to_be_one() -> None:
    flag = (pl.col("shop") > 5).cast(pl.Float64)
    found = checked(flag, honest=True, assessment=Assessment(protected=("planted",)))["proxies"]
    assert "planted: it is the protected attribute itself, and a feature" in found.warnings


def test_an_attribute_that_nobody_knows_or_shares_is_told() -> None:
    alone = {"town": lambda _: pl.DataFrame({"key": range(SHOPS), "group": ["here"] * SHOPS})}
    found = checked(pl.lit(1.0), honest=True, assessment=Assessment(attributes=alone))["proxies"]
    assert found.warnings == ("town: every row lies in the same group; nobody can be told apart",)


def test_a_truth_of_one_value_alone_is_a_finding() -> None:
    same = {"sales": sales()["sales"].with_columns(sold=pl.lit(3))}
    found = checked(pl.lit(1.0), honest=True, history=same)["too_good"]
    assert not found.passed
    assert found.findings[0].startswith("the truth is 3 in every row")


def test_two_rows_are_too_few_to_tell_and_say_so() -> None:
    few = {"sales": sales()["sales"].head(2)}
    (found,) = misleading(plan(pl.lit(1.0)), few)
    assert not found.passed
    assert "give data with rows" in found.findings[0] or "give" in found.findings[0]
