"""What the control plane does, as rows of the ledger."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from afield.clock import SimulatedClock
from afield.control.actions import AFIELD, Actions
from afield.control.rollout import rollout
from afield.errors import RolloutError
from afield.records.decision import Override
from afield.records.evidence import Alert
from afield.rollout.ladder import Step
from afield.store.ledger import Ledger

NOON = datetime(2024, 3, 1, 12)
HOUR = timedelta(hours=1)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


@pytest.fixture
def actions(ledger: Ledger) -> Actions:
    return Actions(ledger, "surge", SimulatedClock(NOON))


def climb(actions: Actions) -> None:
    """`b` in shadow beside `a`."""
    actions.promote("a", "first", NOON)
    actions.offer("b", "every 28 days", NOON + HOUR)


def test_every_action_is_a_row_with_who_why_when_and_on_what(actions: Actions, ledger: Ledger) -> None:
    actions.promote("a", "built by hand, gates passed", NOON, {"rmse": 1})
    (row,) = ledger.entries("surge")
    assert (row.kind, row.subject, row.actor, row.reason, row.at) == (
        "promoted", "a", AFIELD, "built by hand, gates passed", NOON,
    )  # fmt: skip
    assert row.evidence == {"rmse": 1.0}
    assert row.recorded.tzinfo is UTC


def test_the_ladder_s_steps_take_a_candidate_up_and_the_numbers_are_kept(actions: Actions, ledger: Ledger) -> None:
    climb(actions)
    for to in ("canary", "probation", "finished"):
        actions.step(Step(to, f"why {to}", {"ratio": 0.9}), NOON + 2 * HOUR)
    assert (actions.state.champion, actions.state.stage, actions.state.last_good) == ("b", "idle", "a")
    assert [row.evidence.get("ratio") for row in ledger.entries("surge")][2:] == [0.9, 0.9, 0.9]


@pytest.mark.parametrize("steps", [(), ("canary",)])
def test_a_candidate_that_is_worse_leaves_and_the_champion_stays(actions: Actions, steps: tuple[str, ...]) -> None:
    climb(actions)
    for to in (*steps, "rolled_back"):
        actions.step(Step(to, "worse"), NOON)
    assert (actions.state.champion, actions.state.challenger, actions.state.stage) == ("a", "", "idle")


def test_a_release_that_turns_bad_in_probation_gives_way_to_its_predecessor(actions: Actions, ledger: Ledger) -> None:
    actions.promote("a", "first", NOON)
    actions.promote("b", "by hand", NOON)
    actions.step(Step("rolled_back", "worse", {"ratio": 1.7}), NOON + HOUR)
    assert (actions.state.champion, actions.state.stage) == ("a", "idle")
    assert ledger.entries("surge")[-1].evidence == {"ratio": 1.7, "stage": "probation", "to": "a"}


def test_another_s_rows_are_taken_over_on_refreshing(actions: Actions, ledger: Ledger) -> None:
    person = Actions(ledger, "surge", SimulatedClock(NOON), "ada")
    person.promote("a", "first", NOON)
    assert actions.state.champion == ""
    assert actions.refresh()
    assert not actions.refresh()
    assert actions.state == person.state
    assert ledger.entries("surge")[0].actor == "ada"


def test_another_application_s_rows_are_not_ours(actions: Actions, ledger: Ledger) -> None:
    Actions(ledger, "signs", SimulatedClock(NOON)).promote("x", "first", NOON)
    assert not actions.refresh()


def test_what_was_decided_before_a_restart_is_the_state_after_it(actions: Actions, ledger: Ledger) -> None:
    climb(actions)
    actions.step(Step("canary", "better"), NOON)
    again = Actions(ledger, "surge", SimulatedClock(NOON))
    assert again.state == actions.state == rollout(ledger.entries("surge"))


def test_a_race_between_the_ladder_and_a_person_leaves_a_ledger_that_reads(actions: Actions, ledger: Ledger) -> None:
    climb(actions)
    person = Actions(ledger, "surge", SimulatedClock(NOON), "ada")
    person.reject("b", "I know better", NOON, {})
    actions.step(Step("canary", "better"), NOON)
    assert (actions.state.stage, actions.state.challenger) == ("idle", "")


def test_a_rollback_goes_back_to_what_the_champion_replaced_long_ago(actions: Actions) -> None:
    actions.promote("a", "first", NOON)
    actions.promote("b", "by hand", NOON)
    actions.step(Step("finished", "no harm"), NOON)
    assert actions.predecessor() == "a"
    actions.roll_back("not good", NOON)
    assert actions.state.champion == "a"


def test_there_is_nothing_to_roll_back_to_before_the_second_release(actions: Actions) -> None:
    actions.promote("a", "first", NOON)
    with pytest.raises(RolloutError, match="no earlier release"):
        actions.roll_back("why not", NOON)
    with pytest.raises(RolloutError, match="no earlier release"):
        actions.roll_back("why not", NOON, to="a")


def test_alerts_come_back_as_they_were_raised(actions: Actions) -> None:
    alert = Alert(
        "performance:1", "performance", "deviance", NOON, NOON - HOUR, "critical", 0.3, "worse", "retrain", "all"
    )
    actions.alert(alert)
    assert actions.alerts(NOON) == (alert,)
    assert actions.alerts(NOON + HOUR) == ()


def surge_cap(name: str = "flood", expires: datetime = NOON + HOUR, value: float = 1.0) -> Override:
    return Override(name, "*", "multiplier", value, "people flee", expires)


def test_a_mode_holds_for_all_or_for_one_unit(actions: Actions, ledger: Ledger) -> None:
    actions.mode("prompt", "look closer", NOON)
    actions.mode("off", "flood", NOON, "22")
    state = rollout(ledger.entries("surge"))
    assert (state.mode, state.mode_by_unit) == ("prompt", (("22", "off"),))
    actions.mode("automate", "over", NOON + HOUR, "22")
    assert actions.state.mode_by_unit == (("22", "automate"),)


def test_an_override_comes_back_from_the_ledger_as_it_was_set(actions: Actions, ledger: Ledger) -> None:
    actions.override(surge_cap(value=2.0), NOON)
    actions.override(surge_cap(), NOON)
    assert rollout(ledger.entries("surge")).overrides == (surge_cap(),)


def test_a_lifted_override_is_gone_and_the_others_stay(actions: Actions) -> None:
    actions.override(surge_cap("flood"), NOON)
    actions.override(surge_cap("fire"), NOON)
    actions.lift("flood", "the water is gone", NOON)
    assert [each.name for each in actions.state.overrides] == ["fire"]
    with pytest.raises(RolloutError, match="no override 'flood' to lift; there is: fire"):
        actions.lift("flood", "again", NOON)


@pytest.mark.parametrize(
    ("expires", "value", "message"),
    [
        (NOON, 1.0, "is not after"),
        (NOON - HOUR, 1.0, "is not after"),
        ((NOON + HOUR).replace(tzinfo=UTC), 1.0, "leave the zone out"),
        (NOON + HOUR, float("nan"), "finite"),
    ],
)
def test_an_override_that_could_not_hold_is_refused(
    actions: Actions, ledger: Ledger, expires: datetime, value: float, message: str
) -> None:
    with pytest.raises(RolloutError, match=message):
        actions.override(surge_cap(expires=expires, value=value), NOON)
    assert not ledger.entries("surge")


def test_every_change_of_the_champion_carries_an_order_above_all_that_was_signed_before(ledger: Ledger) -> None:
    signed: list[tuple[str, int]] = []

    def sign(release: str, sequence: int, reason: str) -> str:
        signed.append((release, sequence))
        return f"{release} {sequence} {reason}"

    actions = Actions(ledger, "surge", SimulatedClock(NOON), sign=sign)
    actions.built("a", "by hand", NOON, {})
    actions.promote("a", "first", NOON)
    actions.promote("b", "better", NOON)
    actions.step(Step("rolled_back", "worse in probation", {}), NOON + HOUR)
    actions.promote("b", "after all", NOON + HOUR)
    actions.roll_back("by hand", NOON + HOUR)

    assert [release for release, _ in signed] == ["a", "b", "a", "b", "a"]
    assert [sequence for _, sequence in signed] == sorted({sequence for _, sequence in signed})
    assert signed[0][1] > 1
    state = rollout(ledger.entries("surge"))
    assert (state.champion, state.order) == ("a", f"a {signed[-1][1]} by hand")
    assert state.published(9, share=0.0, block=1, now=None).order == state.order


def test_without_a_key_a_rollback_takes_place_and_carries_no_order(actions: Actions) -> None:
    actions.promote("a", "first", NOON)
    actions.promote("b", "better", NOON)
    actions.roll_back("by hand", NOON)

    assert (actions.state.champion, actions.state.order) == ("a", "")


def test_an_approval_is_a_second_person_s_word_and_counts_once(ledger: Ledger) -> None:
    ada, bob, eve = (Actions(ledger, "surge", SimulatedClock(NOON), who) for who in ("ada", "bob", "Eve"))
    ada.promote("a", "first", NOON)
    ada.offer("b", "better", NOON)
    bob.approve("b", "seen the shadow", NOON)
    with pytest.raises(RolloutError, match="second person"):
        ada.approve("b", "mine", NOON)
    with pytest.raises(RolloutError, match="once is what counts"):
        Actions(ledger, "surge", SimulatedClock(NOON), " BOB").approve("b", "again", NOON)
    eve.approve("b", "fine", NOON)
    assert ada.approvals("b") == ("bob", "eve")
    assert ada.approvals("b", without="eve") == ("bob",)


def test_what_left_the_ladder_has_to_be_approved_anew(ledger: Ledger) -> None:
    ada, bob = (Actions(ledger, "surge", SimulatedClock(NOON), who) for who in ("ada", "bob"))
    ada.promote("a", "first", NOON)
    with pytest.raises(RolloutError, match="not on the ladder"):
        bob.approve("b", "too early", NOON)
    ada.offer("b", "better", NOON)
    bob.approve("b", "fine", NOON)
    ada.refresh()
    ada.step(Step("rolled_back", "worse"), NOON)
    ada.offer("b", "once more", NOON)
    assert ada.approvals("b") == ()


def test_of_two_promotions_at_once_the_second_queues_and_overwrites_nothing(ledger: Ledger) -> None:
    ada, bob = (Actions(ledger, "surge", SimulatedClock(NOON), who) for who in ("ada", "bob"))
    ada.promote("a", "first", NOON)
    bob.refresh()
    replaced_unseen = bob.state
    ada.promote("b", "at once", NOON)
    bob.state, bob.refresh = replaced_unseen, lambda: False  # type: ignore[method-assign]  # the same moment
    bob.promote("c", "at once too", NOON)
    ada.refresh()
    assert (ada.state.champion, ada.state.stage, ada.state.queue) == ("b", "probation", ("c",))
