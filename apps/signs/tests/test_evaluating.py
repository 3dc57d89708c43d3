"""Evaluating: what is counted of a folder of pictures, and what a bad truth file says."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from afield.errors import DataError
from signs.evaluating import Evaluation, evaluate, read_truth
from signs.records import Frame, Line

NONE_UNREADABLE = frozenset[str]()


def line(text: str) -> Line:
    box = np.array([[0, 0], [9, 0], [9, 5], [0, 5]], np.float32)
    return Line(box, text, False, 0.9, np.ones(len(text), np.float32), 0.0, 9.0, "none")


def folder(path: Path, *rows: dict[str, object]) -> Path:
    (path / "truth.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    for row in rows:
        Image.new("RGB", (20, 20)).save(path / str(row["file"]))
    return path


def evaluated(
    path: Path,
    texts: Sequence[str],
    english: Sequence[str | None] | None = None,
    unreadable: frozenset[str] = frozenset(),
) -> Evaluation:
    def read(_: Frame) -> tuple[Line, ...]:
        return tuple(line(text) for text in texts)

    def translate(_: Frame, lines: tuple[Line, ...]) -> Sequence[str | None]:
        return english or [None] * len(lines)

    return evaluate(path, read, translate, unreadable)  # type: ignore[arg-type]


def test_characters_and_lines_are_counted_per_script(tmp_path: Path) -> None:
    data = folder(tmp_path, {"file": "a.png", "lang": "ja", "lines": ["出口", "のりば", "Exit"]})
    found = evaluated(data, ["出囗", "のりば", "EXIT"]).all
    assert (found.errors, found.characters, found.cer) == (1, 9, 1 / 9)
    assert (found.lines, found.lines_exact) == (3, 2)
    assert found.by_script["han"] == {"cer": 0.5, "characters": 2, "errors": 1, "lines": 1, "lines_exact": 0}
    assert set(found.by_script) == {"han", "kana", "latin"}


def test_photographs_and_rendered_signs_are_apart(tmp_path: Path) -> None:
    rows = [{"file": "a.png", "lines": ["出口"]}, {"file": "b.png", "lines": ["入口"], "kind": "synthetic"}]
    found = evaluated(folder(tmp_path, *rows), ["出口"])
    assert (found.photographs.errors, found.rendered.errors, found.all.errors) == (0, 1, 1)
    assert found.document()["photographs"]["lines_exact"] == 1  # type: ignore[index]


def test_scripts_that_cannot_be_read_are_counted_apart(tmp_path: Path) -> None:
    data = folder(tmp_path, {"file": "a.png", "lines": ["비상구", "Exit"]})
    found = evaluated(data, ["", "Exit"], unreadable=frozenset({"hangul"})).all
    assert (found.unreadable, found.lines, found.errors) == (1, 1, 0)


def test_a_guess_at_what_cannot_be_read_is_wrong(tmp_path: Path) -> None:
    data = folder(tmp_path, {"file": "a.png", "lines": ["비상구"]})
    assert evaluated(data, ["川品"], unreadable=frozenset({"hangul"})).all.errors == 2


def test_a_translation_is_right_where_it_equals_a_rendering_of_its_line(tmp_path: Path) -> None:
    row = {
        "file": "a.png",
        "lang": "ja",
        "lines": ["出口", "現金のみ", "本日休業"],
        "accepted": [["Exit", "Way out"], ["Cash only"], ["Closed today"]],
    }
    found = evaluated(folder(tmp_path, row), row["lines"], ["way out.", "Exit", None])  # type: ignore[arg-type]
    assert found.all.translation == {"shown": 2, "right": 1, "wrong": 1, "abstained": 1}


def test_without_renderings_of_each_line_the_english_of_the_picture_counts(tmp_path: Path) -> None:
    row = {"file": "a.png", "lang": "fr", "lines": ["Sortie", "Entrée"], "english": "Exit / Entrance"}
    found = evaluated(folder(tmp_path, row), ["Sortie", "Entrée"], ["Exit", "Entry"])
    assert found.all.translation == {"shown": 2, "right": 1, "wrong": 1, "abstained": 0}


def test_english_for_a_text_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    row = {"file": "a.png", "lang": "ja", "lines": ["出口"], "ignore": ["駐車場"], "english": "Exit"}
    found = evaluated(folder(tmp_path, row), ["出口", "穴", "駐車場"], ["Exit", "Hole", "Car park"])
    assert found.all.translation == {"shown": 2, "right": 1, "wrong": 1, "abstained": 0}


def test_lines_that_are_english_need_none(tmp_path: Path) -> None:
    row = {"file": "a.png", "lang": "en", "lines": ["NO PARKING"], "english": "NO PARKING"}
    found = evaluated(folder(tmp_path, row), ["NO PARKING"])
    assert found.all.translation == {"shown": 0, "right": 0, "wrong": 0, "abstained": 0}


def test_the_document_has_counts_and_intervals(tmp_path: Path) -> None:
    found = evaluated(folder(tmp_path, {"file": "a.png", "lines": ["出口"]}), ["出口"]).document()
    assert {"cer", "lines", "lines_exact", "unreadable", "by_script", "translation", "intervals"} <= set(found)
    assert msgspec.json.decode(msgspec.json.encode(found)) == found


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        (b"{", "line 2"),
        (b"[]", "line 2"),
        (b'{"file": "a.png"}', "line 2.*lines"),
        (b'{"file": "a.png", "lines": "EXIT"}', "line 2.*lines"),
        (b'{"file": "../a.png", "lines": []}', "line 2.*file"),
        (b'{"file": "a.png", "lines": ["a"], "accepted": []}\n{"file": "a.png", "lines": [1]}', "line 3"),
        (b'{"file": "a.png", "lines": ["a"], "accepted": [["b"], ["c"]]}', "line 2.*accepted"),
        (b'{"file": "\xff.png", "lines": []}', "line 2"),
        (b'{"file": "a.png", "lines": [], "kind": "foto"}', "line 2.*kind.*one of photo, graphic, scan, synthetic"),
        (b'{"file": "a.png", "lines": [], "lang": 3}', 'line 2.*lang.*as a string, e.g. "ja", or leave it out'),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, second: bytes, complaint: str) -> None:
    (tmp_path / "truth.jsonl").write_bytes(b'{"file": "a.png", "lines": []}\n' + second)
    with pytest.raises(DataError, match=rf"truth.jsonl, {complaint}"):
        read_truth(tmp_path)


def test_a_folder_without_truth_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"truth\.jsonl"):
        read_truth(tmp_path)


def test_an_empty_truth_is_refused(tmp_path: Path) -> None:
    (tmp_path / "truth.jsonl").write_bytes(b"\n\n")
    with pytest.raises(DataError, match="no rows"):
        read_truth(tmp_path)


def test_a_picture_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    data = folder(tmp_path, {"file": "a.png", "lines": []})
    (data / "a.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"a\.png: this is not an image"):
        evaluated(data, [])
    (data / "a.png").unlink()
    with pytest.raises(DataError, match=r"a\.png"):
        evaluated(data, [])
