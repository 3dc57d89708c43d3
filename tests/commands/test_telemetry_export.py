"""`afield telemetry export`: recorded answers for others to read, or a word on why there are none."""

from datetime import datetime, timedelta

import polars as pl

from afield.records.traffic import Event
from afield.store.tables import Tables
from afield.telemetry.delivery import event_rows
from tests.commands.conftest import Town
from tests.commands.town import APP

AT = datetime(2024, 2, 26, 9)


def answered(town: Town, unit: str, count: int) -> None:
    rows = [
        Event(
            f"{unit}-{n}", unit, "champion", "r", AT, 1.0, 1.0, "p", "v", {"forecast": 1.0}, AT + timedelta(seconds=n)
        )
        for n in range(count)
    ]
    Tables(town.folder / "tables").append("predictions", event_rows(rows))


def test_answers_of_small_groups_are_one_in_the_file(town: Town) -> None:
    file = town.root / "answers.parquet"
    for unit, count in (("1", 30), ("2", 8), ("3", 7)):
        answered(town, unit, count)
    spoken = town("telemetry", "export", APP, str(file), "--json")
    assert (spoken.code, spoken.value) == (0, {"file": str(file), "rows": 45, "groups": 1, "folded": 2})
    rows = pl.read_parquet(file)
    assert rows["unit"].value_counts(sort=True).rows() == [("1", 30), (None, 15)]


def test_too_few_answers_and_no_answers_at_all_write_nothing(town: Town) -> None:
    def refused(file: str, why: str) -> None:
        spoken = town("telemetry", "export", APP, town.root / file)
        assert (spoken.code, why in spoken.err) == (2, True)

    refused("answers.parquet", "no prediction has been recorded")
    answered(town, "1", 9)
    refused("answers.parquet", "give more --days")
    answered(town, "2", 9)
    refused("no/answers.parquet", "cannot be written")
    assert not (town.root / "answers.parquet").exists()
