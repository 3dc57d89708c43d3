"""What the ledger suggests to start, stop and keep."""

from datetime import UTC, datetime, timedelta

from afield.records.decision import Entry
from afield.rollout.retrospect import retrospect

START = datetime(2024, 3, 1)


def rows(*said: tuple[str, str, str, str, dict[str, float | str]]) -> list[Entry]:
    known = START.replace(tzinfo=UTC)
    return [
        Entry("surge", kind, subject, "ada", reason, START + place * timedelta(hours=1), known, replaces, evidence)
        for place, (kind, subject, reason, replaces, evidence) in enumerate(said)
    ]


def test_an_empty_ledger_suggests_nothing() -> None:
    found = retrospect([])
    assert (found.start, found.stop, found.keep) == ((), (), ())


def test_the_first_release_is_no_habit() -> None:
    found = retrospect(rows(("promoted", "a", "built by hand; gates passed", "", {})))
    assert (found.start, found.stop, found.keep) == ((), (), ())


def test_promotions_by_hand_that_were_taken_back_are_to_stop() -> None:
    found = retrospect(
        rows(("promoted", "b", "by hand", "a", {}), ("rolled_back", "b", "riders complain", "b", {}),
             ("promoted", "c", "fixes the airport", "a", {}))
    )  # fmt: skip
    assert found.stop == ("putting releases live at once: 1 of 2 that were had to be taken back",)
    assert "saying why: 1 of 2 promotions by hand gave no reason (--reason)" in found.start
    assert any("asking a second person" in line for line in found.start)


def test_what_the_ladder_put_live_and_stayed_is_to_keep() -> None:
    ladder: dict[str, float | str] = {"stage": "canary"}
    found = retrospect(
        rows(("promoted", "b", "no evidence of harm", "a", ladder),
             ("promoted", "c", "no evidence of harm", "b", ladder),
             ("rolled_back", "c", "worse: after 30 ticks", "c", {}))
    )  # fmt: skip
    assert "letting candidates climb on evidence: 1 of 2 that the ladder put live stayed" in found.keep
    assert "taking back on evidence: 1 candidates that did worse went back by themselves" in found.keep


def test_a_gate_that_refuses_again_and_again_is_named() -> None:
    refused: tuple[str, str, str, str, dict[str, float | str]] = (
        "rejected",
        "x",
        "gates failed: bias: +9 %, ±5 % is allowed",
        "",
        {},
    )
    found = retrospect(rows(refused, refused))
    assert found.stop[0].startswith("building what cannot pass: gate 'bias' refused 2 builds")


def test_candidates_that_end_inconclusive_ask_for_a_longer_shadow() -> None:
    back: tuple[str, str, str, str, dict[str, float | str]] = (
        "rolled_back",
        "x",
        "inconclusive: after 336 ticks",
        "",
        {},
    )
    assert "2 candidates went back inconclusive" in retrospect(rows(back, back)).start[0]
