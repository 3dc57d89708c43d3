"""Surge's features: what each count means, and that they neither peek nor differ between batch and tick."""

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from afield.errors import FeatureError
from afield.features.compute import compute
from afield.features.feature import History
from afield.features.parity import no_peeking, parity, partition
from surge.features import GROUPS, NAMES, feature_set

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2024, 3, 6, 18)
MOMENT = pl.Datetime("us")


def town(orders: pl.DataFrame, **tables: pl.DataFrame) -> History:
    """A town of four zones in a row, 10 - 20 - 30 - 40, with empty context unless it is given."""
    found = {
        "orders": orders,
        "zones": pl.DataFrame(
            {"location_id": [40, 10, 20, 30], "lon": [4.0, 1.0, 2.0, 3.0], "lat": [0.0, 0.1, 0.2, 0.3]},
            schema_overrides={"location_id": pl.Int32},
        ),
        "adjacency": pl.DataFrame(
            {"zone_a": [10, 20, 20, 30, 30, 40], "zone_b": [20, 10, 30, 20, 40, 30]},
            schema={"zone_a": pl.Int32, "zone_b": pl.Int32},
        ),
        "weather": pl.DataFrame(
            schema={
                "at": MOMENT,
                "known_at": MOMENT,
                **dict.fromkeys(("temperature", "precipitation", "snowfall"), pl.Float64),
            }
        ),
        "events": pl.DataFrame(
            schema={
                "event_id": pl.Utf8,
                "starts_at": MOMENT,
                "location": pl.Int32,
                "known_at": MOMENT,
                "league": pl.Utf8,
            }
        ),
        "holidays": pl.DataFrame(schema={"date": pl.Date, "name": pl.Utf8}),
        **tables,
    }
    if "target_known_at" not in found["orders"].columns:
        found["orders"] = found["orders"].with_columns(target_known_at=pl.lit(None, MOMENT))
    return {name: table.lazy() for name, table in found.items()}


def ordered(rows: list[tuple[int, int | None, datetime]], delay: timedelta = timedelta(0)) -> pl.DataFrame:
    """Orders from `(pickup zone, target zone, made at)`."""
    schema = {"pickup_location": pl.Int32, "target_location": pl.Int32, "at": MOMENT}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(known_at=pl.col("at") + delay)


def many(seed: int = 0, days: int = 60, delay: timedelta = timedelta(0)) -> pl.DataFrame:
    """Orders at random over the `days` before `NOW + 3 days`."""
    random = np.random.default_rng(seed)
    size = 40 * days
    at = [NOW + 3 * DAY - timedelta(minutes=int(minute)) for minute in random.integers(1, days * 1440, size)]
    pickups, targets = random.choice([10, 20, 30, 40], (2, size), p=[0.5, 0.3, 0.15, 0.05]).tolist()
    return ordered(list(zip(pickups, targets, at, strict=True)), delay)


def asked(*zones: int, at: datetime = NOW) -> pl.DataFrame:
    return pl.DataFrame({"zone": zones, "slot": [at] * len(zones)}, schema={"zone": pl.Int32, "slot": MOMENT})


def spine(days: int, slot: timedelta) -> pl.DataFrame:
    """Every zone and slot of the `days` before `NOW`."""
    slots = pl.datetime_range(NOW - days * DAY, NOW, slot, closed="left", time_unit="us", eager=True)
    zones = pl.Series([10, 20, 30, 40], dtype=pl.Int32)
    return pl.DataFrame({"slot": slots}).join(pl.DataFrame({"zone": zones}), how="cross").select("zone", "slot")


def row(history: History, zone: int, slot: timedelta = HOUR, at: datetime = NOW) -> dict[str, float | None]:
    return compute(feature_set(slot), asked(zone, at=at), history).to_dicts()[0]


def every_day(zone: int, days: int = 40) -> list[tuple[int, int | None, datetime]]:
    """One order each hour, so that the history is known."""
    return [(zone, None, NOW - hour * HOUR) for hour in range(1, days * 24 + 1)]


def test_lags_count_the_slots_before_and_never_the_slot_itself() -> None:
    orders = ordered(
        [(10, 20, NOW), (10, 20, NOW - timedelta(microseconds=1)), (10, 20, NOW - HOUR), (10, 30, NOW - 3 * HOUR)]
    )
    found = row(town(orders), 10)
    assert [found["lag_1"], found["lag_2"], found["lag_3"]] == [2, 0, 1]
    assert row(town(orders), 20)["heading_1h"] == 2
    assert row(town(orders), 20)["neighbours_1h"] == 2


