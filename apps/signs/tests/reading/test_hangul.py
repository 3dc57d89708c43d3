"""Hangul: told from doubts, and read by a tesseract that knows it."""

import sys
from pathlib import Path

import numpy as np
import pytest

from signs.reading import hangul
from signs.reading.hangul import HangulProbe, Tesseract, installed, signature, words

CROP = np.full((48, 96, 3), 255, np.uint8)
HEAD = "level\tpage\tblock\tpar\tline\tword\tleft\ttop\twidth\theight\tconf\ttext"
PLACE = "1\t1\t1\t1\t1\t0\t0\t9\t9"
TABLE = f"{HEAD}\n4\t{PLACE}\t-1\t\n5\t{PLACE}\t96.5\t비상구\n5\t{PLACE}\t80\t앞"


def program(folder: Path, body: str) -> str:
    path = folder / "tesseract"
    path.write_text(f"#!{sys.executable}\nimport sys, time\n{body}\n", "utf-8")
    path.chmod(0o755)
    return str(path)


def answering(table: str) -> str:
    return f"sys.stdin.buffer.read()\nsys.stdout.buffer.write({table!r}.encode())"


def test_words_of_the_table_are_one_text_with_their_confidence() -> None:
    found = words(TABLE)
    assert found is not None
    assert found.text == "비상구 앞"
    assert found.scores == pytest.approx([0.965] * 3 + [0.8] * 2)
    assert found.entropy > 0


@pytest.mark.parametrize("table", ["", HEAD, f"{HEAD}\n4\t1", f"{HEAD}\n5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t95\t  "])
def test_a_table_without_words_says_nothing(table: str) -> None:
    assert words(table) is None


def test_a_crop_is_read_by_the_program(tmp_path: Path) -> None:
    found = Tesseract(program(tmp_path, answering(TABLE)))(CROP)
    assert found is not None
    assert found.text == "비상구 앞"


@pytest.mark.parametrize("body", ["sys.exit(3)", "time.sleep(60)", answering("nonsense")])
def test_a_program_that_fails_or_takes_too_long_reads_nothing(tmp_path: Path, body: str) -> None:
    assert Tesseract(program(tmp_path, body), seconds=1.0 if "sleep" in body else 20.0)(CROP) is None


@pytest.mark.parametrize(("languages", "found"), [("eng\\nkor\\n", True), ("eng\\n", False)])
def test_only_a_tesseract_with_korean_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, languages: str, found: bool
) -> None:
    program(tmp_path, f'sys.stdout.write("List of available languages:\\n{languages}")')
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (installed() is not None) == found


def test_without_a_tesseract_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed() is None


def test_the_signature_is_shares_of_what_is_seen_and_how_much_that_is() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0], [0.0, 0.9, 0.1]], np.float32)
    shares, filled = signature(probabilities, 1.0)
    assert shares == pytest.approx([0, 0.8, 0.2], abs=1e-4)
    assert filled == pytest.approx(0.75)


def test_the_probe_weighs_the_characters_that_it_knows() -> None:
    table = '{"characters": ["|", "吾"], "weights": [4.0, 9.0], "filled": 0.0, "bias": -2.0}'.encode()
    probe = HangulProbe(("", "A", "|"), table)
    assert probe(np.array([[0.0, 0.0, 1.0]], np.float32), 1.0) == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-3)
    assert probe(np.array([[0.0, 1.0, 0.0]], np.float32), 1.0) == pytest.approx(1 / (1 + np.exp(2)), abs=1e-3)


def test_the_table_of_the_package_knows_two_hundred_characters(known: tuple[str, ...]) -> None:
    assert hangul.TABLE == "hangul.json"
    assert HangulProbe(known)(np.full((4, len(known)), 1 / len(known), np.float32), 2.0) < 1
