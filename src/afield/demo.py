"""The demonstration: both loops on one stretch of traffic, over HTTP and in simulated time, ending in a report."""

import shutil
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from afield.application import Application, resolve
from afield.build import build
from afield.control.office import Office, open_office
from afield.control.process import serving
from afield.control.service import Terms
from afield.errors import ServingError
from afield.replay import Client, Replayed, Scenario, replay
from afield.reporting.demonstration import Played, compose
from afield.testing.candidates import bad_candidate
from afield.workshop.results import Built

OUTAGE_TICKS = 2
NEVER_UPDATED = "never_updated"


def demonstrate(
    application: Application, root: Path, data: Path | None, out: Path, command: str, tell: Callable[[str], None]
) -> Mapping[str, object]:
    """Play the application's scenario and write the report into `out`; the content of `report.json`.

    The demonstration has a home of its own under `root`; one that was interrupted is begun anew, and what its first
    build had finished is not done again.

    Raises:
        AfieldError: a stage failed; the message says which.
    """
    clock = Laps()
    scenario: Scenario = resolve(application.demonstration)(application.options, data)
    tell(f"{scenario.name}: {scenario.window.start:%Y-%m-%d} to {scenario.window.end:%Y-%m-%d} will be played")
    shutil.rmtree(open_office(application, root, tell).home.folder, ignore_errors=True)
    office = open_office(application, root, tell)
    built = build(office.plan, office.bench(source=scenario.source, name=scenario.name), None, scenario.window.start)
    office.register(built, promote=True)
    clock.lap("first build")
    if not office.actions.state.champion:
        raise ServingError(f"the first release did not pass its gates, so there is nothing to serve: {built.failed}")
    tell(f"first release {built.release[:12]} in {clock.parts['first build']:.1f} s; serving it")
    played = _play(office, scenario, built, tell)
    clock.lap("replay")
    report = compose(office, built, played, clock.parts, command=command, out=out)
    clock.lap("report")
    return report


def _play(office: Office, scenario: Scenario, built: Built, tell: Callable[[str], None]) -> Played:
    """Serve the first release and play the traffic through it."""
    switch = office.home.folder / "model-outage"
    terms = Terms(
        port=free_port(),
        by_events=True,
        pinned={NEVER_UPDATED: built.release},
        seams={"afield.testing.faults:model_outage": str(switch)},
    )
    script = Script(office, scenario, switch, tell)
    where = (office.application.called, office.application.options, office.home.root)
    with serving(*where, terms, tell) as service:
        client = Client(service.url)
        replayed = replay(
            scenario.traffic,
            client,
            office.operate.asked.route,
            scenario.window,
            office.operate.step,
            watch=script.after,
            pause=script.before,
            alive=service.alive,
        )
        client.close()
    return Played(scenario, replayed, script.outage)


@dataclass(slots=True)
class Script:
    """What befalls the service while traffic runs: a bad release, and a broken model."""

    office: Office
    scenario: Scenario
    switch: Path
    tell: Callable[[str], None]
    outage: Replayed = field(default_factory=Replayed)
    _last: Replayed = field(default_factory=Replayed)
    _offered: bool = False
    _told: float = 0.0

    @property
    def asked(self) -> str:
        """What clients ask for, in words."""
        return self.office.application.words.requests

    def before(self, tick: datetime) -> None:
        """Act before a tick is played."""
        broken = timedelta(0) <= tick - self.scenario.outage < OUTAGE_TICKS * self.office.operate.step
        if broken and not self.switch.exists():
            self.tell(f"{tick:%Y-%m-%d %H:%M} the model is broken; {self.asked} go on")
            self.switch.touch()
        elif not broken and self.switch.exists():
            self.switch.unlink()
            told = f"{self.outage.fallbacks} {self.asked} were answered by a fallback"
            self.tell(f"{tick:%Y-%m-%d %H:%M} the model is mended; {told}")
        if tick >= self.scenario.bad_candidate and not self._offered:
            self._offer_bad(tick)

    def after(self, tick: datetime, replayed: Replayed) -> None:
        """Note what the outage did, and say where the replay stands."""
        if self.switch.exists():
            for count in ("ticks", "requests", "failed", "fallbacks"):
                since = getattr(replayed, count) - getattr(self._last, count)
                setattr(self.outage, count, getattr(self.outage, count) + since)
        self._last = replace(replayed)
        if time.monotonic() - self._told > 2.0:
            self._told = time.monotonic()
            self.office.actions.refresh()
            state = self.office.actions.state
            share = (tick - self.scenario.window.start) / (self.scenario.window.end - self.scenario.window.start)
            self.tell(
                f"{tick:%Y-%m-%d %H:%M} {share:4.0%} · {replayed.requests:,} {self.asked}, {replayed.failed} failed · "
                f"{state.champion[:8]} live, {state.stage}"
            )

    def _offer_bad(self, tick: datetime) -> None:
        """Offer a release that is badly wrong to the ladder, as soon as nothing else climbs."""
        self.office.actions.refresh()
        state = self.office.actions.state
        if state.stage != "idle":
            return
        self._offered = True
        bad = bad_candidate(self.office, state.champion, self.scenario.bad_factor)
        self.tell(f"{tick:%Y-%m-%d %H:%M} a person offers a deliberately bad release: {bad[:12]}")
        self.office.by("demo").offer(bad, "a deliberately bad release, to see whether it is caught", tick)


class Laps:
    """Wall seconds by part."""

    def __init__(self) -> None:
        """Start now."""
        self._last = time.perf_counter()
        self.parts: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """The time since the last lap was spent on `name`."""
        now = time.perf_counter()
        self.parts[name] = round(now - self._last, 2)
        self._last = now


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
