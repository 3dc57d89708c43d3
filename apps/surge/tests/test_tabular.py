import json
from datetime import date, datetime, time
from pathlib import Path

import polars as pl
import pytest

from afield.data.repair import Repair
from afield.data.validate import check
from afield.errors import DataError
from surge.contracts import CONTRACTS
from surge.tabular import COLUMNS, OrderFile

NOON = datetime(2024, 6, 1, 12)
HEADER = ",".join(COLUMNS)
GOOD = "u1,7,8,2024-05-31 18:23:05,2024-05-31 18:30"


def file(folder: Path, *rows: str) -> Path:
    path = folder / "orders.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def order(path: Path, day: date | None = None) -> dict[str, object]:
    return OrderFile(path, day).read().tables["orders"].collect().row(0, named=True)


def test_an_order_keeps_user_zones_and_times(tmp_path: Path) -> None:
    assert order(file(tmp_path, GOOD)) == {
        "order_id": "orders:1",
        "user_id": "u1",
        "pickup_location": 7,
        "target_location": 8,
        "order_time": datetime(2024, 5, 31, 18, 23, 5),
        "pickup_time": datetime(2024, 5, 31, 18, 30),
        "at": datetime(2024, 5, 31, 18, 23, 5),
        "known_at": datetime(2024, 5, 31, 18, 23, 5),
        "target_known_at": None,
    }


def test_a_row_with_fewer_fields_than_the_header_is_named_with_the_first_that_is_missing(tmp_path: Path) -> None:
    path = file(tmp_path, '"a,""b",7,8,2024-05-31 18:23:05,', "u2,7,8,2024-05-31 18:23:05", GOOD, "u3,7,8", "")
    extract = OrderFile(path).read()
    rows = extract.quarantined.select("row", "rule", "field").rows()
    assert rows == [
        (2, "cut_short", "PickupTime"),
        (4, "cut_short", "OrderTime"),
        (5, "unknown_zone", "PickupLocation"),
    ]
    assert extract.messages[1] == f"{path}: row 2 ends before PickupTime and is set aside; so do 1 more"
    assert extract.tables["orders"].collect().height == 2


def test_where_a_field_holds_a_line_break_rows_are_not_counted_by_lines(tmp_path: Path) -> None:
    path = file(tmp_path, '"a\nb",7,8,2024-05-31 18:23:05,', GOOD)
    assert OrderFile(path).read().quarantined.is_empty()


def test_a_file_of_short_rows_alone_names_file_row_and_field(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"orders\.csv: .*row 1, has TargetLocation: the row ends before this field"):
        OrderFile(file(tmp_path, "u,7")).read()


@pytest.mark.parametrize("first", [GOOD, '"a\nb, c",7,8,2024-05-31 18:23:05,', ""])
def test_a_row_with_more_fields_than_the_header_is_named(tmp_path: Path, first: str) -> None:
    with pytest.raises(DataError, match=r"orders\.csv: row 2 has 6 fields, the header has 5; put quotes around"):
        OrderFile(file(tmp_path, first, GOOD + ",cash", GOOD)).read()


def test_a_quote_that_is_never_closed_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"orders\.csv: cannot be read"):
        OrderFile(file(tmp_path, '"u' + GOOD + ",cash\n" * 4, *[GOOD] * 5000)).read()


def test_user_target_and_pickup_may_be_unknown(tmp_path: Path) -> None:
    row = order(file(tmp_path, ",7,,2024-05-31T18:23:05.25,"))
    assert (row["user_id"], row["target_location"], row["pickup_time"]) == (None, None, None)
    assert row["at"] == datetime(2024, 5, 31, 18, 23, 5, 250_000)


def test_times_of_day_fall_on_the_given_date(tmp_path: Path) -> None:
    assert order(file(tmp_path, "u,7,8,9:05,"), date(2024, 5, 31))["at"] == datetime(2024, 5, 31, 9, 5)


def test_a_pickup_time_of_day_before_its_order_is_on_the_next_day(tmp_path: Path) -> None:
    row = order(file(tmp_path, "u,7,8,23:55,0:05"), date(2024, 5, 31))
    assert row["pickup_time"] == datetime(2024, 6, 1, 0, 5)


def test_times_of_day_without_a_date_ask_for_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"orders\.csv: row 2, OrderTime is '18:23', a time of day; .* date="):
        OrderFile(file(tmp_path, GOOD, "u,7,8,18:23,")).read()


