"""Delta tables: exactly once, versions, conflicts, types that survive, damage that is named."""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError
from polars.testing import assert_frame_equal

from afield.errors import ConflictError, StoreError
from afield.store.tables import Tables

AT = datetime(2023, 7, 1, 18, 15)
FRAME = pl.DataFrame({"id": ["a", "b"], "at": [AT, None], "n": [1, 2], "x": [0.5, float("nan")], "names": [["p"], []]})


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(tmp_path)


def together(*work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_rows_come_back_as_they_were_with_naive_times(tables: Tables) -> None:
    assert not tables.exists("events")
    tables.append("events", FRAME)
    assert tables.exists("events")
    assert_frame_equal(tables.scan("events").collect(), FRAME)


def test_a_table_is_read_as_of_a_version(tables: Tables) -> None:
    first = tables.append("events", FRAME)
    second = tables.append("events", FRAME)
    assert tables.scan("events", first).collect().height == 2
    assert tables.scan("events", second).collect().height == 4
    assert tables.versions("events") == tuple(range(second + 1))


def test_a_scan_is_not_changed_by_a_later_append(tables: Tables) -> None:
    tables.append("events", FRAME)
    scan = tables.scan("events")
    tables.append("events", FRAME)
    assert scan.collect().height == 2


def test_new_columns_merge_and_lacking_ones_are_null(tables: Tables) -> None:
    tables.append("events", FRAME.select("id", "n"))
    tables.append("events", FRAME.select("id", "x"))
    found = tables.scan("events").collect()
    assert found.columns == ["id", "n", "x"]
    assert found["n"].null_count() == found["x"].null_count() == 2


def test_a_transaction_is_appended_once(tables: Tables) -> None:
    assert tables.transaction("events", "w") is None
    first = tables.append("events", FRAME, writer="w", transaction=1)
    assert tables.append("events", FRAME, writer="w", transaction=1) == first
    tables.append("events", FRAME, writer="other", transaction=1)
    tables.append("events", FRAME, writer="w", transaction=2)
    assert tables.scan("events").collect().height == 6
    assert tables.transaction("events", "w") == 2


def test_a_transaction_stays_known_after_checkpoints(tables: Tables) -> None:
    for number in range(25):
        tables.append("events", FRAME, writer="w", transaction=number)
    assert tables.append("events", FRAME, writer="w", transaction=3) == tables.versions("events")[-1]
    assert tables.scan("events").collect().height == 50


def test_a_transaction_needs_its_writer(tables: Tables) -> None:
    with pytest.raises(StoreError, match="together"):
        tables.append("events", FRAME, transaction=1)


def test_writers_at_once_lose_and_double_nothing(tables: Tables) -> None:
    versions: list[int] = []

    def write(writer: int) -> None:
        for number in range(8):
            row = pl.DataFrame({"writer": [writer], "number": [number]})
            versions.append(tables.append("events", row, writer=f"w{writer}", transaction=number))

    together(*(lambda writer=writer: write(writer) for writer in range(4)))
    found = tables.scan("events").collect()
    assert sorted(found.rows()) == [(writer, number) for writer in range(4) for number in range(8)]
    assert sorted(versions) == list(range(1, 33))


def test_one_transaction_sent_by_several_at_once_is_appended_once(tables: Tables) -> None:
    tables.append("events", FRAME)
    together(*[lambda: tables.append("events", FRAME, writer="w", transaction=1)] * 4)
    assert tables.scan("events").collect().height == 4


def test_a_conflict_is_tried_again_and_keeps_the_batch(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = iter([CommitFailedError("somebody was faster")] * 3)

    def contested(*arguments: object, **named: object) -> None:
        for refusal in refusals:
            raise refusal
        write_deltalake(*arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr("afield.store.tables.write_deltalake", contested)
    tables.append("events", FRAME)
    assert_frame_equal(tables.scan("events").collect(), FRAME)


def test_a_conflict_that_does_not_end_is_raised(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise CommitFailedError("somebody was faster")

    monkeypatch.setattr("afield.store.tables.write_deltalake", refuse)
    monkeypatch.setattr("afield.store.tables.ATTEMPTS", 3)
    with pytest.raises(ConflictError, match="the rows are kept"):
        tables.append("events", FRAME)


def test_compaction_keeps_rows_versions_and_transactions(tables: Tables) -> None:
    for number in range(6):
        tables.append("events", FRAME, writer="w", transaction=number)
    assert tables.compact("events") == 6
    assert tables.compact("events") == 0
    assert tables.scan("events").collect().height == 12
    assert tables.scan("events", 3).collect().height == 6
    assert tables.transaction("events", "w") == 5


def test_types_that_delta_lacks_are_stored_as_their_like(tables: Tables) -> None:
    frame = pl.DataFrame(
        {"u": [2**32 - 1], "c": ["a"], "t": [AT], "none": [None]},
        schema={"u": pl.UInt32, "c": pl.Categorical, "t": pl.Datetime("ms"), "none": pl.Null},
    )
    tables.append("events", frame)
    tables.append("events", frame)
    found = tables.scan("events").collect()
    assert found.schema == {"u": pl.Int64, "c": pl.String, "t": pl.Datetime("us")}
    assert found.row(1) == (2**32 - 1, "a", AT)


@pytest.mark.parametrize(
    ("column", "values"),
    [("n", [1.5]), ("n", ["x"]), ("id", [1]), ("at", ["2023-07-01"])],
)
def test_a_column_that_does_not_fit_is_refused_before_anything_is_written(
    tables: Tables, column: str, values: list[object]
) -> None:
    tables.append("events", FRAME)
    with pytest.raises(StoreError, match=f"events, column '{column}'"):
        tables.append("events", pl.DataFrame({column: values}))
    assert_frame_equal(tables.scan("events").collect(), FRAME)


def test_a_time_with_a_zone_is_no_domain_time(tables: Tables) -> None:
    tables.append("events", FRAME)
    with pytest.raises(StoreError, match="column 'at'"):
        tables.append("events", FRAME.with_columns(pl.col("at").dt.replace_time_zone("UTC")))


def test_a_number_too_large_for_its_column_is_refused(tables: Tables) -> None:
    tables.append("events", FRAME.select(pl.col("n").cast(pl.Int32)))
    with pytest.raises(StoreError, match="too large"):
        tables.append("events", pl.DataFrame({"n": [2**40]}))


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "_delta_log"])
def test_a_name_that_is_a_path_is_refused(tables: Tables, name: str) -> None:
    with pytest.raises(StoreError, match="cannot name a table"):
        tables.append(name, FRAME)


def test_a_missing_table_or_version_is_named(tables: Tables) -> None:
    with pytest.raises(StoreError, match=r"there is no table .*events"):
        tables.scan("events")
    tables.append("events", FRAME)
    with pytest.raises(StoreError, match="versions"):
        tables.scan("events", 99)


@pytest.mark.parametrize("damage", ["cut", "missing"])
def test_a_damaged_file_is_named_with_what_to_do(tables: Tables, tmp_path: Path, damage: str) -> None:
    first = tables.append("events", FRAME)
    tables.append("events", FRAME)
    known = set(DeltaTable(str(tmp_path / "events"), version=first).file_uris())
    (path,) = (path for path in (tmp_path / "events").glob("*.parquet") if str(path) not in known)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
    with pytest.raises(StoreError, match=f"{path.name} .*restore that file"):
        tables.scan("events")
    assert tables.scan("events", first).collect().height == 2


def test_a_damaged_log_is_named_with_what_to_do(tables: Tables, tmp_path: Path) -> None:
    version = tables.append("events", FRAME)
    (tmp_path / "events" / "_delta_log" / f"{version:020d}.json").write_text('{"add"')
    for act in (lambda: tables.scan("events"), lambda: tables.append("events", FRAME)):
        with pytest.raises(StoreError, match=r"_delta_log.*restore"):
            act()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Tables(tmp_path / "file").append("events", FRAME)


def test_makers_at_once_make_one_table(tables: Tables) -> None:
    together(*[lambda: tables.append("events", FRAME)] * 4)
    assert tables.scan("events").collect().height == 8
    assert tables.versions("events") == tuple(range(5))


def test_replaced_rows_are_all_there_is_in_their_order_and_earlier_versions_stay(tables: Tables) -> None:
    first = tables.replace("orders", FRAME, {"read": "a.csv"})
    other = pl.DataFrame(
        {"n": list(range(100_000, 0, -1)), "zone": pl.Series([1], dtype=pl.Int32).new_from_index(0, 100_000)}
    )
    second = tables.replace("orders", other, {"read": "b.csv"})
    assert_frame_equal(tables.scan("orders", first).collect(), FRAME)
    assert_frame_equal(tables.scan("orders", second).collect(), other)
    assert tables.replace("orders", FRAME.clear(), {}) == second + 1
    assert tables.scan("orders").collect().is_empty()
