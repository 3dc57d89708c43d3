"""What travellers put right is proposed once several agree, and what was reviewed stays translated."""

from datetime import datetime
from importlib.resources import files

import polars as pl
import pytest

from signs.corrections import main, proposals
from signs.tables import SCHEMAS
from signs.translation.book import Book, phrases_table

NOON = datetime(2026, 5, 1, 12)


def tables(*corrections: tuple[str, str | None, str | None]) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Lines of a device each, and what their travellers put."""
    lines = [{"line": f"l{n}", "at": NOON, "device": device} for n, (device, _, _) in enumerate(corrections)]
    verdicts = [
        {"verdict": f"v{n}", "at": NOON, "line": f"l{n}", "right": 0, "text": text, "english": english}
        for n, (_, text, english) in enumerate(corrections)
    ]
    return pl.LazyFrame(lines, schema=SCHEMAS["lines"]), pl.LazyFrame(verdicts, schema=SCHEMAS["verdicts"])


def test_what_two_devices_agree_on_is_proposed() -> None:
    (found,) = proposals(*tables(("a", "本日限り", "Today only"), ("b", " 本日限り!", "today only")))
    assert (found.text, found.english, found.lines, found.devices) == ("本日限り", "Today only", 2, 2)


def test_one_device_alone_proposes_nothing_however_often() -> None:
    assert proposals(*tables(("a", "本日限り", "Today only"), ("a", "本日限り", "Today only"))) == ()


def test_a_correction_without_english_or_text_proposes_nothing() -> None:
    assert proposals(*tables(("a", "本日限り", None), ("b", None, "Today only"))) == ()


def test_without_a_service_there_is_nothing_to_review(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path)]) == 1
    assert "nobody has corrected anything yet" in capsys.readouterr().err


def test_what_was_reviewed_stays_translated() -> None:
    book = Book.opened(phrases_table())
    rows = files("signs").joinpath("phrases/reviewed.tsv").read_text("utf-8").splitlines()
    for row in rows:
        if row.strip() and not row.startswith("#"):
            language, text, english = row.split("\t")
            assert book.find(text, language) == english