@pytest.mark.parametrize(
    ("row", "rule", "field"),
    [
        ("u,x,8,2024-05-31 18:23:05,", "unknown_zone", "PickupLocation"),
        ("u,,8,2024-05-31 18:23:05,", "unknown_zone", "PickupLocation"),
        ("u,7.5,8,2024-05-31 18:23:05,", "unknown_zone", "PickupLocation"),
        ("u,7,east,2024-05-31 18:23:05,", "unreadable_zone", "TargetLocation"),
        ("u,7,8,yesterday,", "unreadable_time", "OrderTime"),
        ("u,7,8,2024-05-31T18:23:05Z,", "unreadable_time", "OrderTime"),
        ("u,7,8,2024-05-31 18:23:05,2024-02-31 18:30:00", "unreadable_time", "PickupTime"),
        ("u,7,8,,", "no_time", "OrderTime"),
        ("u,7,8,2024-05-31 18:23:05,2024-05-31 18:20:00", "pickup_before_order", "PickupTime"),
        ("u,7,8,1970-01-01 00:00:00,", "outside_period", "OrderTime"),
        (GOOD, "repeated", "UserId"),
        ("u,7", "cut_short", "TargetLocation"),
    ],
)
def test_a_bad_row_is_set_aside_with_row_and_field(tmp_path: Path, row: str, rule: str, field: str) -> None:
    more = GOOD.replace("u1", "u2")
    extract = OrderFile(file(tmp_path, GOOD, row, more)).read()
    assert extract.quarantined.select("source", "row", "rule", "field").rows() == [("orders.csv", 2, rule, field)]
    assert extract.rows_read == 3


def test_the_tables_keep_their_contracts(tmp_path: Path) -> None:
    tables = OrderFile(file(tmp_path, GOOD)).read().tables
    assert [
        finding.message for contract in CONTRACTS if contract.table in tables for finding in check(contract, tables)
    ] == []


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER.replace(column, "Other") + "\n" + GOOD + "\n")
    with pytest.raises(DataError, match=rf"orders\.csv: column {column} is missing"):
        OrderFile(path).read()


def test_a_file_without_orders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no order"):
        OrderFile(file(tmp_path)).read()


def test_a_file_without_a_usable_row_says_why(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no row can be used; the first, row 1, has PickupLocation"):
        OrderFile(file(tmp_path, "u,x,8,2024-05-31 18:23:05,")).read()


def test_parquet_with_typed_columns_is_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    pl.DataFrame(
        {
            "UserId": [5],
            "PickupLocation": [7.0],
            "TargetLocation": [None],
            "OrderTime": [datetime(2024, 5, 31, 18, 23)],
            "PickupTime": [time(18, 30)],
        }
    ).write_parquet(path)
    row = order(path, date(2024, 5, 31))
    assert (row["user_id"], row["pickup_location"], row["pickup_time"]) == ("5", 7, datetime(2024, 5, 31, 18, 30))


def test_parquet_times_with_a_zone_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    frame = pl.DataFrame({name: ["1"] for name in COLUMNS})
    moment = pl.lit(datetime(2024, 5, 31)).dt.replace_time_zone("UTC")
    frame.with_columns(OrderTime=moment, PickupTime=moment).write_parquet(path)
    with pytest.raises(DataError, match="OrderTime has time zone UTC"):
        OrderFile(path).read()


def test_the_date_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    path = file(tmp_path, GOOD)
    assert OrderFile(path, date(2024, 5, 31)).fingerprint() != OrderFile(path).fingerprint()


def test_a_repaired_row_is_read_as_if_the_file_had_said_so(tmp_path: Path) -> None:
    path = file(tmp_path, GOOD, "u2,seven,8,2024-05-31 18:24:00,", "u3,7,8")
    source = OrderFile(path)
    raw = {row["row"]: row for row in source.read().quarantined.iter_rows(named=True)}
    assert set(raw) == {2, 3}

    def repair(row: int, **fields: str) -> Repair:
        found = raw[row]
        mended = json.dumps({**json.loads(found["raw"]), **fields})
        place = {"source": found["source"], "row": row, "raw": found["raw"]}
        return Repair(str(row), "orders", "cleaning", **place, mended=mended, at=NOON, by="eve", reason="", how="")

    extract = source.mended([repair(2, PickupLocation="7"), repair(3, OrderTime="2024-05-31 18:25")]).read()
    assert extract.quarantined.is_empty()
    orders = extract.tables["orders"].collect()
    assert orders.select("order_id", "user_id", "pickup_location").rows() == [
        ("orders:1", "u1", 7),
        ("orders:2", "u2", 7),
        ("orders:3", "u3", 7),
    ]
    assert extract.positions["orders"].collect()["row"].to_list() == [1, 2, 3]
