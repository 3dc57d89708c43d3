"""A person is recognised where they stand alone, under every key, and in what hangs on rows about them."""

from pathlib import Path

import polars as pl
import pytest

from afield.custody.person import Person
from afield.errors import UsageError
from afield.telemetry.privacy import keyed_hash

KEYS = (b"k" * 32, b"l" * 32)
ADA = Person.of("ada.l+7@x.org", KEYS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada.l+7@x.org", True),
        ("2023-07-01:champion:r:ada.l+7@x.org", True),
        (f"tick:{keyed_hash(KEYS[1], 'ada.l+7@x.org')}:r", True),
        ("lada.l+7@x.org", False),
        ("ada.l+7@x.organ", False),
        ("adaxl+7@x.org", False),
        (None, False),
    ],
)
def test_an_id_is_found_where_it_stands_alone(text: str | None, found: bool) -> None:
    frame = pl.DataFrame({"n": [1], "text": [text]}, schema={"n": pl.Int64, "text": pl.String})
    assert ADA.rows(frame).to_list() == [found]


def test_lists_of_text_are_looked_into() -> None:
    assert ADA.rows(pl.DataFrame({"applied": [["x", "ada.l+7@x.org"], ["x"], []]})).to_list() == [True, False, False]


def test_a_frame_without_text_holds_nobody() -> None:
    assert ADA.rows(pl.DataFrame({"n": [1, 2]})).to_list() == [False, False]


def test_rows_that_name_an_event_about_them_are_about_them() -> None:
    facts = pl.DataFrame({"line": ["s/0", "t/0"], "device": ["ada.l+7@x.org", "bob"]})
    linked = Person(ADA.name, ADA.hashes, ADA.ids(facts, ("line", "absent")))
    assert linked.rows(pl.DataFrame({"item": ["s/0", "t/0", "s/00"]})).to_list() == [True, False, False]


def test_files_are_looked_at_as_bytes_and_as_rows(tmp_path: Path) -> None:
    frame = pl.DataFrame({"who": [ADA.hashes[0]] * 1000})
    frame.write_parquet(tmp_path / "a.parquet", compression="zstd")
    frame.write_ipc(tmp_path / "b.arrow", compression="zstd")
    (tmp_path / "c.log").write_text("seen: ada.l+7@x.org\n")
    (tmp_path / "d.log").write_text("nobody")
    assert [ADA.in_file(tmp_path / name) for name in ("a.parquet", "b.arrow", "c.log", "d.log", "absent")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_an_id_that_is_too_short_is_refused() -> None:
    with pytest.raises(UsageError, match="under 3 characters"):
        Person.of("7 ", KEYS)
