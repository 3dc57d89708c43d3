"""Drills about what clients send: old facts, other clocks, floods, and requests that are none."""

import json
from datetime import timedelta

from afield.drills.rig import REQUESTS, Rig
from afield.drills.seen import Seen
from afield.records.traffic import Ingest
from afield.replay import await_tick

CLIENTS, EACH = 24, 3
DEEP = 2000
YEAR = timedelta(days=365)


def stale_facts(rig: Rig) -> Seen:
    """Let time pass without facts; answers come from the fallback and say so, until facts are there again."""
    with rig.alone() as served:
        late = served.tick + rig.office.operate.stale_after + 2 * rig.office.operate.step
        before = served.ask()
        during = served.ask(served.bodies(at=late))
        served.client.ingest(Ingest(watermark=late))
        await_tick(served.client, late, served.running.alive)
        after = served.ask(served.bodies(at=late))
    return Seen(
        f"{before.failed + during.failed + after.failed} failed; {during.marked} of {REQUESTS} marked while facts were "
        f"old ({during.applied}), {before.marked} before and {after.marked} after",
        not (before.failed or during.failed or after.failed)
        and (before.marked, during.marked, after.marked) == (0, REQUESTS, 0),
    )


def clock_jump(rig: Rig) -> Seen:
    """Ask with clocks that are a year off, both ways; each is refused clearly or marked, and the next is answered."""
    served = rig.service()
    served.client.ingest(Ingest(watermark=served.tick - YEAR))
    odd = [body for at in (served.tick - YEAR, served.tick + YEAR) for body in served.bodies(REQUESTS // 2, at)]
    during = served.ask(odd)
    after = served.ask()
    clear = all(400 <= status < 500 for status, _ in during.failures)
    honest = during.acted == len(during.answers) or rig.office.operate.from_input is not None
    return Seen(
        f"{during.failed} refused{'' if clear else ' unclearly'}, {len(during.answers)} answered ({during.applied}); "
        f"then {len(after.answers)} of {REQUESTS} answered with the right clock",
        clear and honest and after.failed == after.marked == 0,
    )


def flood(rig: Rig) -> Seen:
    """Let many clients ask at once; each is answered or refused clearly, and calm returns."""
    served = rig.service()
    during = served.ask_at_once(CLIENTS, served.bodies(EACH))
    after = served.ask()
    clear = all(status in (429, 503) for status, _ in during.failures)
    return Seen(
        f"{len(during.answers)} of {CLIENTS * EACH} answered, {during.failed} refused"
        f"{'' if clear else f' unclearly: {during.failures[0]}'}, the slowest after {during.slowest:.1f} s; "
        f"then {len(after.answers)} of {REQUESTS}",
        clear and bool(during.answers) and after.failed == after.marked == 0,
    )


def bad_input(rig: Rig) -> Seen:
    """Send what is no request; each is refused with words, and the next good one is answered."""
    served = rig.service()
    (good,) = served.bodies(1)
    fields: dict[str, object] = json.loads(good)
    bodies = [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"text"',
        b"[" * DEEP,
        json.dumps({**fields, "unexpected": 1}).encode(),
        *(json.dumps({**fields, name: None}).encode() for name in list(fields)[:1]),
        *(json.dumps({**fields, name: {"deep": [1, 2]}}).encode() for name in fields),
        json.dumps(dict(list(fields.items())[1:])).encode(),
    ]
    during, after = served.ask(bodies), served.ask()
    clear = all(400 <= status < 500 and "error" in said for status, said in during.failures)
    return Seen(
        f"{during.failed} of {len(bodies)} refused{'' if clear else ' unclearly'}; then {len(after.answers)} of "
        f"{REQUESTS} answered",
        during.failed == len(bodies) and clear and after.failed == after.marked == 0,
    )
