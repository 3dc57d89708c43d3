"""Who answers now, as the ledger's rows add up."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.control.rollout import Rollout, rollout
from afield.errors import RolloutError
from afield.records.decision import Entry

START = datetime(2024, 3, 1)
RELEASES = ("a", "b", "c", "d")


def row(kind: str, subject: str, hours: int = 0, **evidence: float | str) -> Entry:
    return Entry(
        application="surge",
        kind=kind,
        subject=subject,
        actor="afield",
        reason="",
        at=START + timedelta(hours=hours),
        recorded=datetime(2024, 3, 1, tzinfo=UTC),
        evidence=evidence,
    )


def state(*rows: Entry) -> Rollout:
    numbered = [msgspec.structs.replace(each, sequence=place) for place, each in enumerate(rows, 1)]
    return rollout(numbered)


releases = st.sampled_from(RELEASES)
rows = st.one_of(
    st.builds(row, st.sampled_from(("build", "offered", "promoted", "rejected", "rolled_back")), releases),
    st.builds(lambda subject, to: row("rolled_back", subject, to=to), releases, releases),
    st.builds(lambda subject, stage: row("stage", subject, stage=stage), releases, st.sampled_from(("canary", "idle"))),
    st.builds(lambda subject: row("promoted", subject, stage="canary"), releases),
    st.builds(
        lambda unit, mode: row("mode", unit, mode=mode), st.sampled_from("*7"), st.sampled_from(("off", "prompt"))
    ),
    st.builds(lambda: row("override", "flood", scope="7", output="multiplier", value=1.0, expires=START.isoformat())),
    st.builds(lambda: row("override", "flood", lifted=1.0)),
    st.builds(lambda: row("alert", "performance")),
    st.builds(lambda: row("of a later version", "x")),
)
histories = st.lists(rows, max_size=40).map(
    lambda found: [msgspec.structs.replace(each, sequence=place) for place, each in enumerate(found, 1)]
)


@given(histories)
def test_any_rows_fold_into_a_state_that_makes_sense(history: list[Entry]) -> None:
    for length in range(len(history) + 1):
        now = rollout(history[:length])
        assert bool(now.challenger) == (now.stage in ("shadow", "canary"))
        assert now.stage == "idle" or now.champion
        assert now.stage != "probation" or now.last_good
        taking_part = [each for each in (now.champion, now.challenger, *now.queue) if each]
        assert len(set(taking_part)) == len(taking_part), "a release stands in one place"
        assert now.sequence == length


@given(histories, st.integers(0, 40))
def test_going_on_from_a_state_equals_folding_everything(history: list[Entry], cut: int) -> None:
    assert rollout(history[cut:], rollout(history[:cut])) == rollout(history)


@given(histories)
def test_nobody_waits_while_nothing_climbs_and_nothing_is_in_probation(history: list[Entry]) -> None:
    now = rollout(history)
    assert now.stage != "idle" or not now.queue or not now.champion


def test_the_first_promotion_is_live_at_once() -> None:
    now = state(row("promoted", "a", 1))
    assert (now.champion, now.stage, now.last_good) == ("a", "idle", "")


def test_a_promotion_by_hand_enters_probation_against_its_predecessor() -> None:
    now = state(row("promoted", "a"), row("promoted", "b", 5))
    assert (now.champion, now.last_good, now.stage, now.since) == ("b", "a", "probation", START + timedelta(hours=5))


def test_a_rollback_returns_the_predecessor() -> None:
    now = state(row("promoted", "a"), row("promoted", "b"), row("rolled_back", "b", 9))
    assert (now.champion, now.last_good, now.stage) == ("a", "", "idle")


def test_a_rollback_to_a_named_release_returns_that_one() -> None:
    now = state(row("promoted", "a"), row("promoted", "b"), row("promoted", "c"), row("rolled_back", "c", to="a"))
    assert now.champion == "a"


def test_a_candidate_climbs_from_shadow_over_canary_into_probation_and_ends_idle() -> None:
    rows = [row("promoted", "a"), row("offered", "b", 1), row("stage", "b", 2, stage="canary")]
    rows += [row("promoted", "b", 3, stage="canary"), row("stage", "b", 4, stage="idle")]
    stages = [state(*rows[:length]).stage for length in range(1, 6)]
    assert stages == ["idle", "shadow", "canary", "probation", "idle"]
    assert state(*rows).last_good == "a"


def test_who_is_offered_while_another_climbs_waits_its_turn() -> None:
    climbing = [row("promoted", "a"), row("offered", "b"), row("offered", "c"), row("offered", "d")]
    assert state(*climbing).queue == ("c", "d")
    now = state(*climbing, row("rolled_back", "b", 7))
    assert (now.challenger, now.stage, now.since, now.queue) == ("c", "shadow", START + timedelta(hours=7), ("d",))


def test_who_is_offered_in_probation_does_not_cut_it_short() -> None:
    probation = [row("promoted", "a"), row("promoted", "b"), row("offered", "c")]
    now = state(*probation)
    assert (now.stage, now.challenger, now.queue) == ("probation", "", ("c",))
    assert state(*probation, row("stage", "b", stage="idle")).challenger == "c"
    assert state(*probation, row("rolled_back", "b")).challenger == "c"


def test_a_rollback_while_another_climbs_lets_it_begin_anew_against_who_came_back() -> None:
    now = state(row("promoted", "a"), row("promoted", "b"), row("stage", "b", stage="idle"), row("offered", "c", 2))
    now = rollout([row("rolled_back", "b", 8, to="a")], now)
    assert (now.champion, now.challenger, now.stage, now.since) == ("a", "c", "shadow", START + timedelta(hours=8))


def test_a_word_of_the_ladder_that_comes_too_late_changes_nothing() -> None:
    taken_off = [row("promoted", "a"), row("offered", "b"), row("rolled_back", "b")]
    for late in (
        row("stage", "b", stage="canary"),
        row("promoted", "b", stage="canary"),
        row("stage", "b", stage="idle"),
    ):
        assert state(*taken_off, late).champion == "a"
        assert state(*taken_off, late).stage == "idle"


def test_a_stage_of_a_later_version_is_refused() -> None:
    with pytest.raises(RolloutError, match="upgrade"):
        state(row("promoted", "a"), row("stage", "a", stage="orbit"))


def test_modes_and_overrides_add_up_and_are_lifted() -> None:
    override = row("override", "flood", scope="7", output="multiplier", value=1.0, expires="2024-03-02T00:00:00")
    now = state(
        row("mode", "7", mode="off"), row("mode", "*", mode="prompt"), row("mode", "7", mode="prompt"), override
    )
    assert now.mode == "prompt"
    assert now.mode_by_unit == (("7", "prompt"),)
    assert [(each.scope, each.value) for each in now.overrides] == [("7", 1.0)]
    assert rollout([row("override", "flood", lifted=1.0)], now).overrides == ()


def test_a_training_answers_the_alerts_before_it_once_its_release_is_on_the_ladder() -> None:
    failed = (row("build", "a"), row("promoted", "a"), row("training", "training", 30), row("build", "b", 30))
    assert state(*failed, row("rejected", "b", 30), row("trained", "", 31)).answered is None
    assert state(*failed, row("offered", "b", 31)).answered == START + timedelta(hours=30)


def test_every_build_counts_as_training_whether_or_not_it_was_promoted() -> None:
    assert state(row("promoted", "a"), row("build", "b", 30), row("rejected", "b", 30)).trained == START + timedelta(
        hours=30
    )


def test_workers_send_traffic_to_a_challenger_in_canary_only() -> None:
    shadow = state(row("promoted", "a"), row("offered", "b"))
    canary = rollout([row("stage", "b", stage="canary")], shadow)
    shares = [each.published(3, share=0.1, block=7200, now=START).canary_share for each in (shadow, canary)]
    assert shares == [0.0, 0.1]
    published = canary.published(3, share=0.1, block=7200, now=START)
    assert (published.version, published.champion, published.challenger, published.now) == (3, "a", "b", START)