def test_weekly_counts_are_of_the_same_slot_of_past_weeks() -> None:
    extra = [(10, None, NOW - 7 * DAY + timedelta(minutes=minute)) for minute in range(7)]
    found = row(town(ordered(every_day(10) + extra)), 10)
    assert found["one_week_back"] == 8
    assert found["same_slot_four_weeks"] == (8 + 1 + 1 + 1) / 4
    assert found["one_day_back"] == 1


def test_means_use_the_weeks_that_are_known_and_the_row_says_what_it_lacks() -> None:
    for days, has_history, mean in ((40, True, 1.0), (15, False, 1.0), (6, False, None)):
        found = row(town(ordered(every_day(10, days))), 10)
        assert (found["has_history"], found["mean_28d"], found["same_slot_four_weeks"]) == (has_history, mean, mean)


def test_an_order_counts_once_it_is_known_and_a_late_one_in_the_slot_when_it_came() -> None:
    delay = timedelta(minutes=90)
    orders = ordered([(10, None, NOW - 3 * HOUR), (10, None, NOW - HOUR)], delay)
    late = ordered([(20, None, NOW - 30 * HOUR)], timedelta(hours=26))
    rows = compute(feature_set(HOUR, delay), asked(10, 20), town(pl.concat([orders, late]))).to_dicts()
    assert [rows[0]["lag_1"], rows[0]["lag_2"]] == [1, 0]
    assert [rows[1]["one_day_back"], rows[1]["lag_3"] + rows[1]["lag_2"] + rows[1]["mean_6h"] * 6] == [0, 1]


def test_weather_is_the_latest_report_known_before_the_slot_and_grows_stale() -> None:
    at = [NOW - hours * HOUR for hours in (3, 2, 1, 0)]
    weather = pl.DataFrame(
        {
            "at": at,
            "known_at": at,
            "temperature": [1.0, 2.0, 3.0, 4.0],
            "precipitation": [0.1, 0.2, 0.4, 9.0],
            "snowfall": [0.0] * 4,
        },
        schema_overrides={"at": MOMENT, "known_at": MOMENT},
    )
    history = town(many(), weather=weather)
    found = row(history, 10)
    assert (found["temperature"], found["precipitation"]) == (3.0, 0.4)
    assert found["precipitation_3h"] == pytest.approx(0.7)
    assert row(history, 10, at=NOW + 7 * HOUR)["temperature"] is None


def test_events_reach_the_zone_and_its_neighbours_once_they_are_known() -> None:
    events = pl.DataFrame(
        {
            "event_id": ["a", "b"],
            "starts_at": [NOW + 2 * HOUR] * 2,
            "location": [10, 40],
            "known_at": [NOW - DAY, NOW],
            "league": ["x"] * 2,
        },
        schema_overrides={"starts_at": MOMENT, "known_at": MOMENT, "location": pl.Int32},
    )
    rows = compute(feature_set(HOUR), asked(10, 20, 30, 40), town(many(), events=events))
    assert rows["event"].to_list() == [-2.0, -2.0, None, None]


def test_holidays_are_told_for_the_day_and_its_neighbours() -> None:
    history = town(many(), holidays=pl.DataFrame({"date": [date(2024, 3, 7)], "name": ["Fair"]}))
    found = row(history, 10)
    assert (found["holiday"], found["holiday_tomorrow"], found["holiday_yesterday"]) == (0, 1, 0)
    assert (found["hour_of_day"], found["hour_of_week"]) == (18, 2 * 24 + 18)


def test_missing_context_becomes_null_and_nothing_else_does() -> None:
    found = row(town(many()), 30)
    lacking = {name for name in NAMES if found[name] is None}
    context = {"temperature", "precipitation", "snowfall", "precipitation_3h", "event"}
    assert lacking == context | {"holiday", "holiday_yesterday", "holiday_tomorrow"}


def test_any_order_of_the_spine_gives_the_same_rows() -> None:
    history, rows = town(many()), spine(2, HOUR)
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=1)
    whole = compute(feature_set(HOUR), rows, history)
    assert compute(feature_set(HOUR), shuffled, history).sort("slot", "zone").equals(whole.sort("slot", "zone"))


