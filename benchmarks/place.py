"""What `afield place` predicts beside what happens: `python -m benchmarks.place [APP] [DESIGN] [--json]`.

The real designs run as processes of their own behind a network of the testing kit; people ask at random. The planner's
simulation is told the same: this machine, this network, these requests. AFIELD_HOME must hold a release of each
application: `afield build surge --effort quick` and `afield build signs` make them.
"""

import math
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from afield.application import load
from afield.cli import home_folder
from afield.compiled import open_static
from afield.control.office import Office, open_office
from afield.device import EVERY
from afield.placement.fleet import simulate
from afield.placement.measured import Measured
from afield.placement.options import Option
from afield.placement.seen import mean, quantile
from afield.records.applied import ALONE, KNOWN, MERGED
from afield.records.considerations import (
    DAY,
    DESIGNS,
    Answers,
    Cache,
    Considerations,
    Costs,
    Design,
    Facts,
    Model,
    Product,
    Requests,
    Service,
    Telemetry,
)
from afield.records.places import Link, Place
from afield.records.traffic import Answer, Event
from afield.release.signing import Signer
from afield.store.snapshots import publish_rows
from afield.study.measuring import Opened, singles
from afield.testing.ground import Ground
from afield.testing.proxy import Way
from benchmarks.measure import Result, show
from benchmarks.place_rig import Target, ask, door, once, standing

WAY = Way(round_trip=0.060, round_trip_p95=0.090, up=1e6, down=2e6)
RUNS = {"surge": ("surge", {"slot": "60m"}, 25.0, 20.0), "signs": ("signs", {}, 2.0, 60.0)}
"""Name → what is loaded, with which options, requests a second, seconds."""
SHARE, CLOSE = 0.15, 0.002
SEEDS, DEVICES = 5, 16
PAUSE = 0.02
"""Seconds before each request that is timed alone: a busy machine treats a burst unlike people who ask now and then."""
TURNS, DOORS = 10, 25.0
"""Turns in which answers, the release alone and the door alone are timed; exchanges with the door a second."""


@dataclass(frozen=True, slots=True)
class Reality:
    """What was seen of a design.

    Attributes:
        p50, p95: seconds of an answer.
        up, down: bytes that passed the network.
        requests, seconds: how many answers, and how long the device or the service was looked at.
        asked_on: share of the answers for which the hybrid asked another.
        known: share of the answers that the cached design knew from a request before.
        door: median seconds of an exchange with the same process, without the network, that computes nothing.
    """

    p50: float
    p95: float
    up: float
    down: float
    requests: int
    seconds: float
    asked_on: float
    known: float
    door: float


def main() -> None:
    """Measure and print."""
    said = [name for name in sys.argv[1:] if not name.startswith("-")]
    names, designs = [name for name in RUNS if name in said] or RUNS, [each for each in DESIGNS if each in said]
    for name in names:
        spec, options, rate, seconds = RUNS[name]
        office = open_office(load(spec, options), home_folder(), _tell)
        champion = Opened(office)
        for design in designs or DESIGNS:
            show(_compared(office, champion, design, rate, seconds))


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _compared(office: Office, champion: Opened, design: Design, rate: float, seconds: float) -> list[Result]:
    with tempfile.TemporaryDirectory() as kept:
        seen, heads, answer_bytes, single = _reality(office, champion, Path(kept), design, rate, seconds)
    measured = replace(champion.measured(), single=single)
    recall = 0.0
    if design == "cached" and champion.rows is None:
        recall = quantile(singles(champion.known(), champion.bodies, pause=PAUSE)[0], 0.5)
    told = _considered(measured, design, rate, seen, heads, answer_bytes, recall)
    place = "cloud" if design in ("server", "cached") else "device"
    runs = [
        simulate(told, measured, Option(design, place), seed=seed, devices=DEVICES, days=seen.seconds / DAY)
        for seed in range(SEEDS)
    ]
    name = office.application.name
    p50, p95 = (mean([quantile(run.latencies, share) for run in runs]) * 1e3 for share in (0.5, 0.95))
    # The rig has one device, or one line to the service; a simulated fleet of several shares the requests.
    carried = mean([(run.up + run.down) / run.devices for run in runs])
    if place == "cloud":
        carried = mean([(run.up + run.down) / max(1, run.asked) for run in runs]) * seen.requests
    return [
        _result(f"{name} {design} p50", seen.p50 * 1e3, p50, "ms", CLOSE * 1e3),
        _result(f"{name} {design} p95", seen.p95 * 1e3, p95, "ms", CLOSE * 1e3),
        _result(f"{name} {design} bytes", (seen.up + seen.down) / 1e3, carried / 1e3, "kB", 0.1),
    ]


def _result(name: str, value: float, predicted: float, unit: str, close: float) -> Result:
    met = abs(predicted - value) <= max(SHARE * value, close)
    ratio = value / predicted if predicted else (1.0 if not value else math.inf)
    goal = "within 15 % or 2 ms" if unit == "ms" else "within 15 %"
    return Result(name, value, unit, f"predicted {predicted:.4g} {unit}", ratio, goal, met)


