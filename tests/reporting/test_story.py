"""What happened is told in order."""

from typing import Any

from afield.reporting.content import read
from afield.reporting.story import story


def test_the_story_runs_in_the_order_of_time(sample: dict[str, Any]) -> None:
    sample["alerts"].reverse()
    told = story(read(sample))
    assert [happening.kind for happening in told] == [
        "start", "change", "alert", "candidate", "alert", "promoted", "candidate", "rolled_back", "outage",
    ]  # fmt: skip
    assert [happening.at for happening in told] == sorted(happening.at for happening in told)


def test_a_candidate_tells_its_trigger_and_its_climb(sample: dict[str, Any]) -> None:
    candidate = next(happening for happening in story(read(sample)) if happening.kind == "candidate")
    assert candidate.title == "Candidate 7f3a91c2d47f offered"
    assert candidate.text.startswith("Trigger: alert performance. Shadow 11")
    assert "probation" in candidate.text


def test_a_stage_without_an_end_is_still_on(sample: dict[str, Any]) -> None:
    sample["updates"][0]["stages"][2]["to"] = None
    candidate = next(happening for happening in story(read(sample)) if happening.kind == "candidate")
    assert candidate.text.replace("\N{NO-BREAK SPACE}", " ").endswith("probation from 17 Mar 2024 00:00 on.")


def test_a_candidate_turned_down_at_the_gates_has_its_decision_only(sample: dict[str, Any]) -> None:
    sample["updates"] = [{**sample["updates"][1], "decision": "rejected", "stages": []}]
    told = [happening for happening in story(read(sample)) if "badc0ffee0ba" in happening.title]
    assert [happening.title for happening in told] == ["Candidate badc0ffee0ba was turned down"]


def test_a_quiet_run_tells_only_its_beginning(sample: dict[str, Any]) -> None:
    sample |= {"alerts": [], "updates": [], "fallback": None}
    sample["replay"]["regime_change"] = None
    assert [happening.kind for happening in story(read(sample))] == ["start"]


def test_quotes_that_failed_in_the_outage_are_counted(sample: dict[str, Any]) -> None:
    assert "none failed" in story(read(sample))[-1].text
    sample["fallback"]["failed"] = 2
    assert "2 failed" in story(read(sample))[-1].text
