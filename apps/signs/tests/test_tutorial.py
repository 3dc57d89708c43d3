"""The tutorial: its example of a truth has every field, and what it sends as people's words is taken as such."""

import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from afield.records.traffic import Ingest
from signs.evaluating import Truth, read_truth
from signs.sights import VerdictFact, asked

TUTORIAL = (Path(__file__).parents[3] / "docs" / "tutorial" / "signs.md").read_text("utf-8")


def found(pattern: str) -> str:
    (one,) = re.findall(pattern, TUTORIAL, re.DOTALL)
    return str(one)


def test_the_example_of_a_truth_has_every_field(tmp_path: Path) -> None:
    line = found(r"```json\n(.*?)```").replace("\n", " ")
    (tmp_path / "truth.jsonl").write_text(line, "utf-8")
    (row,) = read_truth(tmp_path)
    assert set(json.loads(line)) == {field.name for field in msgspec.structs.fields(Truth)}
    assert (len(row.accepted), row.kind) == (2, "photo")


@pytest.mark.parametrize(("read", "right"), [("現金のみ", 1), ("現会のみ", 0)])
def test_what_is_said_of_two_lines_is_what_the_sentence_says(tmp_path: Path, read: str, right: int) -> None:
    script = found(r"<<'END'\n(.*?)\nEND\n")
    lines = [
        {"id": f"a/{number}", "text": text, "ask": asked(f"a/{number}")} for number, text in enumerate(["出口", read])
    ]
    (tmp_path / "answer.json").write_text(json.dumps({"content": lines}), "utf-8")
    command = [sys.executable, "-c", script, "現金のみ", "Cash only"]
    said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout
    first, second = (msgspec.convert(fact.fields, VerdictFact) for fact in msgspec.json.decode(said, type=Ingest).facts)
    assert (first.line, first.right, first.how, first.text) == ("a/0", 1, "tapped_right", None)
    assert (second.line, second.right, second.how) == ("a/1", right, "edited")
    assert (second.text, second.english) == ("現金のみ", "Cash only")
