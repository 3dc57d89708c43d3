"""What a service of Afield's stands: three times its capacity, swaps of its release under load, a rollback."""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

import msgspec
import uvloop

from afield.records.traffic import Answer
from afield.testing.stand import Stand
from benchmarks.load import Replies, at_rate, in_turn
from benchmarks.measure import Result
from benchmarks.services import Target, first_answer, free_port, prepare, question, serving

WITHIN, COST, SECONDS = 0.25, 2.0, 6.0
SWAPS, REQUESTS, ROLLBACKS = 20, 10_000, 9


def overload() -> list[Result]:
    """Requests at three times the rate that the service can answer, with a model of 2 ms a row."""
    with tempfile.TemporaryDirectory() as name:
        config = msgspec.structs.replace(
            prepare(Path(name)), within=WITHIN, seams={"benchmarks.costly:costly": str(COST)}
        )
        with serving(config, Path(name)):
            target = question(config)
            first_answer(target)
            best = max(uvloop.run(_best(target)) for _ in range(2))
            replies = uvloop.run(at_rate(target, 3 * best, SECONDS, 1500))
    good, shed = replies.statuses.get(200, 0), replies.statuses.get(503, 0)
    kept, p99, asked = good / SECONDS / best, replies.p99(), sum(replies.statuses.values()) + replies.failed
    clear = replies.failed == 0 and good + shed == asked and replies.told == shed
    against = f"its best rate, {best:.0f}/s"
    return [
        Result("answers at 3x capacity", good / SECONDS, "1/s", against, kept, ">= 0.9x", kept >= 0.9),
        Result("shed, with Retry-After", shed / asked, "of requests", "all the others", None, "all of them", clear),
        Result("p99 of what is accepted", p99, "s", "the deadline", p99 / WITHIN, f"<= {WITHIN} s", p99 <= WITHIN),
    ]


async def _best(target: Target) -> float:
    end = time.perf_counter() + 3.0
    replies = await in_turn(target, 64, lambda _: time.perf_counter() < end, lambda _: None)
    return replies.statuses[200] / 3.0


def swaps() -> list[Result]:
    """Twenty releases one after the other, beside ten thousand requests; and how fast an old one is back."""
    with tempfile.TemporaryDirectory() as name:
        stand = Stand(Path(name))
        digests = stand.release((0.5, 0.5)), stand.release((0.0, 1.0))
        stand.rows()
        stand.control(digests[0])
        config = stand.config(free_port())
        with serving(config, Path(name)):
            target = question(config)
            first_answer(target)
            replies, seen = uvloop.run(_swapped(stand, target, digests))
            times = uvloop.run(_rolled_back(stand, target, digests))
    failed = replies.failed + sum(count for status, count in replies.statuses.items() if status != 200)
    name_ = f"failed of {sum(replies.statuses.values())} requests in {seen} hot swaps"
    worst = max(times)
    return [
        Result(name_, failed, "requests", "none", None, "0", failed == 0 and seen >= SWAPS),
        Result("rollback to the old release's first answer", median(times), "s", "at most", None, None, None),
        Result("  the slowest of them", worst, "s", "at most", None, "<= 1 s", worst <= 1.0),
    ]


async def _swapped(stand: Stand, target: Target, digests: tuple[str, str]) -> tuple[Replies, int]:
    """What clients got, and how often they saw another release than before."""
    releases, done = [digests[0]], asyncio.Event()

    def seen(body: bytes) -> None:
        answer = msgspec.json.decode(body, type=Answer)
        if answer.applied or answer.release not in digests:
            raise RuntimeError(f"an unexpected answer: {answer}")
        if answer.release != releases[-1]:
            releases.append(answer.release)

    async def swapped() -> None:
        for number in range(1, SWAPS + 1):
            stand.control(digests[number % 2], last_good=digests[(number + 1) % 2])
            while len(releases) <= number:
                await asyncio.sleep(0.005)
        done.set()

    swapping = asyncio.create_task(swapped())
    replies = await in_turn(target, 16, lambda count: count < REQUESTS or not done.is_set(), seen)
    await swapping
    return replies, len(releases) - 1


async def _rolled_back(stand: Stand, target: Target, digests: tuple[str, str]) -> list[float]:
    """Seconds from the order to the first answer of the release before, each time on a busy service."""
    times = []
    for number in range(ROLLBACKS):
        wanted, began = digests[number % 2], time.perf_counter()
        found: list[float] = []

        def seen(body: bytes, wanted: str = wanted, found: list[float] = found) -> None:
            if msgspec.json.decode(body, type=Answer).release == wanted:
                found.append(time.perf_counter())

        before = stand.control(digests[(number + 1) % 2], last_good=wanted).champion
        await in_turn(target, 1, lambda count: count < 200, lambda _: None)
        began = time.perf_counter()
        stand.control(wanted, last_good=before)
        await in_turn(target, 16, lambda _, found=found: not found, seen)  # type: ignore[misc]
        times.append(found[0] - began)
    return times