def _reality(
    office: Office, champion: Opened, folder: Path, design: Design, rate: float, seconds: float
) -> tuple[Reality, tuple[float, float], float, tuple[float, ...]]:
    """What happens, the bytes around the bodies of one request, those of an answer, and what answers take alone."""
    name, bundle = office.application.name, office.home.bundles / office.actions.state.champion
    ground = Ground(folder / "ground", office.application, bundle, Signer(folder / "key"))
    rows, bodies = champion.rows, champion.bodies
    if rows is not None:
        publish_rows(ground.snapshots, rows)
    ground.control(ground.first, now=champion.now)
    begun = time.perf_counter()
    with standing(design, ground, folder / "device", WAY) as target:
        path = f"/v1/{office.operate.asked.route}"
        heads, answer_bytes = _heads(target, path, bodies[0], design)
        alone = champion.ask
        if design == "static":
            compiled = folder / "device" / "bundles"
            alone = open_static(compiled, office.operate, name, clock=lambda: champion.now, record=_unheard).ask
        empty: list[float] = []
        took: list[float] = []
        answers: list[Answer] = []
        single: list[float] = []
        for _ in range(TURNS):  # in turn, so that what else the machine does meets both
            empty += door(target.direct, DOORS, seconds / TURNS / 4)
            more, told = ask(target.port, path, bodies, rate, seconds / TURNS, first=len(took))
            took, answers = took + more, answers + told
            single += singles(alone, bodies, seconds / TURNS / 4, PAUSE, first=len(single))[0]
        if design in ("client", "hybrid"):
            time.sleep(2 * EVERY)  # what was recorded last is sent
        counts, ended = target.proxy.counts, time.perf_counter()
    return (
        Reality(
            quantile(took, 0.5),
            quantile(took, 0.95),
            counts.up,
            counts.down,
            len(took),
            ended - begun,
            _marked(answers, MERGED, ALONE),
            _marked(answers, KNOWN),
            quantile(empty, 0.5),
        ),
        heads,
        answer_bytes,
        _paired(single, empty),
    )


def _unheard(_: Event) -> None:
    """What is timed alone records nothing."""


def _paired(single: Sequence[float], doors: Sequence[float]) -> tuple[float, ...]:
    """Seconds of answers with those of a door, paired by lot: what a request keeps a process for."""
    chance = random.Random(5)  # noqa: S311 - a lot, no secret
    return tuple(one + chance.choice(doors) for one in single)


def _marked(answers: list[Answer], *marks: str) -> float:
    """Share of the answers that say one of these of themselves."""
    return mean([float(any(mark in each.applied for mark in marks)) for each in answers])


def _heads(target: Target, path: str, body: bytes, design: Design) -> tuple[tuple[float, float], float]:
    """Bytes around the bodies of one request, up and down; and the bytes of an answer."""
    if design in ("server", "cached"):
        target.proxy.forget()
    size = once(target.port, path, body)
    if design not in ("server", "cached"):
        return (200.0, 150.0), size
    counts = target.proxy.counts
    target.proxy.forget()
    return (counts.up - len(body), counts.down - size), size


def _considered(
    measured: Measured,
    design: Design,
    rate: float,
    seen: Reality,
    heads: tuple[float, float],
    answer_bytes: float,
    recall: float,
) -> Considerations:
    """The rig, as considerations; `recall`: seconds of an answer that is known from a request before."""
    link = Link(round_trip_s=WAY.round_trip, round_trip_p95_s=WAY.round_trip_p95, up=WAY.up, down=WAY.down)
    device = Place(name="device", cloud=link)
    single = design not in ("server", "cached")
    # Facts do not age in the rig: no age is stated from which something is done; what the hybrid asked on was counted.
    return Considerations(
        why="what the rig is",
        places=(device, Place(name="cloud")),
        asked_at="device",
        devices=1 if single else DEVICES,
        requests=Requests(
            rate=rate,
            input_bytes=measured.request_bytes,
            output_bytes=answer_bytes,
            head_bytes_up=heads[0],
            head_bytes_down=heads[1],
            round_trips=1.0,
            latency_s=1.0,
        ),
        facts=Facts(every_s=seen.seconds, useful_s=DAY),
        model=Model(every_s=seen.seconds, sync_s=EVERY),
        product=Product(every_s=DAY, adoption_s=DAY, work=1.0),
        cache=Cache(share=1.0 if measured.snapshot_bytes else seen.known, ahead=0.0, lookup_s=seen.door + recall),
        answers=Answers(unsure=seen.asked_on, wrong_static=0.0, wrong_device=0.0, wrong_cloud=0.0),
        costs=Costs(wrong=0.0, late=0.0, absent=0.0, server_hour=0.0),
        service=Service(outage_s=1.0),
        telemetry=Telemetry(event_bytes=measured.event_bytes),
    )


if __name__ == "__main__":
    main()
