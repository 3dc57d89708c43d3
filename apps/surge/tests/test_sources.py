from pathlib import Path

import pytest

from afield.errors import UsageError
from surge.generated import GeneratedCity
from surge.sources import open_source
from surge.tabular import OrderFile
from surge.taxi import TaxiFiles


def test_nothing_named_is_the_generated_city() -> None:
    source = open_source(None, {"slot": "15m", "density": "2", "seed": "9"})
    assert isinstance(source, GeneratedCity)
    assert (source.density, source.seed, source.slot.seconds) == (2.0, 9, 900)


def test_a_folder_is_taxi_files(tmp_path: Path) -> None:
    assert isinstance(open_source(tmp_path, {}), TaxiFiles)


def test_a_csv_file_is_orders(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("UserId\n")
    assert isinstance(open_source(path, {}), OrderFile)


def test_a_trip_file_alone_is_taxi_files(taxi_folder: Path) -> None:
    assert isinstance(open_source(taxi_folder / "hvfhv_sample_2020-04.parquet", {}), TaxiFiles)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("gone", {}, "no such file or folder"),
        ("notes.txt", {}, "neither .csv nor .parquet"),
        ("orders.csv", {"date": "31.5.2024"}, "is not a day"),
        (None, {"density": "many"}, "is not a number"),
        (None, {"density": "nan"}, "out of range"),
        (None, {"slot": "7m"}, "is not known"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, name: str | None, options: dict[str, str], message: str) -> None:
    for there in ("notes.txt", "orders.csv"):
        (tmp_path / there).touch()
    with pytest.raises(UsageError, match=message):
        open_source(None if name is None else tmp_path / name, options)
