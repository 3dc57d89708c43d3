"""The report's content: stories from the ledger, arms compared by the application's loss, commands to try next."""

import shutil
import sysconfig
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import polars as pl
import pytest

from afield.application import Application
from afield.clock import SimulatedClock
from afield.records.decision import Entry
from afield.reporting.demonstration import _compared, next_steps, updates
from surge.application import surge

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


def offices(application: Application, root: Path) -> SimpleNamespace:
    """Stands for the office: an application, a clock and a home under `root`."""
    return SimpleNamespace(
        application=application,
        clock=SimulatedClock(NOON),
        operate=SimpleNamespace(
            asked=SimpleNamespace(route="quote", sample=lambda at, key: f'{{"zone": {key}, "at": "{at}"}}')
        ),
        busiest=lambda: "42",
        home=SimpleNamespace(root=root),
    )


def test_commands_work_where_they_are_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scripts = tmp_path / ".venv" / "bin"
    scripts.mkdir(parents=True)
    (scripts / "afield").touch()
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(scripts))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.chdir(tmp_path)
    assert next_steps(offices(surge(), tmp_path)) == [
        ".venv/bin/afield serve surge --live",
        """curl -s localhost:8000/v1/quote -d '{"zone": 42, "at": "2024-03-01 12:00:00"}'""",
        ".venv/bin/afield drill surge",
    ]
    monkeypatch.chdir("/")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert next_steps(offices(surge(), tmp_path))[0] == "afield serve surge --live"


def test_without_generated_surroundings_what_the_demonstration_built_is_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.chdir(tmp_path)
    alone = replace(surge(), surroundings="", requirements=replace(surge().requirements, hazards=()))
    served, asked = next_steps(offices(alone, tmp_path / "home" / "rehearsal"))
    assert served == "AFIELD_HOME=home/rehearsal afield serve surge --slot 60m"
    assert asked.startswith("curl")


def test_arms_are_compared_by_the_applications_loss_and_told_in_its_metrics() -> None:
    rows = {"tick": [NOON + timedelta(hours=6 * place) for place in range(8)], "key": ["line"] * 8, "truth": [1, 0] * 4}
    arms = {
        name: pl.DataFrame({**rows, "forecast": [sure, 1 - sure] * 4})
        for name, sure in (("kept", 0.9), ("never_updated", 0.6), ("baseline", 0.5))
    }
    found = _compared(arms, "squared_error", ("squared_error", "bias"))
    accuracy = found["accuracy"]
    assert set(accuracy["kept"]) == {"squared_error", "bias"}
    assert accuracy["kept"]["squared_error"] == pytest.approx(0.01)
    difference = accuracy["differences"]["kept - never_updated"]
    assert (difference["metric"], difference["value"]) == ("squared_error", pytest.approx(0.01 - 0.16))
    assert set(accuracy["rmse_differences"]) == {"kept - never_updated", "kept - baseline"}
    assert [day["baseline"] for day in found["timeline"]] == [pytest.approx(0.25)] * len(found["timeline"])
