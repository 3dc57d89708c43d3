"""Health and readiness say what is, and why."""

import errno
import os
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from afield.errors import TelemetryError
from afield.records.decision import ControlState
from afield.records.traffic import Counts, Query
from afield.serving import inspection, v2
from afield.serving.access import Access
from afield.serving.health import STALE, Health, HealthReader
from afield.serving.metrics import Metrics
from afield.serving.service import Service
from afield.serving.situation import Situation
from afield.telemetry.spool import Spool
from afield.testing.stand import TICK
from tests.serving.bakery import Bakery, broken, release, rows_at
from tests.serving.calling import call


def reader(bakery: Bakery, folder: Path, *problems: str) -> HealthReader:
    (folder / "heartbeat").touch()
    return HealthReader("toy", bakery.predictor, lambda: TICK, folder, folder / "heartbeat", lambda: problems)


def said(health: Health) -> tuple[str, bool, str]:
    return health.status, health.ready, health.problem


def test_a_worker_with_a_release_and_rows_is_ready_and_has_nothing_to_say(bakery: Bakery, tmp_path: Path) -> None:
    bakery.see(release("r1"))
    assert said(reader(bakery, tmp_path).read()) == ("ok", True, "")


def test_before_anything_was_published_it_is_not_ready_and_says_what_is_missing(bakery: Bakery, tmp_path: Path) -> None:
    status, ready, problem = said(reader(bakery, tmp_path).read())
    assert (status, ready) == ("degraded", False)
    assert "no release is loaded yet" in problem
    assert "no feature rows" in problem


def test_a_release_that_is_refused_is_named(bakery: Bakery, tmp_path: Path) -> None:
    bakery.see(rows=rows_at(), champion="r2", problem="release r2 is refused: its signature is unknown")
    _, ready, problem = said(reader(bakery, tmp_path).read())
    assert not ready
    assert problem == "release r2 is refused: its signature is unknown"


def test_one_that_is_about_to_stop_wants_no_more_requests(bakery: Bakery, tmp_path: Path) -> None:
    bakery.see(release("r1"))
    health = reader(bakery, tmp_path)
    health.leave()
    assert said(health.read()) == ("degraded", False, "the service is about to stop")


def test_without_its_supervisor_it_stays_ready_and_says_so(bakery: Bakery, tmp_path: Path) -> None:
    bakery.see(release("r1"))
    health = reader(bakery, tmp_path)
    long_ago = time.time() - 2 * STALE
    os.utime(tmp_path / "heartbeat", (long_ago, long_ago))
    status, ready, problem = said(health.read())
    assert (status, ready) == ("degraded", True)
    assert problem.startswith("the supervisor was last alive 6")
    (tmp_path / "heartbeat").unlink()
    assert "has never been alive" in health.read().problem


def test_what_the_supervisor_cannot_do_is_told(bakery: Bakery, tmp_path: Path) -> None:
    bakery.see(release("r1"))
    health = reader(bakery, tmp_path)
    (tmp_path / "heartbeat.problem").write_text("the tables cannot be written")
    assert said(health.read()) == ("degraded", True, "the supervisor: the tables cannot be written")


def test_what_is_wrong_beside_the_model_is_told_and_leaves_it_ready(bakery: Bakery, tmp_path: Path) -> None:
    bakery.see(release("r1"))
    health = reader(bakery, tmp_path, "", "disk full: telemetry is refused", "disk full: telemetry is refused")
    assert said(health.read()) == ("degraded", True, "disk full: telemetry is refused")


def test_facts_that_are_too_old_for_the_model_are_told_and_where_they_are_to_go(bakery: Bakery, tmp_path: Path) -> None:
    rows = replace(rows_at(), as_of=TICK - timedelta(days=30))
    predictor = bakery.see(release("r1"), rows=rows)
    (tmp_path / "heartbeat").touch()
    health = HealthReader("toy", predictor, lambda: TICK, tmp_path, tmp_path / "heartbeat", tuple, timedelta(hours=2))
    for _ in range(2):
        read = health.read()
        assert (read.status, read.ready, read.facts_age) == ("degraded", True, timedelta(days=30).total_seconds())
        assert read.problem == (
            "no facts since 2026-01-31 09:00; send them, or a watermark where nothing happened, to /v1/events"
        )
        answer = predictor.answer(Query("east", "u", TICK))
        assert "no facts since 2026-01-31 09:00" in answer.reason


def test_nothing_is_forecast_by_a_release_from_facts_that_are_too_old(bakery: Bakery) -> None:
    rows = replace(rows_at(), as_of=TICK - timedelta(days=30))
    batch = bakery.see(release("r1"), rows=rows).forecast("champion", "r1")
    assert batch.applied == ("fallback:neutral",)


