"""Tables in an S3-compatible store behave as those in a folder do."""

import pickle
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from afield.application import load
from afield.control.office import open_office
from afield.errors import StoreError
from afield.store.tables import Tables
from tests.store.object_store import KEYS, bucket

FRAME = pl.DataFrame({"id": ["a", "b"], "n": [1, 2]})


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, bucket() as endpoint:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        yield f"?endpoint_url={endpoint}&allow_http=true"


def test_a_table_in_an_object_store_is_made_appended_once_and_read_as_of_a_version(store: str) -> None:
    tables = Tables(f"s3://bucket/one/tables{store}")
    assert not tables.exists("events")
    first = tables.append("events", FRAME, writer="w", transaction=1)
    assert tables.append("events", FRAME, writer="w", transaction=1) == first
    tables.append("events", FRAME, writer="w", transaction=2)
    assert tables.exists("events")
    assert tables.transaction("events", "w") == 2
    assert tables.scan("events").collect().height == 4
    assert tables.scan("events", first).collect().rows() == FRAME.rows()
    assert tables.compact("events") == 2


def test_the_tables_of_an_object_store_are_told(store: str) -> None:
    tables = Tables(f"s3://bucket/two{store}")
    assert tables.names() == ()
    for name in ("orders", "events"):
        tables.append(name, FRAME)
    assert tables.names() == ("events", "orders")


def test_a_scan_goes_to_another_machine_without_its_keys(store: str) -> None:
    tables = Tables(f"s3://bucket/three{store}")
    tables.append("events", FRAME)
    sent = pickle.dumps(tables.scan("events"))
    assert KEYS["AWS_SECRET_ACCESS_KEY"].encode() not in sent
    assert pickle.loads(sent).collect().height == 2


def test_a_store_that_does_not_answer_is_told_soon() -> None:
    tables = Tables("s3://bucket/tables?endpoint_url=http://127.0.0.1:1&allow_http=true&skip_signature=true")
    with pytest.raises(StoreError, match="s3://bucket/tables does not answer or refuses"):
        tables.append("events", FRAME)


@pytest.mark.parametrize("url", ["ftp://host/tables", "s3:///tables"])
def test_a_url_that_names_no_object_store_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="names no object store; use s3://bucket/folder"):
        Tables(url)


def test_an_application_keeps_its_tables_where_its_home_says(store: str, tmp_path: Path) -> None:
    (tmp_path / "tables.url").write_text(f"s3://bucket/home{store}")
    office = open_office(load("surge", {"slot": "60m"}), tmp_path, lambda _: None)
    office.tables.append("weather", FRAME)
    assert Tables(f"s3://bucket/home/surge-60m{store}").names() == ("weather",)
    assert not office.home.tables.exists()
