"""`afield demo`: what it hands to the demonstration."""

from pathlib import Path

import pytest

from afield.application import Application
from afield.cli import VERBS, run
from afield.commands import demo


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[object, ...]]:
    """The arguments of each demonstration that would have been played."""
    calls: list[tuple[object, ...]] = []

    def demonstrate(application: Application, root: Path, *others: object) -> dict[str, str]:
        calls.append((dict(application.options), root, *others[:3]))
        return {"kind": "fake"}

    monkeypatch.setattr(demo, "demonstrate", demonstrate)
    monkeypatch.setattr(demo, "summary", lambda report: f"a {report['kind']} report")
    monkeypatch.setenv("AFIELD_HOME", str(tmp_path))
    return calls


def test_a_demonstration_is_quick_and_plays_in_a_home_of_its_own(
    handed: list[tuple[object, ...]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", "surge"], VERBS) == 0
    options = {"slot": "60m", "effort": "quick"}
    assert handed == [(options, tmp_path / "rehearsal", None, Path("report"), "afield demo surge")]
    spoken = capsys.readouterr()
    assert spoken.out == "a fake report\n"
    assert "report.html" in spoken.err
    assert "the whole demonstration took 0" in spoken.err.splitlines()[-1]


def test_what_is_named_goes_before_what_a_demonstration_takes_by_itself(handed: list[tuple[object, ...]]) -> None:
    assert run(["demo", "surge", "--data", "trips", "--out", "told", "--effort", "full"], VERBS) == 0
    ((options, _, data, out, command),) = handed
    assert (options, data, out) == ({"slot": "60m"}, Path("trips"), Path("told"))
    assert command == "afield demo surge --data trips --effort full"


@pytest.mark.parametrize("wrong", [["nothing"], [], ["surge", "--colour", "red"], ["surge", "--slot", "7m"]])
def test_wrong_usage_exits_2_and_plays_nothing(handed: list[tuple[object, ...]], wrong: list[str]) -> None:
    assert run(["demo", *wrong], VERBS) == 2
    assert handed == []
