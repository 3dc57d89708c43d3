"""What travellers put right is proposed once several agree, and what was reviewed stays translated."""

from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from afield.application import load
from afield.home import Home
from afield.store.tables import Tables
from signs.corrections import Proposal, main
from signs.corrections import proposals as proposals_beside
from signs.tables import SCHEMAS
from signs.translation.book import Book, phrases_table

NOON = datetime(2026, 5, 1, 12)


BOOK = Book.opened(phrases_table())


def proposals(lines: pl.LazyFrame, verdicts: pl.LazyFrame) -> tuple[Proposal, ...]:
    return proposals_beside(lines, verdicts, BOOK)


def tables(*corrections: tuple[str | None, str | None, str | None]) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Lines of a device each, and what their travellers put."""
    lines = [{"line": f"l{n}", "at": NOON, "device": device} for n, (device, _, _) in enumerate(corrections)]
    verdicts = [
        {"verdict": f"v{n}", "at": NOON, "line": f"l{n}", "right": 0, "text": text, "english": english}
        for n, (_, text, english) in enumerate(corrections)
    ]
    return pl.LazyFrame(lines, schema=SCHEMAS["lines"]), pl.LazyFrame(verdicts, schema=SCHEMAS["verdicts"])


def test_what_two_devices_agree_on_is_proposed() -> None:
    (found,) = proposals(
        *tables(
            ("a", "無人野菜直売所", "Unstaffed vegetable stall"), ("b", " 無人野菜直売所!", "unstaffed vegetable stall")
        )
    )
    assert (found.text, found.english, found.lines, found.devices) == (
        "無人野菜直売所",
        "Unstaffed vegetable stall",
        2,
        2,
    )


def test_one_device_alone_proposes_nothing_however_often() -> None:
    assert (
        proposals(
            *tables(
                ("a", "無人野菜直売所", "Unstaffed vegetable stall"),
                ("a", "無人野菜直売所", "Unstaffed vegetable stall"),
            )
        )
        == ()
    )


def test_a_correction_without_english_or_text_proposes_nothing() -> None:
    assert proposals(*tables(("a", "無人野菜直売所", None), ("b", None, "Unstaffed vegetable stall"))) == ()


def test_what_is_said_of_a_line_that_was_never_read_proposes_nothing() -> None:
    lines, verdicts = tables(
        ("a", "無人野菜直売所", "Unstaffed vegetable stall"), ("b", "無人野菜直売所", "Unstaffed vegetable stall")
    )
    assert proposals(lines.filter(pl.col("line") == "l0"), verdicts) == ()


def test_lines_of_no_known_device_do_not_count() -> None:
    assert (
        proposals(
            *tables(
                ("a", "無人野菜直売所", "Unstaffed vegetable stall"),
                (None, "無人野菜直売所", "Unstaffed vegetable stall"),
            )
        )
        == ()
    )


def test_the_latest_verdict_of_an_id_and_the_latest_correction_of_a_line_count() -> None:
    lines, verdicts = tables(
        ("a", "無人野菜直売所", "Unstaffed vegetable stall"), ("b", "無人野菜直売所", "Unstaffed vegetable stall")
    )
    later = verdicts.with_columns(at=NOON + timedelta(hours=1), known_at=NOON + timedelta(hours=1))
    withdrawn = later.filter(pl.col("line") == "l0").with_columns(english=pl.lit("Last day"))
    renamed = withdrawn.with_columns(verdict=pl.lit("again"))
    early = verdicts.with_columns(known_at=NOON)
    for change in (withdrawn, renamed):
        for order in ([early, change], [change, early]):
            assert proposals(lines, pl.concat(order)) == ()
    (found,) = proposals(lines, pl.concat([early, later]))
    assert (found.lines, found.devices) == (2, 2)


def test_what_the_book_says_already_is_left_out_and_other_english_is_not() -> None:
    assert proposals(*tables(("a", "出口", "exit"), ("b", " 出口 ", "Exit"))) == ()
    (found,) = proposals(*tables(("a", "出口", "Leave here"), ("b", "出口", "Leave here")))
    assert (found.text, found.english) == ("出口", "Leave here")


def test_the_home_is_the_one_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Tables(Home.of(tmp_path, load("signs")).tables)
    lines, verdicts = tables(
        ("a", "無人野菜直売所", "Unstaffed vegetable stall"), ("b", "無人野菜直売所", "Unstaffed vegetable stall")
    )
    kept.append("lines", lines.collect())
    kept.append("verdicts", verdicts.collect())
    monkeypatch.setenv("AFIELD_HOME", str(tmp_path))
    assert main([]) == 0
    assert "無人野菜直売所\tUnstaffed vegetable stall\n" in capsys.readouterr().out


def test_without_a_service_there_is_nothing_to_review(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path)]) == 1
    assert "nobody has corrected anything yet" in capsys.readouterr().err


def test_what_was_reviewed_stays_translated() -> None:
    book = Book.opened(phrases_table())
    rows = files("signs").joinpath("phrases/reviewed.tsv").read_text("utf-8").splitlines()
    for row in rows:
        if row.strip() and not row.startswith("#"):
            language, text, english = row.split("\t")
            assert book.find(text, language) == english
