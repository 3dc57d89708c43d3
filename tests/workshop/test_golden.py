"""Golden rows: raw history as JSON, and features from it."""

from datetime import date, datetime
from functools import partial

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from afield.features.feature import HAS_HISTORY, FeatureSet
from afield.release.canonical import canonical
from afield.workshop.golden import as_columns, computing, from_plain, to_plain
from afield.workshop.plan import Table

MOMENT = pl.Datetime("us")
TABLES = {
    "sales": Table({"shop": pl.Int32, "at": MOMENT, "known_at": MOMENT, "price": pl.Float64}, ("shop",), "at"),
    "holidays": Table({"date": pl.Date, "name": pl.String}, ("date",)),
}
NOON = datetime(2024, 3, 1, 12)
SALES = pl.DataFrame(
    [(3, NOON, NOON, 2.5), (4, NOON, NOON.replace(microsecond=250000), None)],
    schema=dict(TABLES["sales"].schema),
    orient="row",
)


def test_history_survives_json() -> None:
    holidays = pl.DataFrame([(date(2024, 3, 1), "fair")], schema=dict(TABLES["holidays"].schema), orient="row")
    plain = to_plain({"sales": SALES.lazy(), "holidays": holidays.lazy()})
    assert canonical(plain)
    back = from_plain(plain, TABLES)
    assert_frame_equal(back["sales"].collect(), SALES)
    assert_frame_equal(back["holidays"].collect(), holidays)


def test_a_table_that_the_golden_rows_leave_out_is_empty_in_its_schema() -> None:
    back = from_plain({}, TABLES)["sales"].collect()
    assert back.is_empty()
    assert back.schema == SALES.schema


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="no place in golden rows"):
        to_plain({"sales": pl.LazyFrame({"x": [b"bytes"]})})


def test_a_value_that_is_not_known_is_nan() -> None:
    columns = as_columns(pl.DataFrame({"a": [1, None]}), ["a"])
    assert columns["a"].dtype == np.float64
    np.testing.assert_array_equal(columns["a"], [1.0, np.nan])


def known_price(spine: pl.LazyFrame, history: dict[str, pl.LazyFrame], *, factor: float) -> pl.LazyFrame:
    sold = history["sales"].select("shop", price=pl.col("price") * factor)
    return spine.join(sold, on="shop", how="left", maintain_order="left").with_columns(pl.lit(True).alias(HAS_HISTORY))


def test_features_of_golden_rows_come_in_the_order_of_the_keys() -> None:
    features = FeatureSet(partial(known_price, factor=2.0), ("price",), NOON - datetime(2024, 2, 1), ("shop",), "slot")
    make = computing(features, TABLES, pl.Int32())
    plain = to_plain({"sales": SALES.lazy()})
    tick = NOON.replace(hour=13)
    np.testing.assert_array_equal(make(tick, ("4", "3", "9"), plain)["price"], [np.nan, 5.0, np.nan])
    np.testing.assert_array_equal(make(NOON, ("3",), plain)["price"], [np.nan], "nothing was known before noon")
