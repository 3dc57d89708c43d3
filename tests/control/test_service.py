"""A service before it runs; whole services run in `tests/lifecycle`."""

import os
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from afield.control.service import Service, Terms, running
from afield.errors import ServingError
from afield.records.traffic import Decision
from afield.serving.health import Health
from afield.serving.inference import Rows
from afield.serving.product import Conclusion, Decide, FromInput, Observation
from afield.telemetry.policy import Policy
from tests.workshop.village import copied, office


def health(release: str, problem: str = "") -> bytes:
    """What a worker says of itself."""
    found = Health(
        status="degraded" if problem else "ok", ready=bool(release), application="surge", release=release,
        challenger="", last_good="", stage="idle", mode="automate", control=1, tick=None, as_of=None, rows="",
        facts_age=None, snapshot_age=None, supervisor_age=None, worker=1, problem=problem,
    )  # fmt: skip
    return msgspec.json.encode(found)


def test_without_a_champion_there_is_nothing_to_serve(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match="run: afield build surge"):
        Service(office(tmp_path), Terms())


def test_a_home_that_is_served_says_by_whom_and_what_to_do(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("afield.control.service.PATIENCE", 0.0)
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path)
    service = Service(opened, Terms(port=8123))
    with pytest.raises(ServingError, match=f"by process {os.getpid()} at http://127.0.0.1:8123; .* stop it .*another"):
        Service(opened, Terms(port=8124))
    service.stop()
    Service(opened, Terms(port=8124)).stop()


def test_a_service_does_not_start_where_something_else_answers(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(ServingError, match=f"cannot listen at 127.0.0.1, port {port}: .*; give another"),
            running(opened, Terms(port=port)),
        ):
            pytest.fail("it is said to run")


def test_workers_are_told_where_everything_lies_and_seal_sooner_in_a_replay(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path)
    seals = []
    for by_events in (False, True):
        service = Service(opened, Terms(port=8123, by_events=by_events))
        config = service.config
        service.stop()
        assert service.url == "http://127.0.0.1:8123"
        assert (config.application, config.options) == ("surge", {"slot": "60m"})
        for place in (config.snapshots, config.facts, config.bundles, config.telemetry):
            assert Path(place).is_relative_to(opened.home.folder)
        seals.append(config.seal_after)
    assert seals[1] < seals[0]


@pytest.mark.parametrize(
    ("decision", "warned"),
    [
        (lambda _output, _row: Decision({}, ""), True),
        (FromInput(lambda _request, _release: Observation(Rows.of({}), ()), lambda *_: Conclusion((), {}, "")), False),
    ],
)
def test_old_facts_are_told_where_features_are_looked_up_and_only_there(
    decision: Decide | FromInput,
    warned: bool,
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("afield.control.plane.launch", lambda *_: subprocess.Popen(["true"]))
    monkeypatch.setattr("afield.control.plane.await_ready", lambda *_, **__: health("r1"))
    told: list[str] = []
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path)
    opened = replace(opened, operate=replace(opened.operate, decision=decision), tell=told.append)
    with running(opened, Terms(port=8123)):
        assert any("answers come from fallbacks" in line for line in told) == warned


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (health("", "release 0123 is refused: changed"), "no release can answer: release 0123 is refused: changed"),
        (health("r1", "no feature rows have been published yet"), None),
    ],
)
def test_a_service_whose_only_release_is_refused_says_so_at_start_and_what_to_do(
    body: bytes,
    expected: str | None,
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("afield.control.plane.launch", lambda *_: subprocess.Popen(["true"]))
    monkeypatch.setattr("afield.control.plane.await_ready", lambda *_, **__: body)
    told: list[str] = []
    opened = replace(copied(tmp_path_factory.getbasetemp(), tmp_path), tell=told.append)
    with running(opened, Terms(port=8123)):
        said = [line for line in told if line.startswith("no release can answer")]
        assert bool(said) == bool(expected)
        assert all(line.startswith(expected or "") for line in said)
        assert all("afield release verify surge, and build another: afield build surge" in line for line in said)


def test_a_policy_that_hashes_who_asked_has_the_key_of_the_home(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path)
    policy = Policy(name="private", fields={"unit": "hash"})
    service = Service(replace(opened, operate=replace(opened.operate, telemetry=policy)), Terms(port=8123))
    service.stop()
    assert opened.home.privacy.is_file()
