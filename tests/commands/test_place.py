"""`afield place`."""

import json
from pathlib import Path

import pytest

from afield.commands.place import wrapped
from tests.commands.conftest import Town
from tests.commands.town import APP

TOY = "afield.testing.toy:toy"


@pytest.mark.slow
def test_the_designs_stand_side_by_side_with_a_recommendation_and_where_it_turns(town: Town, tmp_path: Path) -> None:
    few = ("--design", "static", "--design", "server", "--seeds", "2")
    done = town("place", APP, *few, "--consider", "devices=5000", "--out", tmp_path, "--json")
    assert done.code == 0, done.err
    found = done.value
    names = [f"{row['option']['design']} {row['option']['place']}" for row in found["rows"]]
    assert names == ["static vehicle", "static phone", "server cloud"]
    assert found["recommended"] in found["says"]
    assert found["measured"]["release"] == found["provenance"]["release"] == town.release
    assert found["measured"]["snapshot_bytes"] > 0
    assert found["changes"] == {"devices": 5000.0}
    assert all(row["figures"]["latency_p95"]["value"] > 0 for row in found["rows"])
    assert found["tips"]
    assert json.loads((tmp_path / "place.json").read_bytes())["recommended"] == found["recommended"]
    page = (tmp_path / "place.html").read_text("utf-8")
    assert found["says"] in page
    assert found["tips"][0]["reason"] in page
    assert "http://" not in page.replace("http://www.w3.org", "")


@pytest.mark.slow
def test_requests_of_ones_own_are_timed(town: Town, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"pickup_location": 7777, "order_time": "2024-02-25T23:10:00"}')
    done = town("place", APP, "--design", "server", "--seeds", "1", "--no-tipping", "--request", body)
    assert done.code == 2
    assert "request 1 cannot be timed" in done.err
    body.write_text("no request")
    done = town("place", APP, "--design", "server", "--seeds", "1", "--no-tipping", "--request", body)
    assert done.code == 2
    assert "request 1 cannot be timed" in done.err


@pytest.mark.slow
def test_in_a_terminal_of_80_columns_no_cell_and_no_number_is_broken(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = town("place", APP, "--seeds", "1", "--no-tipping", "--out", tmp_path)
    assert done.code == 0, done.err
    told, _, foot = done.out.rpartition("afield place")
    assert all(len(line) <= 80 for line in told.splitlines())
    assert "…" not in told
    names = ("static, vehicle", "client, phone", "server", "cached", "hybrid, phone")
    for name in names:
        rows = [line.split("  ") for line in told.splitlines() if line.strip().startswith((f"{name} ", f"{name} ←"))]
        assert len(rows) >= 5, name
        assert all(len([cell for cell in row if cell.strip()]) >= 4 for row in rows[:5]), name
    assert "data " in foot
    assert "data  ·" not in foot


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_number_stays_with_its_unit_where_a_line_is_broken(width: int) -> None:
    lines = wrapped("server is out: only 99 % of the telemetry arrives, 100 % are wanted; 0.31 s at most", width)
    assert all(len(line) <= width for line in lines.splitlines())
    assert not any(line[-1].isdigit() for line in lines.splitlines())


def test_without_a_release_it_says_what_to_run(empty_town: Town) -> None:
    done = empty_town("place", APP)
    assert done.code == 1
    assert f"town has no release to measure yet; run: afield build {APP}" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--consider", "device.offline_share"), "it may be 0 to 1, e.g. device.offline_share=0.1"),
        (("--consider", "x=abc"), "x: no such consideration; names begin with device, devices, requests, facts, "),
        (("--consider", "offline_share=0"), "offline_share: no such consideration; nearest are "),
        (("--consider", "requests.rate=0"), "requests.rate is 0; it may be "),
        (("--consider", "devices=nan"), "devices is nan; it may be 1 to "),
        (("--consider", "device.down=0"), "phone.down is 0; it may be 1 to 1e+12 bytes a second"),
        (("--consider", "device.offline_share=1", "--design", "server"), "server need a network for every answer"),
        (("--seeds", "0"), "at least one fleet is simulated"),
        (("--request", "/nowhere/body.json"), "/nowhere/body.json: cannot be read"),
        (("--design", "telepathy"), "telepathy"),
    ],
)
def test_what_cannot_be_weighed_is_refused(empty_town: Town, arguments: tuple[str, ...], said: str) -> None:
    done = empty_town("place", APP, *arguments)
    assert done.code == 2
    assert said in done.err
