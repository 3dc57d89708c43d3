"""`afield remedy`: what was undone and made good for an answer."""

from datetime import timedelta

import polars as pl
import pytest

from afield.commands.remedy import REMEDY
from afield.records.decision import ControlState
from afield.store.ledger import Ledger
from afield.store.snapshots import publish_control
from afield.store.tables import Tables
from afield.telemetry.delivery import EVENTS
from tests.commands.conftest import Town
from tests.commands.town import APP, START

DONE = ("--undone", "charged 1.0 times", "--compensated", "8.40 back", "--reason", "surged in a flood")


@pytest.fixture
def town(town: Town) -> Town:
    """A town whose service stands at the start, and gave one answer."""
    publish_control(town.folder / "snapshots", ControlState(version=1, champion=town.release, now=START))
    told = pl.DataFrame(
        {
            "id": ["a1", "b1"],
            "unit": ["22", "23"],
            "release": [town.release] * 2,
            "tick": [START - timedelta(hours=1)] * 2,
        }
    )
    tables = Tables(town.folder / "tables")
    tables.append(EVENTS, told)
    # What is told apart in an answer is kept as facts of its own id; here they are orders.
    orders = tables.scan("orders").head(2).collect()
    tables.append("orders", orders.with_columns(order_id=pl.Series(["a1/0", "a1/1"])))
    return town


def rows(town: Town) -> list[tuple[str, str, str]]:
    kept = Ledger(f"sqlite:///{town.folder / 'ledger.db'}").entries("town", kinds=(REMEDY,))
    return [(row.subject, row.actor, row.reason) for row in kept]


def test_a_remedy_is_kept_with_what_the_answer_was_and_listed(town: Town) -> None:
    told = town("remedy", APP, "a1/0", *DONE, "--actor", "ada", "--json")
    assert told.code == 0
    assert {name: told.value[name] for name in ("answer", "undone", "compensated", "release", "unit")} == {
        "answer": "a1/0",
        "undone": "charged 1.0 times",
        "compensated": "8.40 back",
        "release": town.release,
        "unit": "22",
    }
    assert rows(town) == [("a1/0", "ada", "surged in a flood")]
    assert [each["answer"] for each in town("remedy", APP, "--json").value["remedies"]] == ["a1/0"]
    assert "8.40 back" in town("remedy", APP).out


def test_a_remedy_changes_nothing_of_who_answers(town: Town) -> None:
    before = town("release", "list", APP, "--json").value
    town("remedy", APP, "a1", *DONE)
    assert town("release", "list", APP, "--json").value == before


def test_where_nothing_was_made_good_the_list_says_so(town: Town) -> None:
    assert town("remedy", APP).out.strip() == "nothing had to be made good"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("a2", *DONE), 1, "answer a2: no such id among what was delivered"),
        (
            ("a1/2", *DONE),
            1,
            "nothing in it is called a1/2: it told a1/0, a1/1; name one, or the answer itself: a1",
        ),
        (("a1/", *DONE), 1, "answer a1 is known, and nothing in it is called a1/:"),
        (("a2/0", *DONE), 1, "answer a2/0: no such id among what was delivered"),
        (("b1/0", *DONE), 1, "nothing is told apart in it; name the answer itself: b1"),
        (("a1", "--reason", "x"), 2, "a remedy says what was done: --undone, --compensated or both"),
        (("a1", *DONE[:-1], " "), 2, "--reason is empty"),
        (DONE, 2, "name the answer that this is about"),
    ],
)
def test_what_says_too_little_is_refused_and_nothing_is_noted(
    town: Town, arguments: tuple[str, ...], code: int, message: str
) -> None:
    told = town("remedy", APP, *arguments)
    assert told.code == code
    assert message in told.err
    assert rows(town) == []
