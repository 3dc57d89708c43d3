"""A contest, end to end: from the answer that a rider holds against the service to what holds later releases."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest

from afield.build import build
from afield.cli import VERBS, run
from afield.control.office import Office
from afield.control.orphans import end, running_with
from afield.evaluation.regression import NAME
from afield.labelling.contests import CASES, CONTESTED, CONTESTS
from afield.records.facts import Window
from tests.lifecycle.test_service import HOUR, Played, served
from tests.workshop.village import UNTIL, copied

pytestmark = pytest.mark.slow
PLAYED = Window(UNTIL, UNTIL + 26 * HOUR)
"""Two chunks of monitoring and what it takes to deliver them."""


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Office]:
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path)
    yield opened
    for left in running_with(opened.home.folder / "service.json"):
        end(left)


@pytest.fixture
def say(office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Says something at the command line and gives what it answers in JSON."""
    monkeypatch.setenv("AFIELD_HOME", str(office.home.root))

    def said(*arguments: str) -> dict[str, object]:
        capsys.readouterr()
        assert run([*arguments, "--json"], VERBS) == 0, capsys.readouterr().err
        return msgspec.json.decode(capsys.readouterr().out)

    return said


def contests(value: dict[str, object]) -> dict[str, int]:
    assert isinstance(value["contests"], dict)
    return value["contests"]


def test_a_contested_answer_becomes_a_label_an_outcome_and_a_regression_test_once_a_person_confirms_it(
    office: Office, say
) -> None:
    with served(office) as service, Played(service, PLAYED) as played:
        played.play(Window(PLAYED.start, PLAYED.start + 2 * HOUR))
        answer = played.answers[-1]
        body = msgspec.json.encode({"about": answer.id, "value": 3.0, "reason": "wrong"})
        assert played.client.call("POST", "/v1/contest", body) == (202, b'{"contests":1}')
        assert played.client.call("POST", "/v1/contest", body)[0] == 202, "said again, it counts once"
        played.play(Window(PLAYED.start + 2 * HOUR, PLAYED.end))

    stored = office.tables.scan(CONTESTS).select("about", "value", "reason").unique().collect().rows()
    assert stored == [(answer.id, 3.0, "wrong")]
    asked = office.tables.scan("predictions").filter(pl.col("id") == answer.id).collect().row(0, named=True)

    queue = say("label", "queue", "surge")
    assert queue["by_reason"]["reported"] == 1
    first = queue["first"][0]
    assert (first["reason"], str(first["zone"])) == ("reported", asked["unit"])
    assert contests(say("monitor", "surge")) == {
        "items": 1, "waiting": 1, "confirmed": 0, "cases": 0, "of_nothing": 0
    }  # fmt: skip
    assert not office.tables.exists(CASES), "what nobody has confirmed holds no release"

    added = say("label", "add", "surge", first["item"], "3", "--who", "ann")
    assert (added["case"], added["label"]["source"]) == (True, CONTESTED)
    outcomes = office.tables.scan("outcomes").filter(pl.col("source") == CONTESTED).collect()
    assert outcomes.select("key", "value").rows() == [(asked["unit"], 3.0)]
    assert contests(say("monitor", "surge")) == {
        "items": 1, "waiting": 0, "confirmed": 1, "cases": 1, "of_nothing": 0
    }  # fmt: skip
    assert run(["monitor", "surge"], VERBS) == 0

    built = build(office.plan, office.bench(), None, PLAYED.end + timedelta(days=3))
    (verdict,) = [each for each in built.verdicts if NAME in each.gate]
    assert NAME in office.shelf.bundle(built.release).read("card.md").decode(), verdict
