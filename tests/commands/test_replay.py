"""`afield replay`: what it hands to the replay, its pace, and its exit."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from afield.cli import VERBS, run
from afield.commands import replay as command
from afield.records.facts import Window
from afield.replay import Client, Replayed

DAY = datetime(2024, 3, 1)
WINDOW = ("--from", "2024-03-01", "--to", "2024-03-02")


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What each replay that would have been played was given; two of its quotes fail where they go to port 9."""
    calls: list[dict[str, object]] = []

    def replay(traffic: object, client: Client, route: str, window: Window, step: timedelta, **_: object) -> Replayed:
        port = client._connection.port
        token = client._headers.get("Authorization")
        calls.append({"traffic": traffic, "port": port, "token": token, "route": route, "window": window, "step": step})
        return Replayed(ticks=24, requests=1000, failed=2 if port == 9 else 0)

    monkeypatch.setattr(command, "replay", replay)
    monkeypatch.setattr(command, "resolve", lambda _path: lambda _options, data, window: (data, window))
    return calls


def test_a_window_is_played_through_the_service_that_is_named(
    handed: list[dict[str, object]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "token").write_text("secret\n")
    words = ("--data", "trips", "--url", "http://127.0.0.1:8123", "--token", str(tmp_path / "token"), "--json")
    assert run(["replay", "surge", *WINDOW, *words], VERBS) == 0
    window = Window(DAY, DAY + timedelta(days=1))
    assert handed == [
        {
            "traffic": (Path("trips"), window),
            "port": 8123,
            "token": "Bearer secret",
            "route": "quote",
            "window": window,
            "step": timedelta(hours=1),
        }
    ]
    assert json.loads(capsys.readouterr().out)["ticks"] == 24


def test_a_quote_without_an_answer_is_a_failure(
    handed: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["replay", "surge", *WINDOW, "--url", "http://127.0.0.1:9"], VERBS) == 1
    assert "1,000 quotes; 2 failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        ["surge"],
        ["surge", *WINDOW[:2]],
        ["surge", "--from", "2024-03-02", "--to", "2024-03-02"],
        ["surge", "--from", "soon", "--to", "2024-03-02"],
        ["surge", *WINDOW, "--speed", "-1"],
        ["surge", *WINDOW, "--slot", "7m"],
        ["nothing", *WINDOW],
    ],
)
def test_wrong_usage_exits_2_and_plays_nothing(handed: list[dict[str, object]], wrong: list[str]) -> None:
    assert run(["replay", *wrong], VERBS) == 2
    assert handed == []


@pytest.mark.parametrize(("speed", "waited"), [(0.0, []), (60.0, [60.0])])
def test_the_pace_is_a_multiple_of_real_time(
    monkeypatch: pytest.MonkeyPatch, speed: float, waited: list[float]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(command, "time", SimpleNamespace(monotonic=lambda: 100.0, sleep=slept.append))
    command.Pace(DAY, speed).wait(DAY + timedelta(hours=1))
    assert slept == waited
