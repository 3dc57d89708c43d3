"""`afield data quarantine` and `repair`."""

import csv
from pathlib import Path

import pytest

from afield.control.office import open_office
from tests.commands.conftest import Town
from tests.commands.town import APP
from tests.commands.town import town as make_town


def digits(row: dict[str, object]) -> dict[str, object] | None:
    """A letter for a digit in the order time, put right; other rows are left."""
    return {"OrderTime": str(row["OrderTime"]).replace("O", "0")} if row["_rule"] == "unreadable_time" else None


def fails(row: dict[str, object]) -> None:
    """A function that cannot cope with any row."""
    raise KeyError(str(row["_rule"]))


@pytest.fixture
def broken(town: Town) -> Town:
    """The town after the reading of a file with two rows that cannot be believed."""
    lines = town.early.read_text().splitlines()
    fields = lines[9].split(",")
    lines[9] = ",".join([*fields[:3], "2O24-01-01 00:10:00", ""])
    fields = lines[12].split(",")
    lines[12] = ",".join([fields[0], "seven", *fields[2:]])
    file = town.root / "broken.csv"
    file.write_text("\n".join(lines) + "\n")
    read(town, file)
    return town


def read(town: Town, file: Path) -> dict[str, tuple[int, int, int]]:
    """Read a file as a build does; where the rows of each table went."""
    office = open_office(make_town(), town.root, lambda _: None)
    facts = office.bench().read(office.plan, file)
    return {name: (each.read, each.kept, each.quarantined) for name, each in facts.summary.counts.items()}


def test_rows_set_aside_are_told_by_rule_and_position_and_the_counts_add_up(broken: Town) -> None:
    value = broken("data", "quarantine", APP, "--json").value
    assert sorted((row["row"], row["rule"]) for row in value["rows"]) == [(9, "unreadable_time"), (12, "unknown_zone")]
    count = value["counts"]["orders"]
    assert count["read"] == count["kept"] + count["quarantined"]
    assert count["quarantined"] == 2
    assert "orders" in value["provenance"]["data"]
    assert "broken.csv, row 12" in broken("data", "quarantine", APP, "--rule", "unknown_zone").out


def test_a_rule_that_nobody_broke_is_refused_with_those_that_were(broken: Town) -> None:
    done = broken("data", "quarantine", APP, "--rule", "rain")
    assert done.code == 2
    assert "unknown_zone, unreadable_time" in done.err


def test_a_function_repairs_what_it_can_and_the_next_build_has_it(broken: Town) -> None:
    done = broken("data", "repair", APP, "--with", f"{__name__}:digits", "--reason", "typing", "--by", "eve", "--json")
    assert done.code == 0
    (repair,) = done.value["repairs"]
    assert (repair["by"], repair["reason"], repair["row"]) == ("eve", "typing", 9)
    assert repair["how"].startswith(f"{__name__}:digits ")
    assert (done.value["repaired"], done.value["set_aside_again"]) == (1, 0)
    versions = done.value["versions"]
    assert versions["before"]["orders"] != versions["after"]["orders"]
    total, kept, aside = read(broken, broken.root / "broken.csv")["orders"]
    assert (total, aside) == (kept + 1, 1)


def test_rows_are_repaired_by_hand_in_a_file(broken: Town, tmp_path: Path) -> None:
    file = tmp_path / "aside.csv"
    assert broken("data", "quarantine", APP, "--to", file).code == 0
    rows = list(csv.DictReader(file.read_text().splitlines()))
    (wrong,) = [row for row in rows if row["rule"] == "unknown_zone"]
    wrong["PickupLocation"] = "7"
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    done = broken("data", "repair", APP, "--from", file, "--reason", "asked the driver", "--json")
    assert [(each["row"], each["how"].split()[0]) for each in done.value["repairs"]] == [(12, "aside.csv")]
    assert done.value["counts"]["orders"]["quarantined"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "say how"),
        (("--with", "a:b", "--from", "f.csv", "--reason", "r"), "say how"),
        (("--with", f"{__name__}:digits"), "say why"),
        (("--with", "nowhere:digits", "--reason", "r"), "cannot load"),
    ],
)
def test_a_repair_without_how_or_why_is_wrong_usage(broken: Town, options: tuple[str, ...], message: str) -> None:
    done = broken("data", "repair", APP, *options)
    assert done.code == 2
    assert message in done.err


def test_a_function_that_fails_keeps_nothing_and_names_the_row(broken: Town) -> None:
    done = broken("data", "repair", APP, "--with", f"{__name__}:fails", "--reason", "r")
    assert done.code == 1
    assert "on broken.csv, row 9: KeyError: 'unreadable_time'; correct the function" in done.err
    assert not broken("data", "quarantine", APP, "--json").value["by_rule"][0]["repaired"]


def test_where_nothing_was_set_aside_there_is_nothing_to_repair(town: Town) -> None:
    assert "no row is in the quarantine" in town("data", "quarantine", APP).out
    done = town("data", "repair", APP, "--with", f"{__name__}:digits", "--reason", "r")
    assert done.code == 2
    assert "nothing to repair" in done.err


def test_where_nothing_was_read_the_build_is_named(empty_town: Town) -> None:
    done = empty_town("data", "quarantine", APP)
    assert done.code == 2
    assert "build first" in done.err
