"""A table in a file as a source."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.errors import DataError
from afield.tabular.source import TableFile
from tests.tabular.test_columns import columns

HEADER = "sent,weight,carrier,late\n"


def read(path: Path, rows: str, **changed: object) -> TableFile:
    (path / "p.csv").write_text(HEADER + rows)
    return TableFile(path / "p.csv", columns(**changed), timedelta(hours=6))


def test_rows_and_their_outcomes_are_told_apart_and_outcomes_are_known_later(tmp_path: Path) -> None:
    extract = read(tmp_path, "2026-01-01 10:00,1.5,van,yes\n2026-01-01T11:00:00Z,,post,\n").read()
    rows, outcomes = extract.tables["rows"].collect(), extract.tables["outcomes"].collect()
    assert rows["weight"].to_list() == [1.5, None]
    assert outcomes.select("row", "value").rows() == [("p-1", 1.0)]
    assert (outcomes["known_at"] - outcomes["at"]).to_list() == [timedelta(hours=6)]
    assert "1 rows have no late yet" in extract.messages[0]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("yesterday,1,van,yes", "unreadable_time"),
        ("2026-01-01 10:00,heavy,van,yes", "unreadable_number"),
        ("2026-01-01 10:00,inf,van,yes", "unreadable_number"),
        ("2026-01-01 10:00,1,van,perhaps", "unreadable_target"),
    ],
)
def test_what_cannot_be_believed_is_set_aside_with_its_reason_and_counts_add_up(
    tmp_path: Path, row: str, rule: str
) -> None:
    extract = read(tmp_path, f"2026-01-01 09:00,1,van,no\n{row}\n").read()
    assert extract.quarantined.select("row", "rule").rows() == [(2, rule)]
    kept = extract.tables["rows"].select(pl.len()).collect().item()
    assert extract.rows_read == kept + extract.quarantined.height


def test_a_count_is_whole_and_never_negative(tmp_path: Path) -> None:
    rows = "2026-01-01 09:00,1,van,2\n2026-01-01 09:00,1,van,1.5\n2026-01-01 09:00,1,van,-1\n"
    assert read(tmp_path, rows, kind="count").read().quarantined["row"].to_list() == [2, 3]


def test_one_of_two_texts_means_yes(tmp_path: Path) -> None:
    rows = "2026-01-01 09:00,1,van,Lost\n2026-01-01 09:00,1,van,found\n"
    outcomes = read(tmp_path, rows, positive="lost").read().tables["outcomes"].collect()
    assert outcomes["value"].to_list() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEADER, "holds no row"),
        ("sent,late\n2026-01-01,yes\n", "column weight, carrier is missing"),
        ("sent,Sent ,weight,carrier,late\n", "two columns are called 'sent'"),
        ("sent,weight,weight,carrier,late\n", "two columns are called 'weight'"),
        ("sent;weight;carrier;late\n", "separated by ';'"),
        (f"{HEADER}never,1,van,yes\n", "no row can be used"),
    ],
)
def test_a_file_that_teaches_nothing_is_refused_in_words(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "p.csv").write_text(content)
    with pytest.raises(DataError, match=said):
        TableFile(tmp_path / "p.csv", columns(), timedelta(0)).read()
