"""Drills: a fault put into a service that the drill itself started, and whether the mitigation showed."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec

from afield.application import Application, Hazard, resolve
from afield.build import build
from afield.control.office import Office, open_office
from afield.control.process import serving
from afield.control.service import Terms
from afield.demo import free_port
from afield.errors import ServingError, UsageError
from afield.records.traffic import Ingest
from afield.replay import Client, Replayed, Scenario, answers, await_tick

REQUESTS = 100


class Drilled(msgspec.Struct, frozen=True):
    """What a drill found.

    Attributes:
        hazard: the row of the register that it is about.
        fault: what was done.
        expected: what should be seen.
        observed: what was seen.
        seconds: how long it took, wall time.
        passed: whether they agree.
    """

    hazard: str
    fault: str
    expected: str
    observed: str
    seconds: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Lent:
    """A release of another home, to be drilled.

    Attributes:
        folder: its bundle.
        trusted: folder of the keys that it is verified by.
    """

    folder: Path
    trusted: Path


def drill(
    application: Application, root: Path, only: str | None, tell: Callable[[str], None], lent: Lent | None = None
) -> tuple[Drilled, ...]:
    """Run the drills that the application's hazards name, or only the one called `only`.

    Args:
        application: whose service is broken.
        root: home of the rehearsal, whose champion is drilled; one is built where there is none.
        only: name of the one drill, or None.
        tell: is told what happens.
        lent: the release that is drilled instead of that champion.

    Raises:
        ReleaseError: the release that is lent does not verify.
        UsageError: no hazard names a drill of that name, or the named drill does not exist.
        AfieldError: the service could not be started.
    """
    hazards = [each for each in application.requirements.hazards if each.drill and only in (None, each.drill)]
    unknown = sorted({each.drill for each in hazards} - set(DRILLS))
    if unknown or not hazards:
        raise UsageError(f"no drill called {only or ', '.join(unknown)}; there is: {', '.join(DRILLS)}")
    office = _office(application, root, tell)
    with live(office, lent) if lent else nullcontext():
        return tuple(DRILLS[each.drill](office, each, tell) for each in hazards)


@contextmanager
def live(office: Office, lent: Lent) -> Iterator[None]:
    """Let a release of another home be live in this one; its own champion comes back at the end.

    Raises:
        ReleaseError: the release does not verify.
    """
    digest, own = lent.folder.name, office.actions.state.champion
    for there, here in ((lent.folder, office.home.bundles / digest), (lent.trusted, office.home.trusted)):
        shutil.copytree(there, here, dirs_exist_ok=True)
    office.shelf.release(digest)
    if digest == own:
        yield
        return
    office.actions.promote(digest, "lent for a drill", office.clock.now())
    try:
        yield
    finally:
        office.actions.promote(own, "the drill is over", office.clock.now())


def model_outage(office: Office, hazard: Hazard, tell: Callable[[str], None]) -> Drilled:
    """Break the model while requests go on; every one must be answered, and marked while it is broken."""
    started = time.perf_counter()
    switch = office.home.folder / "model-outage"
    switch.unlink(missing_ok=True)
    key, asked = office.busiest(), office.application.words.requests
    terms = Terms(port=free_port(), by_events=True, seams={"afield.testing.faults:model_outage": str(switch)})
    with serving(office.application.called, office.application.options, office.home.root, terms, tell) as service:
        client = Client(service.url)
        newest = office.newest()
        tick = newest - (newest - newest.min) % office.operate.step + office.operate.step
        client.ingest(Ingest(watermark=tick))
        await_tick(client, tick, service.alive)
        bodies = [
            office.operate.asked.sample(tick + timedelta(seconds=second), key).encode() for second in range(REQUESTS)
        ]
        seen = {}
        for name, broken in (("before", False), ("while broken", True), ("after", False)):
            switch.touch() if broken else switch.unlink(missing_ok=True)
            counted = Replayed()
            given = list(answers(client, office.operate.asked.route, bodies, counted))
            seen[name] = counted
            applied = ", ".join(sorted({each for answer in given for each in answer.applied})) or "nothing applied"
            tell(f"{name}: {len(given)} of {REQUESTS} {asked} answered ({applied})")
        client.close()
    failed = sum(each.failed for each in seen.values())
    marked, unmarked = seen["while broken"].fallbacks, seen["before"].fallbacks + seen["after"].fallbacks
    return Drilled(
        hazard.name,
        "the model raises on every call",
        f"none of the {asked} fails; all {REQUESTS} are marked as fallback while it is broken, none before and after",
        f"{failed} failed; {marked} marked while broken, {unmarked} otherwise",
        round(time.perf_counter() - started, 2),
        failed == 0 and marked == REQUESTS and unmarked == 0,
    )


DRILLS: dict[str, Callable[[Office, Hazard, Callable[[str], None]], Drilled]] = {"model-outage": model_outage}


def _office(application: Application, root: Path, tell: Callable[[str], None]) -> Office:
    """The rehearsal's office, with a release: the one that is there, or one built on the generated default."""
    office = open_office(application, root, tell)
    if office.actions.state.champion:
        return office
    tell("building a release to drill on")
    if application.demonstration:
        scenario: Scenario = resolve(application.demonstration)(application.options, None)
        bench = office.bench(source=scenario.source, name=scenario.name)
        built = build(office.plan, bench, None, scenario.window.start)
    else:
        built = build(office.plan, office.bench(), None)
    office.register(built, promote=True)
    if not built.passed:
        raise ServingError(
            f"the release built for the drill did not pass its gates; see: afield build {office.application.called}"
        )
    return office
