"""The report's stories, read from the ledger."""

from datetime import UTC, datetime, timedelta

import msgspec

from afield.records.decision import Entry
from afield.reporting.demonstration import updates

NOON = datetime(2024, 3, 1, 12)


def story(*rows: tuple[str, str, str] | tuple[str, str, str, str]) -> list[dict[str, object]]:
    """Rows of (kind, subject, actor, stage), an hour apart."""
    entries = [
        Entry(
            "surge", kind, subject, actor, f"why {kind}", NOON + timedelta(hours=place), datetime.now(UTC),
            evidence={"stage": rest[0]} if rest else {}, sequence=place + 1,
        )
        for place, (kind, subject, actor, *rest) in enumerate(rows)
    ]  # fmt: skip
    return updates(tuple(msgspec.structs.replace(each) for each in entries), "first")


FIRST = ("promoted", "first", "afield")


def test_the_first_release_is_no_update() -> None:
    assert story(("build", "first", "afield"), FIRST) == []


def test_a_candidate_that_climbed_is_told_with_its_stages() -> None:
    (told,) = story(
        FIRST,
        ("offered", "b", "afield"),
        ("stage", "b", "afield", "canary"),
        ("promoted", "b", "afield", "canary"),
        ("stage", "b", "afield", "idle"),
    )
    assert (told["trigger"], told["candidate"], told["decision"]) == ("why offered", "b", "promoted")
    assert told["at"] == "2024-03-01T15:00:00"
    assert [(span["stage"], span["from"][11:13], span["to"][11:13]) for span in told["stages"]] == [
        ("shadow", "13", "14"),
        ("canary", "14", "15"),
        ("probation", "15", "16"),
    ]


def test_a_release_that_a_person_put_live_and_evidence_took_back_is_told_as_such() -> None:
    (told,) = story(FIRST, ("promoted", "bad", "ada"), ("rolled_back", "bad", "afield"))
    assert told["decision"] == "rolled_back"
    assert told["reason"] == "why rolled_back"
    assert str(told["trigger"]).startswith("by hand")


def test_a_candidate_that_failed_its_gates_is_told_and_one_that_still_climbs_is_not() -> None:
    told = story(FIRST, ("build", "c", "afield"), ("rejected", "c", "afield"), ("offered", "d", "afield"))
    assert [(each["candidate"], each["decision"]) for each in told] == [("c", "rejected")]