@pytest.mark.parametrize("slot", [HOUR, timedelta(minutes=15)])
@pytest.mark.parametrize("delay", [timedelta(0), timedelta(minutes=40)])
def test_features_neither_peek_nor_depend_on_how_they_are_computed(slot: timedelta, delay: timedelta) -> None:
    weather = pl.DataFrame(
        {"at": pl.datetime_range(NOW - 60 * DAY, NOW, "1h", eager=True, time_unit="us")}
    ).with_columns(
        known_at=pl.col("at") + timedelta(minutes=50),
        temperature=pl.int_range(pl.len()) * 0.1,
        precipitation=0.1,
        snowfall=0.0,
    )
    declared = feature_set(slot, delay)
    history = town(pl.concat([many(delay=delay), many(1, delay=2 * delay)]), weather=weather)
    assert no_peeking(declared, spine(3, slot), history, groups=3) == ()
    assert parity(declared, spine(3, slot), history, ticks=3) == ()
    assert partition(declared, spine(3, slot), history, parts=3) == ()


def test_zones_and_slots_off_the_grid_are_refused() -> None:
    with pytest.raises(FeatureError, match="zone 99"):
        compute(feature_set(HOUR), asked(99), town(many()))
    with pytest.raises(FeatureError, match="18:20"):
        compute(feature_set(HOUR), asked(10, at=NOW + timedelta(minutes=20)), town(many()))


def test_the_real_files_give_whole_rows(request: pytest.FixtureRequest) -> None:
    folder = Path(request.config.rootpath).parent / "shared" / "data" / "surge"
    if not folder.exists():
        pytest.skip(f"no recorded trips at {folder}")
    trips = pl.scan_parquet(folder / "trips" / "green_tripdata_2023-06.parquet")
    orders = trips.select(
        pickup_location=pl.col("PULocationID").cast(pl.Int32),
        target_location=pl.col("DOLocationID").cast(pl.Int32),
        at=pl.col("lpep_pickup_datetime").cast(MOMENT),
        known_at=pl.col("lpep_pickup_datetime").cast(MOMENT),
    ).collect()
    zones = pl.read_parquet(folder / "zones.parquet").select("location_id", lon="centroid_lon", lat="centroid_lat")
    history = town(orders, zones=zones)
    day = datetime(2023, 6, 30)
    rows = pl.DataFrame({"zone": zones["location_id"].cast(pl.Int32)}).with_columns(slot=pl.lit(day, dtype=MOMENT))
    found = compute(feature_set(DAY / 24), rows, history)
    made = orders.filter(pl.col("at").is_between(day - HOUR, day, closed="left")).height
    assert found["lag_1"].sum() == made


def test_a_destination_that_shows_at_the_drop_off_heads_nowhere_before() -> None:
    at = NOW - HOUR / 2
    rides = ordered([(10, 20, at), (10, 20, at)])
    late = rides.with_columns(target_known_at=pl.Series([at + HOUR, at + HOUR / 4], dtype=MOMENT))
    before = many().with_columns(target_known_at=pl.lit(None, MOMENT))
    without = row(town(before), 20)["heading_1h"]
    assert row(town(pl.concat([before, late])), 20)["heading_1h"] == without + 1


def test_every_feature_lies_in_one_group() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(NAMES)


def test_some_features_alone_equal_those_made_with_all() -> None:
    history, rows, features = town(many()), spine(1, HOUR), feature_set(HOUR)
    whole = compute(features, rows, history)
    assert features.narrow is not None
    for names in GROUPS.values():
        alone = features.narrow(names)(rows.lazy(), history).collect()
        assert alone.columns == ["zone", "slot", "has_history", *(name for name in alone.columns if name in names)]
        expected = whole.select("has_history", *names)
        assert alone.select("has_history", pl.col(names).cast(pl.Float64)).equals(expected)


def test_a_surge_is_more_than_chance_around_the_usual_orders() -> None:
    usual = [
        (10, None, NOW - week * 7 * DAY - DAY + minute * timedelta(minutes=10))
        for week in range(5)
        for minute in (1, 2)
    ]
    crowd = [(10, None, NOW - DAY + timedelta(minutes=5 + n)) for n in range(3)]
    zone = compute(feature_set(HOUR), asked(10), town(ordered([*usual, *crowd]))).row(0, named=True)
    # Two orders are usual in that hour of the week: 2 + 1.3 × √2 rounds up to four, and five came.
    assert (zone["surges_3h"], zone["surges_24h"], zone["surges_same_time"]) == (0.0, 1.0, 1.0)
    calm = compute(feature_set(HOUR), asked(10), town(ordered(usual))).row(0, named=True)
    assert (calm["surges_24h"], calm["surges_same_time"]) == (0.0, 0.0)
