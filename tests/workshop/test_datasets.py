"""What builds read, as versions that can be read again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import dataframely as dy
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.clock import WallClock
from afield.data.contract import Contract
from afield.data.repair import Repair
from afield.data.sources import Extract
from afield.errors import ContractError, DataError, StoreError
from afield.store.steps import Steps
from afield.store.tables import Tables
from afield.workshop.datasets import QUARANTINE, Datasets
from afield.workshop.describing import data
from afield.workshop.facts import Facts, Terms, open_facts, read_facts, write_extract
from afield.workshop.plan import Table


class Sale(dy.Schema):
    sale = dy.String(primary_key=True)
    loaves = dy.Int32(min=0)
    buyer = dy.String(nullable=True)


CONTRACTS = (Contract("sales", Sale, filled=True),)
SPECS = {"sales": Table(CONTRACTS[0].types, key=("sale",), kind="sale", private=("buyer",))}
KEY = b"k" * 32


@dataclass
class Bakery:
    """A source of sales."""

    rows: tuple[tuple[str, int | None, str | None], ...]
    generated: bool = False

    def fingerprint(self) -> str:
        return sha256(repr(self.rows).encode()).hexdigest()

    def read(self) -> Extract:
        frame = pl.DataFrame(list(self.rows), schema=CONTRACTS[0].types, orient="row")
        return Extract({"sales": frame.lazy()}, rows_read=frame.height, generated=self.generated)


GOOD = Bakery((("a", 1, "anna"), ("b", 2, None)))
BAD = Bakery((("a", 1, "anna"), ("b", -2, "bert"), ("a", 3, None), ("c", None, None)))


@pytest.fixture
def datasets(tmp_path: Path) -> Datasets:
    return Datasets(tmp_path / "datasets", Tables(tmp_path / "tables"), SPECS, WallClock(UTC))


def read(datasets: Datasets, tmp_path: Path, source: Bakery, code: str = "code") -> Facts:
    terms = Terms(SPECS, CONTRACTS, KEY, datasets.repairs())
    return datasets.record(read_facts(Steps(tmp_path / "steps"), "bakery", source, code, terms))


def rows(tables: Mapping[str, pl.LazyFrame]) -> list[tuple[object, ...]]:
    return tables["sales"].select("sale", "loaves").collect().rows()


def test_a_recorded_reading_is_read_back_by_what_a_manifest_says_of_it(datasets: Datasets, tmp_path: Path) -> None:
    facts = read(datasets, tmp_path, GOOD)
    read(datasets, tmp_path, Bakery((("x", 9, None),)))
    again = datasets.open(data(facts))
    assert rows(again.tables) == [("a", 1), ("b", 2)]
    assert again.summary == facts.summary
    assert again.tables["sales"].collect().equals(facts.tables["sales"].collect())


def test_rows_that_a_version_holds_are_not_written_again(datasets: Datasets, tmp_path: Path) -> None:
    first = read(datasets, tmp_path, GOOD).versions
    assert read(datasets, tmp_path, GOOD, code="another").versions == first
    other = read(datasets, tmp_path, BAD).versions
    assert other != first
    assert read(datasets, tmp_path, GOOD, code="a third").versions == first
    assert datasets.tables.versions("sales")[-1] == 2, "made, and two versions"


def test_rows_that_break_the_contract_are_set_aside_and_counted(datasets: Datasets, tmp_path: Path) -> None:
    facts = read(datasets, tmp_path, BAD)
    assert rows(facts.tables) == [("a", 1)]
    count = facts.summary.counts["sales"]
    assert (count.read, count.kept, count.quarantined) == (4, 1, 3)
    aside = datasets.quarantine(datasets.readings()[-1]).sort("row")
    told = aside.select("table", "stage", "row", "rule", "field").rows()
    assert told == [
        ("sales", "contract", 2, "min", "loaves"),
        ("sales", "contract", 3, "primary_key", "sale"),
        ("sales", "contract", 4, "nullability", "loaves"),
    ]
    assert not aside["repaired"].any()


def test_no_quarantined_row_tells_of_a_person_in_clear(datasets: Datasets, tmp_path: Path) -> None:
    read(datasets, tmp_path, BAD)
    assert '"buyer":"' in datasets.quarantine(datasets.readings()[-1])["raw"][0]
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and b"bert" in file.read_bytes()]


def repaired(datasets: Datasets, row: int, mended: str) -> Repair:
    aside = datasets.quarantine(datasets.readings()[-1]).filter(pl.col("row") == row).row(0, named=True)
    taken = {name: aside[name] for name in ("id", "table", "stage", "source", "row", "raw")}
    return Repair(**taken, mended=mended, at=datetime(2024, 3, 1), by="eve", reason="typing", how="by hand")


def test_a_repair_is_replayed_into_a_new_version_and_the_counts_add_up(datasets: Datasets, tmp_path: Path) -> None:
    before = read(datasets, tmp_path, BAD)
    datasets.repair([repaired(datasets, 2, '{"sale":"b","loaves":2,"buyer":null}')])
    after = read(datasets, tmp_path, BAD)
    assert rows(after.tables) == [("a", 1), ("b", 2)]
    assert after.versions != before.versions
    count = after.summary.counts["sales"]
    assert (count.read, count.kept, count.quarantined) == (4, 2, 2)
    assert rows(datasets.open(data(before)).tables) == [("a", 1)], "what was read before stays"


def test_a_repair_that_breaks_the_contract_again_is_set_aside_again(datasets: Datasets, tmp_path: Path) -> None:
    read(datasets, tmp_path, BAD)
    datasets.repair([repaired(datasets, 2, '{"sale":"a","loaves":2,"buyer":null}')])
    after = read(datasets, tmp_path, BAD)
    assert rows(after.tables) == [("a", 1)]
    assert set(after.quarantine["rule"]) == {"primary_key", "nullability"}


def test_of_two_repairs_of_a_row_the_last_counts(datasets: Datasets, tmp_path: Path) -> None:
    read(datasets, tmp_path, BAD)
    first = repaired(datasets, 2, '{"sale":"b","loaves":2,"buyer":null}')
    last = Repair(**{**{name: getattr(first, name) for name in first.__struct_fields__}, "at": datetime(2024, 3, 2)})
    datasets.repair([first, last])
    assert [each.at for each in datasets.repairs()] == [datetime(2024, 3, 2)]


def test_a_repair_of_a_row_that_holds_something_else_now_is_left_out(datasets: Datasets, tmp_path: Path) -> None:
    read(datasets, tmp_path, BAD)
    datasets.repair([repaired(datasets, 2, '{"sale":"b","loaves":2,"buyer":null}')])
    changed = replace(BAD, rows=(BAD.rows[0], ("b", 5, None), *BAD.rows[2:]))
    assert rows(read(datasets, tmp_path, changed).tables) == [("a", 1), ("b", 5)]


def test_a_value_of_the_wrong_type_in_a_repair_is_named(datasets: Datasets, tmp_path: Path) -> None:
    read(datasets, tmp_path, BAD)
    datasets.repair([repaired(datasets, 2, '{"sale":"b","loaves":"two","buyer":null}')])
    with pytest.raises(DataError, match="row 2: loaves is 'two', Int32 is expected"):
        read(datasets, tmp_path, BAD)


def test_a_table_of_which_nothing_can_be_kept_refuses_the_build_and_leaves_nothing(
    datasets: Datasets, tmp_path: Path
) -> None:
    with pytest.raises(ContractError, match="all of its 1 rows break the contract, the first by loaves"):
        read(datasets, tmp_path, Bakery((("a", -1, None),)))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_table_of_another_type_refuses_the_build(datasets: Datasets, tmp_path: Path) -> None:
    class Odd(Bakery):
        def read(self) -> Extract:
            return Extract({"sales": pl.LazyFrame({"sale": ["a"], "loaves": ["1"], "buyer": [""]})}, rows_read=1)

    with pytest.raises(ContractError, match=r"sales\.loaves is String, Int32 is promised"):
        read(datasets, tmp_path, Odd(()))


def test_a_source_whose_rows_do_not_add_up_is_refused(datasets: Datasets, tmp_path: Path) -> None:
    class Forgetful(Bakery):
        def read(self) -> Extract:
            return replace(super().read(), rows_read=7)

    with pytest.raises(DataError, match="7 rows of sales were read, 2 are kept and 0 set aside"):
        read(datasets, tmp_path, Forgetful(GOOD.rows))


def test_a_version_whose_rows_were_exchanged_is_refused(datasets: Datasets, tmp_path: Path) -> None:
    facts = read(datasets, tmp_path, GOOD)
    number, _, _ = facts.versions["sales"].partition(":")
    forged = {**data(facts), "sales": f"{number}:{'0' * 64}"}
    with pytest.raises(DataError, match="nobody recorded"):
        datasets.open(forged)


def test_a_release_from_before_datasets_had_versions_is_told(datasets: Datasets) -> None:
    with pytest.raises(DataError, match="built before they were kept"):
        datasets.open({"facts": "f" * 64})


def test_where_nothing_can_be_written_nothing_is_recorded_and_the_next_time_goes_on(
    datasets: Datasets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise StoreError("no space left on device; free space")

    with monkeypatch.context() as patch:
        patch.setattr(Tables, "append", full)
        with pytest.raises(StoreError, match="no space left"):
            read(datasets, tmp_path, BAD)
    assert datasets.readings() == ()
    read(datasets, tmp_path, BAD)
    assert Tables(tmp_path / "tables").scan(QUARANTINE).collect().height == 3


sales = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from([None, -1, 0, 3]), st.none()), max_size=9)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sales, st.sets(st.integers(1, 9)))
def test_rows_read_are_rows_kept_and_set_aside_before_and_after_any_repair(
    tmp_path: Path, given_rows: list[tuple[str, int | None, None]], chosen: set[int]
) -> None:
    source, specs = Bakery((("first", 1, None), *given_rows)), Terms(SPECS, CONTRACTS, KEY)
    extract = source.read()
    (tmp_path / "one").mkdir(exist_ok=True)
    write_extract(tmp_path / "one", "bakery", "f", extract, specs)
    aside = open_facts(tmp_path / "one").quarantine
    repairs = [
        Repair(
            **{name: row[name] for name in ("id", "table", "stage", "source", "row", "raw")},
            mended=json.dumps({"sale": f"new {row['row']}", "loaves": row["row"] - 4, "buyer": None}),
            at=datetime(2024, 3, 1), by="eve", reason="", how="",
        )
        for row in aside.iter_rows(named=True)
        if row["row"] in chosen
    ]  # fmt: skip
    write_extract(tmp_path / "one", "bakery", "f", extract, replace(specs, repairs=repairs))
    after = open_facts(tmp_path / "one")
    count = after.summary.counts["sales"]
    assert count.read == extract.rows_read == len(given_rows) + 1
    assert count.kept == after.tables["sales"].select(pl.len()).collect().item()
    assert count.quarantined == after.quarantine.height
    assert count.read == count.kept + count.quarantined
    before, left = set(aside["row"].to_list()), set(after.quarantine["row"].to_list())
    mended = {row.row for row in repairs if row.row >= 4}
    assert left <= before - mended, "a repair that holds brings its row back"
    assert {row.row for row in repairs} - mended <= left, "one that does not hold leaves it aside"
    # Where the earlier of two rows with one key has another key now, the later one is no repetition any more.
    assert repairs or left == before
