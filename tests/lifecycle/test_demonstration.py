"""The main job, shortened: from a first build to a report whose numbers add up."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest

from afield.control.office import open_office
from afield.demo import Script, demonstrate
from afield.replay import Client, Replayed
from afield.reporting.summary import summary
from surge import demonstration as whole
from tests.lifecycle.short import short

KEYS = {
    "data": {"source", "generated", "density", "from", "to", "rows_read", "rows_quarantined"},
    "build": {"release", "metrics", "baselines", "gates"},
    "replay": {"requests", "failed", "outcomes_expected", "outcomes_joined"},
    "accuracy": {"never_updated", "kept", "baseline", "differences"},
    "fallback": {"requests", "failed"},
    "telemetry": {"offered", "delivered", "spooled", "sampled_out", "dropped"},
}
pytestmark = pytest.mark.slow


def say(_: str) -> None:
    """Tells nobody; a module's function, for it goes to another process."""


def interrupt(_: Script, tick: datetime, played: Replayed) -> None:
    """Ctrl-C on the third tick."""
    if played.ticks == 3:
        raise KeyboardInterrupt


class Kept(Client):
    """A client that is not forgotten."""

    made: ClassVar[list[Client]] = []

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.made.append(self)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demonstration")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HISTORY", "REPLAYED", "CALM", "DENSITY"):
            patch.setattr(whole, name, getattr(whole, name))
        with pytest.MonkeyPatch.context() as interrupting:
            interrupting.setattr(Script, "after", interrupt)
            interrupting.setattr("afield.demo.Client", Kept)
            with pytest.raises(KeyboardInterrupt):
                demonstrate(short(), root, None, root / "out", "afield demo surge", say)
        for client in Kept.made:  # an interrupted process has no time to close its connections
            client.close()
        demonstrate(short(), root, None, root / "out", "afield demo surge", say)
    return root / "out"


@pytest.fixture(scope="module")
def report(out: Path) -> Mapping[str, object]:
    return json.loads((out / "report.json").read_text())


def test_the_report_has_every_key(report: Mapping[str, Mapping[str, object]]) -> None:
    for name, fields in KEYS.items():
        assert fields <= set(report[name]), name
    assert {"alerts", "updates", "seconds"} <= set(report)
    for update in report["updates"]:
        assert {"trigger", "candidate", "decision", "reason", "at"} <= set(update)
        assert update["decision"] in ("promoted", "rolled_back", "rejected")


def test_an_interrupted_demonstration_is_begun_anew(report: Mapping[str, Mapping[str, int]]) -> None:
    assert report["replay"]["ticks"] == 96


def test_every_quote_is_answered_and_those_of_the_outage_by_a_fallback(report: Mapping[str, Mapping[str, int]]) -> None:
    assert report["replay"]["requests"] > 1000
    assert report["replay"]["failed"] == report["fallback"]["failed"] == 0
    assert report["fallback"]["requests"] > 0


def test_telemetry_adds_up_and_nothing_was_lost(report: Mapping[str, Mapping[str, int]]) -> None:
    counts = report["telemetry"]
    assert counts["offered"] == counts["delivered"] + counts["spooled"] + counts["sampled_out"] + counts["dropped"]
    assert counts["dropped"] == counts["sampled_out"] == counts["spooled"] == 0


def test_outcomes_are_joined_for_every_zone_and_slot(report: Mapping[str, Mapping[str, int]]) -> None:
    assert report["replay"]["outcomes_expected"] >= 96 * 100
    assert report["replay"]["outcomes_joined"] == report["replay"]["outcomes_expected"]


def test_the_bad_candidate_is_caught_by_evidence(report: Mapping[str, list[Mapping[str, str]]]) -> None:
    decisions = [update["decision"] for update in report["updates"]]
    assert "rolled_back" in decisions
    assert "promoted" not in decisions


def test_arms_are_compared_on_the_same_traffic(report: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    accuracy = report["accuracy"]
    assert accuracy["kept"] == accuracy["never_updated"], "nothing was updated in these days"
    assert accuracy["kept"]["poisson_deviance"] < accuracy["baseline"]["poisson_deviance"]


def test_the_page_stands_by_itself_and_the_summary_can_be_printed(out: Path, report: Mapping[str, object]) -> None:
    page = (out / "report.html").read_text()
    assert "<html" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert summary(report)


def test_the_ledger_tells_the_same_story(out: Path, report: Mapping[str, Mapping[str, str]]) -> None:
    office = open_office(short(), out.parent, say)
    assert office.actions.state.champion == report["build"]["release"]