def test_a_full_spool_says_so_until_it_takes_records_again(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w", max_bytes=64, segment_bytes=64) as spool:
        spool.append(b"x")
        assert spool.problem == ""
        with pytest.raises(TelemetryError):
            spool.append(b"x" * 100)
        assert spool.problem.startswith("over budget")
        spool.append(b"x")
        assert spool._tail.refused == ""


def stale(bakery: Bakery, folder: Path) -> HealthReader:
    bakery.see(release("r1"), rows=replace(rows_at(), as_of=TICK - timedelta(days=30)))
    (folder / "heartbeat").touch()
    since = timedelta(hours=2)
    return HealthReader("toy", bakery.predictor, lambda: TICK, folder, folder / "heartbeat", tuple, since)


def without_release(bakery: Bakery, folder: Path) -> HealthReader:
    bakery.see(rows=rows_at())
    return reader(bakery, folder)


def without_rows(bakery: Bakery, folder: Path) -> HealthReader:
    state = ControlState(version=1, champion="r1", now=TICK)
    bakery.predictor.see(Situation(None, state, {"r1": release("r1")}))
    return reader(bakery, folder)


def whole(bakery: Bakery, folder: Path) -> HealthReader:
    bakery.see(release("r1"))
    return reader(bakery, folder)


def failing(bakery: Bakery, folder: Path) -> HealthReader:
    bakery.see(broken("r1")).answer(Query("east", "u", TICK))
    return reader(bakery, folder)


def alone(bakery: Bakery, folder: Path) -> HealthReader:
    found = whole(bakery, folder)
    (folder / "heartbeat").unlink()
    return found


def leaving(bakery: Bakery, folder: Path) -> HealthReader:
    found = whole(bakery, folder)
    found.leave()
    return found


SEEN = {
    "": (whole, True, ""),
    "no release": (without_release, False, "no release is loaded yet"),
    "no rows": (without_rows, False, "no feature rows have been published yet"),
    "leaving": (leaving, False, "the service is about to stop"),
    "stale facts": (stale, True, "no facts since"),
    "a model that fails": (failing, True, "the model is broken"),
    "supervisor gone": (alone, True, "has never been alive"),
}


def asked(health: HealthReader, folder: Path) -> tuple[Health, int, str]:
    """What `/healthz`, `/v2/health/ready` and `/metrics` say."""
    metrics = Metrics(folder / "counts", "toy")
    families = (inspection.routes(health.read, metrics, lambda: Counts(0, 0, 0, 0, 0)), v2.signs_of_life(health.read))
    service = Service(*families, access=Access(), counted=metrics.request)
    state, ready, measures = (call(service, "GET", path) for path in ("/healthz", "/v2/health/ready", "/metrics"))
    if ready.status != 200:
        assert ready.json()["error"] in state.json()["problem"]
    (gauge,) = [line for line in measures.body.decode().splitlines() if line.startswith("afield_ready")]
    return msgspec.json.decode(state.body, type=Health), ready.status, gauge.split()[-1]


@pytest.mark.parametrize("what", SEEN)
def test_whoever_asks_whether_it_is_ready_is_told_the_same_and_why_not(
    what: str, bakery: Bakery, tmp_path: Path
) -> None:
    arrange, expected, says = SEEN[what]
    health, status, gauge = asked(arrange(bakery, tmp_path), tmp_path)
    assert (health.ready, status, gauge) == ((True, 200, "1.0") if expected else (False, 503, "0.0"))
    assert (health.status, says in health.problem) == ("degraded" if what else "ok", True)


@pytest.mark.parametrize(
    ("call_of", "number", "says"),
    [("write", errno.ENOSPC, "disk full"), ("fsync", errno.EIO, os.strerror(errno.EIO))],
)
def test_a_disk_that_is_full_or_broken_is_told_and_leaves_it_ready(
    call_of: str, number: int, says: str, bakery: Bakery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    bakery.see(release("r1"))
    (tmp_path / "heartbeat").touch()
    spool = Spool(tmp_path / "spool", writer="w", mode="synced")
    health = HealthReader(
        "toy", bakery.predictor, lambda: TICK, tmp_path, tmp_path / "heartbeat", lambda: (spool.problem,)
    )
    with monkeypatch.context() as patched:
        patched.setattr(f"afield.telemetry.writing.os.{call_of}", fail)
        with pytest.raises(TelemetryError):
            spool.append(b"x")
        found, status, gauge = asked(health, tmp_path)
    assert (found.ready, status, gauge, found.status) == (True, 200, "1.0", "degraded")
    assert says in found.problem
    with suppress(TelemetryError):
        spool.close()
