"""The files of a new application."""

import tomllib
from datetime import timedelta
from pathlib import Path

from afield.tabular.draft import draft
from afield.tabular.render import Answers, render
from tests.tabular.test_draft import sold

TRICKY = Answers('A "model"', 'the \\ till\nand "people"', "somebody's shelf stays empty" * 8)


def test_every_file_is_valid_whatever_people_answer(tmp_path: Path) -> None:
    sold().write_csv(tmp_path / "f.csv")
    made = draft(tmp_path / "f.csv", "Sold", "When", timedelta(days=1))
    written = render("shelves", made, TRICKY, "example.csv", generated=False)
    for path, content in written.items():
        if path.endswith(".py"):
            compile(content, path, "exec")
        elif path.endswith(".toml"):
            tomllib.loads(content)
    assert tomllib.loads(written["shelves/hazards.toml"])["hazard"][0]["happens"] == TRICKY.worst


def test_the_rule_says_what_the_draft_found(tmp_path: Path) -> None:
    sold().write_csv(tmp_path / "f.csv")
    made = draft(tmp_path / "f.csv", "Sold", "When", timedelta(days=1))
    space: dict[str, object] = {}
    code = render("shelves", made, TRICKY, "example.csv", generated=False)["shelves/columns.py"]
    exec(code, space)
    rule = space["rule"]
    assert callable(rule)
    assert [rule({"temp_c": value}) for value in (-9.0, 9.0, None)] == [
        made.rule.says[0],
        made.rule.says[-1],
        float(f"{made.rule.otherwise:.4g}"),
    ]
