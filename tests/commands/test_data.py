"""`afield data`."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest

from afield.commands.data import lasting
from tests.commands.conftest import Town
from tests.commands.town import APP, START


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with one month of trips, as it is published."""
    folder = tmp_path / "published"
    folder.mkdir()
    trip = {"lpep_pickup_datetime": [START], "lpep_dropoff_datetime": [START], "fare_amount": [9.0]}
    places = {"PULocationID": [74], "DOLocationID": [75]}
    pl.DataFrame(trip | places).write_parquet(folder / "green_tripdata_2024-01.parquet")
    return folder


@pytest.fixture
def address(published: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(published))) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def test_tables_are_listed_with_rows_versions_times_owner_and_who_reads_them(town: Town) -> None:
    value = town("data", "list", APP, "--json").value
    rows = {row["table"]: row for row in value["tables"]}
    orders, (release,) = rows["orders"], town("release", "list", APP, "--json").value
    assert orders["rows"] == pl.read_csv(town.early).height
    assert orders["first"] < "2024-01-02"
    assert orders["last"].startswith("2024-02-25")
    assert (orders["owner"], orders["budget_s"], orders["fresh"]) == ("dispatch", 900.0, False)
    assert orders["used_by"] == {release["release"]: "1"}
    assert rows["zones"]["first"] is None
    assert rows["zones"]["versions"] == 2
    assert value["provenance"]["data"]["orders"].startswith("1:")
    assert value["provenance"]["command"].startswith("afield data list")
    told = town("data", "list", APP).out
    assert "orders: 9 columns; key order_id" in told
    assert "old; 15 min allowed" in told
    assert "recorded" in told
    assert "only where facts are collected live" in told


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (900, "15 min"), (86_400 * 966 + 7200, "2 y 236 d"), (86_461, "1 d"), (3_661.4, "1 h 1 min")],
)
def test_a_stretch_of_time_is_told_in_words(seconds: float, said: str) -> None:
    assert lasting(seconds) == said


def test_an_empty_store_says_what_fills_it(empty_town: Town) -> None:
    assert "a build fills it" in empty_town("data", "list", APP).out


def test_months_are_fetched_with_their_digests(town: Town, address: str, published: Path, tmp_path: Path) -> None:
    asked = ("data", "fetch", APP, "--months", "2024-01", "--to", tmp_path / "taxi", "--base-url", address)
    done = town(*asked, "--service", "green", "--json")
    assert done.code == 0
    (file,) = done.value["files"]
    content = (published / "green_tripdata_2024-01.parquet").read_bytes()
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert (tmp_path / "taxi" / "trips" / file["file"]).read_bytes() == content
    assert "green_tripdata_2024-01.parquet:" in done.err


def test_fetched_files_lie_under_the_home_where_no_folder_is_named(town: Town, address: str) -> None:
    done = town("data", "fetch", APP, "--months", "2024-01", "--base-url", address)
    assert "afield build" in done.out
    assert (town.root / "downloads" / "town" / "trips" / "green_tripdata_2024-01.parquet").is_file()


def test_a_month_that_is_not_published_and_one_that_is_none_are_told_apart(town: Town, address: str) -> None:
    assert town("data", "fetch", APP, "--months", "2024-02", "--base-url", address).code == 1
    assert town("data", "fetch", APP, "--months", "soon", "--base-url", address).code == 2


def test_an_application_without_published_data_says_so(town: Town) -> None:
    done = town("data", "fetch", "tests.commands.town:secluded", "--months", "2024-01")
    assert done.code == 2
    assert "names no published data" in done.err
