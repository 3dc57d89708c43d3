"""What a worker says of itself: who answers, how old its knowledge is, and what is wrong."""

import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from afield.records.decision import Stage
from afield.records.facts import FeatureRows
from afield.records.traffic import Mode
from afield.serving.predictor import Predictor
from afield.serving.scoring import unfed

STALE = 30.0
"""Seconds without a sign of life after which the supervisor is taken to be gone."""

PROBLEM = ".problem"
"""Ending of the file beside the heartbeat in which the supervisor says what it cannot do at the moment."""


class Health(msgspec.Struct, frozen=True):
    """The body of `GET /healthz`.

    Attributes:
        status: "ok", or "degraded" where `problem` says why.
        ready: whether requests are to come here: a release and feature rows are loaded, and the worker is not about
            to stop. What strikes every worker at once (a supervisor that is gone, a spool that is full) leaves it
            ready, for it goes on answering; `problem` says so.
        application: name of the application.
        release: the release that answers, "" where none is loaded.
        challenger, last_good: the other releases of the control state.
        stage, mode: of the control state.
        control: version of the control state.
        tick: of the feature rows; null before the first.
        as_of: every fact known before this moment is in the rows.
        rows: version of the feature rows.
        facts_age: domain seconds since `as_of`, by the service's clock.
        snapshot_age: seconds since a snapshot was last published.
        supervisor_age: seconds since the supervisor was last alive.
        worker: process id of the worker that answered.
        problem: what is wrong, in words; "" when nothing is.
        breakers: release that failed when it was last asked → state of its circuit breaker in this worker: closed,
            open (it is not asked) or half-open (one request tries it).
    """

    status: str
    ready: bool
    application: str
    release: str
    challenger: str
    last_good: str
    stage: Stage
    mode: Mode
    control: int
    tick: datetime | None
    as_of: datetime | None
    rows: str
    facts_age: float | None
    snapshot_age: float | None
    supervisor_age: float | None
    worker: int
    problem: str
    breakers: dict[str, str] = {}


class HealthReader:
    """Looks a worker over."""

    def __init__(
        self,
        application: str,
        predictor: Predictor,
        clock: Callable[[], datetime],
        snapshots: Path,
        heartbeat: Path | None = None,
        problems: Callable[[], Iterable[str]] = tuple,
        stale_after: timedelta | None = None,
    ) -> None:
        """Report on `predictor`.

        Args:
            application: its name.
            predictor: answers.
            clock: domain time, where the control state names none.
            snapshots: folder that the supervisor publishes into.
            heartbeat: file that the supervisor touches while it lives; None where there is none.
            problems: what else is wrong: spools that refuse, tokens that cannot be read; "" for what is well.
            stale_after: age of the facts from which the model is not asked; None where requests bring their own input.
        """
        self._application = application
        self._predictor = predictor
        self._clock = clock
        self._snapshots = snapshots
        self._heartbeat = heartbeat
        self._problems = problems
        self._stale_after = stale_after
        self._leaving = False

    def leave(self) -> None:
        """Say from now on that no more requests are to come."""
        self._leaving = True

    def read(self) -> Health:
        """The state of the worker now."""
        seen = self._predictor.situation
        control, rows = seen.control, seen.rows
        release = control.champion if control.champion in seen.releases else ""
        alive = _age(self._heartbeat) if self._heartbeat else None
        now = control.now or self._clock()
        told = (
            "the service is about to stop" if self._leaving else "",
            seen.problem or ("" if release else "no release is loaded yet"),
            "" if rows is not None or seen.problem else "no feature rows have been published yet",
            _absent(alive) if self._heartbeat else "",
            _noted(self._heartbeat.with_suffix(PROBLEM)) if self._heartbeat else "",
            self._hungry(rows, now) or self._predictor.problem,
            *self._problems(),
        )
        problem = "; ".join(dict.fromkeys(filter(None, told)))
        return Health(
            status="degraded" if problem else "ok",
            ready=bool(release) and rows is not None and not self._leaving,
            application=self._application,
            release=release,
            challenger=control.challenger,
            last_good=control.last_good,
            stage=control.stage,
            mode=control.mode,
            control=control.version,
            tick=rows.tick if rows else None,
            as_of=rows.as_of if rows else None,
            rows=rows.version if rows else "",
            facts_age=(now - rows.as_of).total_seconds() if rows else None,
            snapshot_age=_age(self._snapshots),
            supervisor_age=alive,
            worker=os.getpid(),
            problem=problem,
            breakers=dict(self._predictor.breakers),
        )

    def _hungry(self, rows: FeatureRows | None, now: datetime) -> str:
        """That facts are missing, and where they are to go; "" where they are not."""
        if rows is None or self._stale_after is None or now - rows.as_of <= self._stale_after:
            return ""
        return f"{unfed(rows.as_of)}; send them, or a watermark where nothing happened, to /v1/events"


def _absent(age: float | None) -> str:
    """That the supervisor is gone; "" where it lives."""
    if age is None:
        return "the supervisor has never been alive; answers come from the last snapshots"
    return f"the supervisor was last alive {age:.0f} s ago; answers come from the last snapshots" if age > STALE else ""


def _noted(file: Path) -> str:
    """What the supervisor wrote down as its problem; "" where it has none."""
    try:
        return f"the supervisor: {file.read_text('utf-8', 'replace')[:500]}"
    except OSError:
        return ""


def _age(path: Path) -> float | None:
    """Seconds since a file, or anything in a folder by a rename, was last written."""
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return None
