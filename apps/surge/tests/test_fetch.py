import threading
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest

from afield.errors import DataError, UsageError
from surge.fetch import fetch, months
from surge.taxi import TaxiFiles


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    for month in (1, 2):
        pickup = datetime(2023, month, 3, 8)
        pl.DataFrame(
            {
                "lpep_pickup_datetime": [pickup],
                "lpep_dropoff_datetime": [pickup],
                "PULocationID": [74],
                "DOLocationID": [75],
                "fare_amount": [9.0],
            }
        ).write_parquet(folder / f"green_tripdata_2023-{month:02d}.parquet")
    return folder


@pytest.fixture
def address(published: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(published))) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def test_fetched_months_are_a_folder_that_can_be_read(address: str, tmp_path: Path) -> None:
    lines: list[str] = []
    fetch(["2023-01..2023-02"], tmp_path / "taxi", address, told=lines.append)
    assert TaxiFiles(tmp_path / "taxi").read().rows_read == 2
    assert [line.split(":")[0] for line in lines] == [
        "green_tripdata_2023-01.parquet",
        "green_tripdata_2023-02.parquet",
    ]


def test_a_month_that_is_not_published_is_named(address: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"green_tripdata_2023-03\.parquet: the server answers 404"):
        fetch(["2023-03"], tmp_path / "taxi", address)


def test_a_published_file_that_is_no_trip_file_is_named(address: str, published: Path, tmp_path: Path) -> None:
    (published / "green_tripdata_2023-01.parquet").write_text("sorry")
    with pytest.raises(DataError, match=r"2023-01\.parquet: cannot be read .* \(as published at http"):
        fetch(["2023-01"], tmp_path / "taxi", address)


def test_an_unknown_service_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="service 'red'"):
        fetch(["2023-01"], tmp_path, "http://127.0.0.1:9", "red")


@pytest.mark.parametrize("text", ["2023-13", "2023-1", "", "2023-02..2023-01", "2023-01..2023-02..2023-03"])
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write it as 2023-01"):
        months(text)
