"""`afield data log`, `show` and `diff`."""

import polars as pl
import pytest

from afield.commands.output import RESULTS
from tests.commands.conftest import Town
from tests.commands.town import APP


def test_the_log_of_a_table_says_when_how_how_much_from_what_and_who_read_it(town: Town) -> None:
    commits = town("data", "log", APP, "orders", "--json").value["versions"]
    assert [(each["version"], each["operation"]) for each in commits] == [(1, "WRITE"), (0, "CREATE TABLE")]
    assert commits[0]["rows"] == pl.read_csv(town.early).height
    assert commits[0]["source"].endswith("early.csv")
    assert len(commits[0]["used_by"]) == 1
    assert "WRITE" in town("data", "log", APP, "orders").out


def test_what_was_collected_has_a_log_of_its_own(town: Town) -> None:
    value = town("data", "log", APP, "orders", "--collected", "--json").value
    assert (value["where"], value["versions"][0]["source"]) == ("collected", "")


def test_the_newest_rows_of_a_table_are_shown_as_of_a_version(town: Town) -> None:
    value = town("data", "show", APP, "orders", "--rows", 3, "--json").value
    assert len(value["rows"]) == 3
    assert all(row["at"].startswith("2024-02-25") for row in value["rows"])
    assert town("data", "show", APP, "orders", "--version", 0, "--json").value["rows"] == []
    assert len(town("data", "show", APP, "zones", "--json").value["rows"]) == 10
    assert "2024-02-26 00:00:00" in town("data", "show", APP, "coverage").out


def test_what_changed_between_two_versions_is_told_with_the_labels(town: Town) -> None:
    few = town.early.with_name("few.csv")
    pl.read_csv(town.early).head(-9000).write_csv(few)
    assert town("build", APP, "--data", few, "--candidate", "--json").code in (0, 1)
    value = town("data", "diff", APP, "coverage", 1, 2, "--json").value
    found = value["difference"]
    assert (found["rows_before"], found["rows_after"]) == (1, 1)
    assert found["labels"]["before"]["rows"] > found["labels"]["after"]["rows"]
    assert found["label_shift"]["interval"]["low"] <= found["label_shift"]["effect"]
    assert set(value["provenance"]["data"]) == {"coverage@1", "coverage@2"}
    assert "labels before" in town("data", "diff", APP, "orders", 1, 2).out
    assert "rows in version 1" in town("data", "diff", APP, "orders").out


def test_a_single_version_has_nothing_to_be_compared_with(town: Town) -> None:
    done = town("data", "diff", APP, "orders")
    assert done.code == 0, done.err
    assert "has one version, 1: nothing to compare yet; see: afield data log" in done.out
    assert town("data", "diff", APP, "orders", "--json").value["first"] is None


def test_long_ids_are_cut_at_the_terminal_and_the_versions_stand_below(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RESULTS, "_width", 400)
    person = str(town("data", "show", APP, "orders", "--json").value["rows"][0]["user_id"])  # type: ignore[index]
    told = town("data", "show", APP, "orders").out
    assert len(person) == 32
    assert person not in told
    assert f" {person[:8]} " in told
    assert "data orders 1 · code" in told
    assert "data orders 1 · code" in town("data", "log", APP, "orders").out


@pytest.mark.parametrize("verb", [("log",), ("show",), ("diff", 0, 1)])
def test_an_unknown_table_is_refused_with_those_that_there_are(town: Town, verb: tuple[object, ...]) -> None:
    name, *more = verb
    done = town("data", name, APP, "../orders", *more)
    assert done.code == 2
    assert "there is: orders, weather" in done.err


def test_an_unknown_version_is_refused_with_those_that_there_are(town: Town) -> None:
    done = town("data", "show", APP, "orders", "--version", 7)
    assert done.code == 2
    assert "table orders has no version 7; it has 0 to 1" in done.err


def test_no_rows_are_wrong_usage(town: Town) -> None:
    assert town("data", "show", APP, "orders", "--rows", 0).code == 2


def test_a_table_whose_log_is_damaged_is_named(town: Town) -> None:
    for entry in (town.folder / "tables" / "orders" / "_delta_log").glob("*.json"):
        entry.write_text("{")
    done = town("data", "log", APP, "orders", "--collected")
    assert done.code == 1
    assert str(town.folder / "tables" / "orders") in done.err
