"""Drills about what a service leans on: its disk, its ledger, its cache, its processes."""

import os
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from afield.control.service import Terms
from afield.demo import free_port
from afield.drills.rig import REQUESTS, Rig
from afield.drills.seen import Seen
from afield.telemetry.delivery import EVENTS, deliver
from afield.telemetry.settlement import totals


def disk_full(rig: Rig) -> Seen:
    """Let the disk take nothing of what workers write; answers go on, and what is lost is counted with its reason."""
    with rig.alone() as served:
        worker = int(str(served.client.health()["worker"]))
        with _no_space(worker):
            during = served.ask()
        after = served.ask()
    counts = totals(rig.office.home.telemetry)
    whole = counts.offered == counts.delivered + counts.spooled + counts.sampled_out + counts.dropped
    reasons = ", ".join(f"{count} {reason}" for reason, count in counts.dropped_by_reason.items()) or "none"
    return Seen(
        f"{during.failed + after.failed} failed; dropped: {reasons}; offered {counts.offered} "
        f"{'=' if whole else '≠'} delivered + spooled + sampled out + dropped",
        during.failed == after.failed == 0 and whole and counts.dropped >= REQUESTS,
    )


@contextmanager
def _no_space(process: int) -> Iterator[None]:
    """No file of this process may grow meanwhile: what the system says then is as of a full disk."""
    limit = resource.RLIMIT_FSIZE
    before = resource.prlimit(process, limit)
    resource.prlimit(process, limit, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process, limit, before)


def ledger_gone(rig: Rig) -> Seen:
    """Take the ledger away for a while; answers go on, the service says so, and follows it again once it is back."""
    served, office = rig.service(), rig.office
    with _away(office.home.ledger_file):
        told = served.until_health(lambda health: bool(health["problem"]))
        during = served.ask()
    office.by("drill").mode("prompt", "a drill: is the ledger followed again?", served.tick)
    followed = served.until(lambda answer: answer.mode == "prompt")
    office.by("drill").mode("automate", "the drill is over", served.tick)
    served.until(lambda answer: answer.mode == "automate")
    mended = served.until_health(lambda health: not health["problem"])
    return Seen(
        f"{during.failed} failed, {during.marked} marked; the service {'said' if told else 'did not say'} what is "
        f"wrong; followed {'again' if followed < float('inf') else 'no more'} once it was back",
        during.failed == 0 and during.marked == 0 and told and mended and followed < float("inf"),
    )


@contextmanager
def _away(file: Path) -> Iterator[None]:
    """The file, and what lies beside it, gone meanwhile; a folder stands in its place, so that none is made anew."""
    aside = file.parent / "aside"
    aside.mkdir()
    moved = [each for each in file.parent.glob(f"{file.name}*") if each.is_file()]
    for each in moved:
        each.rename(aside / each.name)
    file.mkdir()
    try:
        yield
    finally:
        shutil.rmtree(file)
        for each in moved:
            (aside / each.name).rename(each)
        aside.rmdir()


def cache_gone(rig: Rig) -> Seen:
    """Serve from a cache that nobody answers at; every request is answered by the model instead."""
    with rig.alone(Terms(design="cached", cache=f"redis://127.0.0.1:{free_port()}")) as served:
        found = served.ask()
    return Seen(f"{found.failed} failed, {found.marked} marked ({found.applied})", found.failed == found.marked == 0)


def worker_killed(rig: Rig) -> Seen:
    """Kill the worker while requests go on; another answers, and nothing that was answered is lost."""
    with rig.alone() as served:
        given = [answer.id for answer in served.ask().answers]
        os.kill(int(str(served.client.health()["worker"])), signal.SIGKILL)
        back = served.until(lambda _: True)
        given += [answer.id for answer in served.ask().answers]
    lost = _lost(rig, given)
    return Seen(
        f"answered again after {back:.1f} s; {lost} of {len(given)} answers lost from the record",
        back < float("inf") and lost == 0 and len(given) == 2 * REQUESTS,
    )


def supervisor_killed(rig: Rig) -> Seen:
    """Kill the supervisor; workers go on answering, a new one takes over, and nothing is lost or counted twice."""
    given: list[str] = []
    with rig.alone() as served:
        process = served.running.process.pid
        if process is not None:
            os.kill(process, signal.SIGKILL)
        served.running.process.join()
        orphaned = served.ask()
        given += [answer.id for answer in orphaned.answers]
    with rig.alone() as served:
        after = served.ask()
        given += [answer.id for answer in after.answers]
    lost = _lost(rig, given)
    return Seen(
        f"{orphaned.failed} failed while it was gone, {after.failed} after another took over; "
        f"{lost} of {len(given)} answers lost from the record",
        orphaned.failed == after.failed == 0 and lost == 0,
    )


def _lost(rig: Rig, given: list[str]) -> int:
    """How many answers that were given do not stand in the record exactly once."""
    deliver(rig.office.home.telemetry, rig.office.tables)
    found = rig.office.tables.scan(EVENTS).select("id").collect()["id"].to_list()
    return sum(found.count(each) != 1 for each in given)
