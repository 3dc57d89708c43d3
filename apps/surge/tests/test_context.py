from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from afield.errors import DataError
from surge.context import read_context


def weather(folder: Path, *hours: datetime) -> None:
    pl.DataFrame(
        {
            "time": list(hours),
            "temperature_2m_c": [1.0 + n for n in range(len(hours))],
            "precipitation_mm": 0.0,
            "snowfall_cm": 0.0,
        }
    ).write_parquet(folder / "weather_hourly_2023.parquet")


@pytest.mark.parametrize(
    ("utc", "local"), [(datetime(2023, 1, 1, 5), datetime(2023, 1, 1)), (datetime(2023, 7, 1, 4), datetime(2023, 7, 1))]
)
def test_weather_is_told_in_local_time_and_known_an_hour_later(tmp_path: Path, utc: datetime, local: datetime) -> None:
    weather(tmp_path, utc)
    tables, _, _ = read_context(tmp_path)
    row = tables["weather"].collect().row(0, named=True)
    assert (row["at"], row["known_at"]) == (local, local.replace(hour=1))


def test_the_hour_that_occurs_twice_in_autumn_is_one_row(tmp_path: Path) -> None:
    weather(tmp_path, datetime(2023, 11, 5, 5), datetime(2023, 11, 5, 6))
    tables, _, _ = read_context(tmp_path)
    assert tables["weather"].select("at", "temperature").collect().rows() == [(datetime(2023, 11, 5, 1), 1.5)]


def test_a_game_starts_at_its_local_time_and_is_known_thirty_days_before(tmp_path: Path) -> None:
    pl.DataFrame(
        {"league": ["NBA"], "date": [datetime(2023, 3, 31).date()], "start_local": ["7:30 PM"], "location_id": [186]}
    ).write_parquet(tmp_path / "events_scheduled.parquet")
    row = read_context(tmp_path)[0]["events"].collect().row(0, named=True)
    assert (row["starts_at"], row["known_at"]) == (datetime(2023, 3, 31, 19, 30), datetime(2023, 3, 1, 19, 30))


def test_a_game_without_a_time_is_left_aside_and_told(tmp_path: Path) -> None:
    day = datetime(2023, 3, 31).date()
    games = {"league": "NBA", "date": [day, day], "start_local": ["7:30 PM", "TBD"], "location_id": 186}
    pl.DataFrame(games).write_parquet(tmp_path / "events_scheduled.parquet")
    tables, messages, _ = read_context(tmp_path)
    assert tables["events"].collect().height == 1
    assert any(message.startswith("1 rows of events") for message in messages)


def test_neighbours_are_told_in_both_directions(tmp_path: Path) -> None:
    pl.DataFrame({"zone_a": [1], "zone_b": [2]}).write_parquet(tmp_path / "zone_adjacency.parquet")
    assert read_context(tmp_path)[0]["adjacency"].collect().rows() == [(1, 2), (2, 1)]


def test_a_zone_without_a_place_is_not_on_the_map(tmp_path: Path) -> None:
    pl.DataFrame(
        {
            "location_id": [1, 57],
            "borough": "b",
            "zone": "z",
            "centroid_lon": [-74.0, None],
            "centroid_lat": [40.0, None],
        }
    ).write_parquet(tmp_path / "zones.parquet")
    assert read_context(tmp_path)[0]["zones"].collect()["location_id"].to_list() == [1]


def test_daily_weather_alone_is_not_used_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "weather_daily_central_park.parquet").write_bytes(b"")
    assert any("daily weather is not used" in message for message in read_context(tmp_path)[1])


def test_a_context_file_that_lacks_a_column_is_named(tmp_path: Path) -> None:
    pl.DataFrame({"zone_a": [1]}).write_parquet(tmp_path / "zone_adjacency.parquet")
    with pytest.raises(DataError, match=r"zone_adjacency\.parquet: column zone_b is missing"):
        read_context(tmp_path)
