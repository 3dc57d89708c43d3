"""The facts that a build starts from."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from afield.data.sources import QUARANTINE, Extract
from afield.errors import DataError
from afield.store.steps import Steps
from afield.workshop.facts import Terms, read_facts


@dataclass
class Counted:
    """A source that counts how often it is read."""

    content: str = "one"
    reads: list[str] = field(default_factory=list)

    def fingerprint(self) -> str:
        return self.content

    def read(self) -> Extract:
        self.reads.append(self.content)
        if self.content == "broken":
            raise DataError("orders.csv, row 3, OrderTime: not a time")
        return Extract(
            tables={"orders": pl.LazyFrame({"id": ["a", "b"]})},
            rows_read=5,
            quarantined=pl.DataFrame(
                [
                    ("f", 1, "zone", "zone", "unknown", "{}"),
                    ("f", 2, "zone", "zone", "unknown", "{}"),
                    ("f", 3, "date", "date", "outside", "{}"),
                ],
                schema=QUARANTINE,
                orient="row",
            ),
            messages=("no weather",),
            density=2.0,
            generated=True,
        )


def test_a_source_is_read_once_for_each_content_name_and_code(tmp_path: Path) -> None:
    source, steps = Counted(), Steps(tmp_path)
    for name, code in (("city", "c1"), ("city", "c1"), ("city", "c2"), ("town", "c1")):
        read_facts(steps, name, source, code, Terms({}))
    assert len(source.reads) == 3
    source.content = "two"
    read_facts(steps, "city", source, "c1", Terms({}))
    assert source.reads[-1] == "two"


def test_facts_say_what_reading_amounted_to_also_when_they_were_read_before(tmp_path: Path) -> None:
    for _ in range(2):
        facts = read_facts(Steps(tmp_path), "city", Counted(), "c1", Terms({}))
        summary = facts.summary
        assert (summary.name, summary.rows_read, summary.rows_quarantined) == ("city", 5, 3)
        assert {(each["rule"], each["rows"]) for each in summary.quarantine} == {("zone", 2), ("date", 1)}
        assert (summary.messages, summary.density, summary.generated) == (("no weather",), 2.0, True)
        assert facts.tables["orders"].collect()["id"].to_list() == ["a", "b"]
        assert "quarantine" not in facts.tables


def test_a_source_that_cannot_be_read_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 3"):
        read_facts(Steps(tmp_path), "city", Counted("broken"), "c1", Terms({}))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
