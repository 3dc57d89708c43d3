"""What a process keeps of answers, and of what clients tell."""

from datetime import datetime
from pathlib import Path

import pytest

from afield.errors import TelemetryError
from afield.records.traffic import Fact, Ingest
from afield.telemetry.encoding import decode
from afield.telemetry.keeping import Keeping
from afield.telemetry.policy import Policy
from afield.telemetry.segments import read

FACT = Fact("s1", "sale", datetime(2026, 3, 2, 9), fields={"shop": "east", "user": "anna"})


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path / "events", tmp_path / "facts", Policy(name="all"), private=("user",), key=b"k" * 32)


def kept(tmp_path: Path) -> list[Fact]:
    batches = [decode(record) for _, record in read(tmp_path / "facts")]
    return [fact for batch in batches if isinstance(batch, Ingest) for fact in batch.facts]


def test_people_are_keyed_hashes_before_a_fact_reaches_the_disk(keeping: Keeping, tmp_path: Path) -> None:
    keeping.append(Ingest(facts=(FACT,)), 1)
    keeping.close()
    (fact,) = kept(tmp_path)
    assert (fact.fields["shop"], fact.fields["user"] == "anna") == ("east", False)
    assert not [file for file in (tmp_path / "facts").iterdir() if b"anna" in file.read_bytes()]


def test_what_an_answer_brought_to_light_never_stops_the_answer(
    keeping: Keeping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise TelemetryError("no space left")

    monkeypatch.setattr(keeping, "append", full)
    keeping.keep((FACT,))
    keeping.close()
    assert kept(tmp_path) == []
