"""`afield update`: one turn of the loop."""

import pytest

from afield.records.decision import ControlState
from afield.store.snapshots import publish_control
from tests.commands.conftest import BUILT, Town
from tests.commands.releases import another, entries, office
from tests.commands.town import APP, START


def follow_events(town: Town) -> None:
    """As a service left it whose clock followed the events up to the end of the facts."""
    publish_control(town.folder / "snapshots", ControlState(version=1, champion=town.release, now=START + BUILT))


def test_where_nothing_is_due_nothing_is_done_and_it_says_where_the_ladder_stands(town: Town) -> None:
    follow_events(town)
    champion, before = town.release, entries(town)
    done = town("update", APP)
    assert (done.code, entries(town)) == (0, before)
    assert f"nothing was due: champion {champion[:12]}, idle" in done.out


def test_the_ladder_is_asked_at_once(town: Town) -> None:
    follow_events(town)
    second = another(town)
    town("release", "promote", APP, second)
    value = town("update", APP, "--json").value
    assert (value["challenger"], value["stage"], value["rows"]) == (second, "shadow", [])


def test_a_training_by_hand_needs_its_reason(town: Town) -> None:
    assert town("update", APP, "--train").code == 2
    assert town("update", APP, "--reason", "x").code == 2


def test_where_another_leads_a_training_is_asked_for_and_nothing_else_is_done(town: Town) -> None:
    follow_events(town)
    lease = office(town).ledger.leases.acquire("town", "process 1 on host", "place", 60.0)
    assert lease is not None
    refused = town("update", APP)
    assert refused.code == 1
    assert "is led by process 1 on host" in refused.err
    done = town("update", APP, "--train", "--reason", "the fair begins", "--actor", "ada")
    assert done.code == 0
    assert "asked of process 1 on host" in done.out
    assert (entries(town)[-1].kind, entries(town)[-1].actor) == ("asked", "ada")


@pytest.mark.slow
def test_a_training_by_hand_is_done_and_its_end_is_kept(town: Town) -> None:
    follow_events(town)
    done = town("update", APP, "--train", "--reason", "the fair begins", "--actor", "ada", "--json")
    assert done.code == 0, done.err
    kinds = [row["kind"] for row in done.value["rows"]]
    assert kinds[:2] == ["asked", "training"]
    assert kinds[-1] == "trained"
    assert office(town).actions.state.training is None
