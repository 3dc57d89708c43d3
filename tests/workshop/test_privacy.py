"""People in a source are kept as keyed hashes from the first step on."""

from pathlib import Path

import polars as pl

from afield.data.sources import Extract
from afield.store.steps import Steps
from afield.workshop.facts import Terms, read_facts
from afield.workshop.plan import Table

ORDERS = pl.DataFrame({"order_id": ["1", "2", "3"], "user_id": ["anna@example.org", None, "anna@example.org"]})
TABLES = {"orders": Table(ORDERS.schema, key=("order_id",), private=("user_id",))}


class Told:
    """A source of three orders."""

    def read(self) -> Extract:
        """The orders."""
        return Extract(tables={"orders": ORDERS.lazy()}, rows_read=3)

    def fingerprint(self) -> str:
        """Always the same."""
        return "told"


def read(folder: Path, key: bytes) -> list[str | None]:
    """Users as they are kept."""
    facts = read_facts(Steps(folder), "told", Told(), "code", Terms(TABLES, key=key))
    return facts.tables["orders"].collect()["user_id"].to_list()


def test_no_file_holds_a_person_in_clear(tmp_path: Path) -> None:
    read(tmp_path, b"k" * 32)
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and b"anna" in file.read_bytes()]


def test_one_person_has_one_hash_and_nobody_stays_nobody(tmp_path: Path) -> None:
    first, nobody, third = read(tmp_path, b"k" * 32)
    assert first == third
    assert nobody is None


def test_another_key_gives_another_hash(tmp_path: Path) -> None:
    assert read(tmp_path, b"k" * 32) != read(tmp_path, b"o" * 32)
