"""The feature stage: computing, the contract's digest, and the three checks with their planted faults."""

from datetime import datetime, timedelta
from functools import partial

import polars as pl
import pytest

from afield.errors import FeatureError
from afield.features.compute import compute, known
from afield.features.feature import FeatureSet, History, digest
from afield.features.parity import differences, no_peeking, parity, partition

START = datetime(2024, 1, 1)
HOUR = timedelta(hours=1)
SPINE = pl.DataFrame(
    {"shop": [1, 2] * 48, "hour": [START + HOUR * (tick // 2) for tick in range(96)]},
    schema={"shop": pl.Int32, "hour": pl.Datetime("us")},
)
SALES = pl.DataFrame(
    {
        "shop": [1 + sale % 2 for sale in range(600)],
        "at": [START - timedelta(days=2) + timedelta(minutes=9) * sale for sale in range(600)],
    },
    schema={"shop": pl.Int32, "at": pl.Datetime("us")},
).with_columns(known_at=pl.col("at") + timedelta(minutes=5))
HISTORY: History = {"sales": SALES.lazy()}


def recent(
    spine: pl.LazyFrame, history: History, *, hours: int = 3, ahead: int = 0, by: str = "known_at"
) -> pl.LazyFrame:
    """Sales of the last `hours`, seen `ahead` hours too early."""
    rows = spine.with_row_index()
    until = pl.col("hour") + timedelta(hours=ahead)
    sold = rows.join(history["sales"], on="shop").filter(
        pl.col(by) < until, pl.col("at") >= pl.col("hour") - timedelta(hours=hours)
    )
    counted = sold.group_by("index").agg(pl.len().alias("recent"))
    filled = rows.join(counted, on="index", how="left", maintain_order="left").drop("index")
    return filled.with_columns(pl.col("recent").fill_null(0), has_history=True)


def of_the_batch(spine: pl.LazyFrame, history: History) -> pl.LazyFrame:
    """A feature that is scaled by the batch's own largest value."""
    return recent(spine, history).with_columns(pl.col("recent") / (1 + pl.col("hour").n_unique()))


def shops(compute_: object = recent, lookback: timedelta = 3 * HOUR) -> FeatureSet:
    """A feature set over the sales above."""
    assert callable(compute_)
    return FeatureSet(compute_, ("recent",), lookback, ("shop",), "hour", ("hour",))


def test_rows_keep_the_order_of_the_spine() -> None:
    shuffled = SPINE.sample(fraction=1.0, shuffle=True, seed=3)
    rows = compute(shops(), shuffled, HISTORY)
    assert rows.columns == ["shop", "hour", "has_history", "recent"]
    assert rows.schema["recent"] == pl.Float64
    assert rows.select("shop", "hour").equals(shuffled)


def test_an_honest_feature_has_no_findings() -> None:
    for check in (no_peeking, parity, partition):
        assert check(shops(), SPINE, HISTORY) == ()


def test_a_feature_that_peeks_by_one_slot_is_found() -> None:
    findings = no_peeking(shops(partial(recent, ahead=1)), SPINE, HISTORY)
    assert [finding.feature for finding in findings] == ["recent"]
    assert "known_at" in findings[0].message


def test_a_feature_that_uses_facts_before_they_were_known_is_found() -> None:
    assert no_peeking(shops(partial(recent, by="at")), SPINE, HISTORY, groups=20)


def test_a_feature_that_depends_on_the_extent_of_the_batch_is_found() -> None:
    assert parity(shops(of_the_batch), SPINE, HISTORY)
    assert partition(shops(of_the_batch), SPINE, HISTORY)


def test_a_lookback_that_is_too_short_is_found() -> None:
    assert parity(shops(partial(recent, hours=5)), SPINE, HISTORY)
    assert partition(shops(partial(recent, hours=5)), SPINE, HISTORY)


def test_whole_numbers_must_be_equal_and_others_close() -> None:
    rows = compute(shops(), SPINE, HISTORY)
    halves = rows.with_columns(pl.col("recent") + 0.5)
    assert differences("parity", shops(), halves, halves.with_columns(pl.col("recent") * (1 + 1e-12))) == ()
    assert differences("parity", shops(), halves, halves.with_columns(pl.col("recent") * (1 + 1e-8)))
    assert differences("parity", shops(), rows, rows.with_columns(pl.col("recent") + 1))


def test_the_cut_keeps_static_tables_and_schedules() -> None:
    history = {
        **HISTORY,
        "shops": pl.LazyFrame({"shop": [1, 2]}),
        "plans": pl.LazyFrame({"known_at": [START - timedelta(days=90), START + HOUR]}),
    }
    cut = known(history, since=START, before=START + HOUR)
    assert cut["shops"].collect().height == 2
    assert cut["plans"].collect().height == 1
    assert cut["sales"].collect()["at"].min() >= START  # type: ignore[operator]
    assert cut["sales"].collect()["known_at"].max() < START + HOUR  # type: ignore[operator]


def test_a_function_that_gives_other_columns_or_rows_is_refused() -> None:
    declared = FeatureSet(recent, ("recent", "older"), 3 * HOUR, ("shop",), "hour")
    with pytest.raises(FeatureError, match="older"):
        compute(declared, SPINE, HISTORY)
    with pytest.raises(FeatureError, match="95 rows for a spine of 96"):
        compute(shops(lambda spine, history: recent(spine, history).head(95)), SPINE, HISTORY)
    with pytest.raises(FeatureError, match="shop"):
        compute(shops(), SPINE.drop("shop"), HISTORY)


def test_an_empty_spine_gives_an_empty_frame() -> None:
    assert compute(shops(), SPINE.head(0), HISTORY).columns == ["shop", "hour", "has_history", "recent"]


def test_the_digest_follows_names_lookback_options_and_code() -> None:
    usual = shops()
    assert digest(usual) == digest(shops())
    others = [shops(lookback=4 * HOUR), shops(partial(recent, hours=2))]
    others.append(FeatureSet(recent, ("recent",), 3 * HOUR, ("shop",), "hour", modules=("afield.errors",)))
    assert len({digest(usual), *map(digest, others)}) == 4


def test_contradictory_declarations_are_refused() -> None:
    with pytest.raises(FeatureError, match="unique"):
        FeatureSet(recent, ("a", "a"), HOUR, ("shop",), "hour")
    with pytest.raises(FeatureError, match="lookback"):
        FeatureSet(recent, ("a",), timedelta(0), ("shop",), "hour")
