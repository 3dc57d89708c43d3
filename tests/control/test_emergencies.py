"""What is said of emergencies becomes overrides in the ledger: at once, and once."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from afield.clock import SimulatedClock
from afield.control.actions import Actions
from afield.control.emergencies import FACT, Emergencies
from afield.control.rollout import rollout
from afield.mitigation.emergencies import Emergency
from afield.records.decision import Override
from afield.records.traffic import Fact
from afield.store.ledger import Ledger

NOON = datetime(2024, 3, 1, 12)
HOUR = timedelta(hours=1)


def closed(fact: Fact) -> Override:
    shop = str(fact.fields["shop"])
    until = datetime.fromisoformat(str(fact.fields["until"]))
    return Override(f"fire {shop}", shop, "bake", float(str(fact.fields.get("bake", 0))), "a fire", until)


def fire(number: int, at: datetime, until: datetime, **fields: object) -> Fact:
    return Fact(f"f{number}", "fire", at, fields={"shop": "east", "until": until.isoformat(), **fields})


class Desk:
    """Emergencies over a ledger, and what they told."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.told = ledger, list[str]()
        self.actions = Actions(ledger, "toy", SimulatedClock(NOON))
        self.emergencies = Emergencies(Emergency("fire", closed), self.actions, self.told.append)

    def hear(self, *facts: Fact, now: datetime = NOON) -> bool:
        assert all(self.emergencies.hears(fact) for fact in facts)
        return self.emergencies.act(now)

    @property
    def held(self) -> list[tuple[str, str, datetime]]:
        """What the ledger adds up to, for whoever leads next."""
        state = rollout(self.ledger.entries("toy"))
        return [(each.name, each.reason, each.expires) for each in state.overrides]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


def test_a_fact_sets_an_override_with_its_reason_its_expiry_and_what_it_rests_on(desk: Desk) -> None:
    assert desk.hear(fire(1, NOON, NOON + HOUR))
    assert desk.held == [("fire east", "a fire", NOON + HOUR)]
    (row,) = desk.ledger.entries("toy", ("override",))
    assert (row.actor, row.evidence[FACT], row.at) == ("afield", "f1", NOON)


def test_a_later_fact_puts_the_end_off_and_one_whose_end_is_over_lifts_it(desk: Desk) -> None:
    desk.hear(fire(1, NOON, NOON + HOUR))
    desk.hear(fire(2, NOON + HOUR / 2, NOON + 3 * HOUR), now=NOON + HOUR / 2)
    assert desk.held == [("fire east", "a fire", NOON + 3 * HOUR)]
    assert desk.hear(fire(3, NOON + HOUR, NOON + HOUR), now=NOON + HOUR)
    assert desk.held == []


def test_what_is_sent_or_read_again_changes_nothing_whoever_leads(desk: Desk, ledger: Ledger) -> None:
    begin, end = fire(1, NOON, NOON + 3 * HOUR), fire(2, NOON + HOUR, NOON + HOUR)
    desk.hear(begin)
    desk.hear(end, now=NOON + HOUR)
    for leader in (desk, Desk(ledger)):
        assert not leader.hear(begin, end, now=NOON + HOUR)
    assert (desk.held, len(ledger.entries("toy"))) == ([], 2)


def test_what_a_person_has_lifted_does_not_come_back(desk: Desk, ledger: Ledger) -> None:
    begin = fire(1, NOON, NOON + 3 * HOUR)
    desk.hear(begin)
    Actions(ledger, "toy", SimulatedClock(NOON), "ada").lift("fire east", "a false alarm", NOON)
    desk.actions.refresh()
    assert not Desk(ledger).hear(begin)
    assert desk.held == []


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_that_come_together_the_one_that_was_said_later_counts(desk: Desk, turned: bool) -> None:
    facts = [fire(1, NOON - HOUR, NOON + 3 * HOUR), fire(2, NOON, NOON + HOUR)]
    desk.hear(*(facts[::-1] if turned else facts))
    assert desk.held == [("fire east", "a fire", NOON + HOUR)]


def test_one_that_is_over_before_it_is_heard_sets_nothing(desk: Desk) -> None:
    assert not desk.hear(fire(1, NOON - HOUR, NOON))
    assert desk.ledger.entries("toy") == ()


def test_what_cannot_be_set_is_told_and_holds_up_nothing_else(desk: Desk) -> None:
    bad = fire(1, NOON, NOON + HOUR, bake="nan")
    assert desk.hear(bad, Fact("f2", "fire", NOON, fields={**fire(2, NOON, NOON + HOUR).fields, "shop": "west"}))
    assert [name for name, _, _ in desk.held] == ["fire west"]
    assert "emergency f1: override fire east: nan is no value" in desk.told[0]


def test_other_facts_are_none_and_without_a_declaration_nothing_is(desk: Desk) -> None:
    sale = Fact("s1", "sale", NOON)
    assert not desk.emergencies.hears(sale)
    assert not Emergencies(None, desk.actions, desk.told.append).hears(fire(1, NOON, NOON + HOUR))
