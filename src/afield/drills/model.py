"""Drills about the model: it fails, says what cannot be, or takes too long."""

from afield.control.service import Terms
from afield.drills.rig import REQUESTS, Rig
from afield.drills.seen import Seen

SLOW, WITHIN, CLIENTS, EACH = 0.4, 1.0, 8, 3


def outage(rig: Rig) -> Seen:
    """Break the model while requests go on; every one must be answered, and marked while it is broken."""
    return _marked(rig, "")


def nan_outputs(rig: Rig) -> Seen:
    """Let the model answer "not a number"; every request must be answered by a fallback meanwhile."""
    return _marked(rig, "nan")


def _marked(rig: Rig, how: str) -> Seen:
    served = rig.service()
    before = served.ask()
    with served.broken(how):
        during = served.ask()
    recovered = served.until(lambda answer: not answer.applied)
    after = served.ask()
    failed = sum(each.failed for each in (before, during, after))
    rig.tell(f"while broken: {len(during.answers)} of {REQUESTS} answered ({during.applied})")
    return Seen(
        f"{failed} failed; {during.marked} marked while broken, {before.marked + after.marked} otherwise",
        failed == 0 and during.marked == REQUESTS and before.marked == after.marked == 0 and recovered < float("inf"),
    )


def wild_outputs(rig: Rig) -> Seen:
    """Let the model answer numbers beyond all reason; guards or fallbacks must act on every answer."""
    served = rig.service()
    with served.broken("wild"):
        during = served.ask()
    served.until(lambda answer: not answer.applied)
    finite = all(abs(value) < 1e9 for answer in during.answers for value in answer.output.values())
    return Seen(
        f"{during.failed} failed; {during.acted} of {REQUESTS} show what acted ({during.applied}); "
        f"{'no' if finite else 'a'} wild number went out",
        during.failed == 0 and during.acted == REQUESTS and finite,
    )


def slow(rig: Rig) -> Seen:
    """Let each call of the model take long while several ask at once; nobody may wait far beyond the deadline."""
    with rig.alone(Terms(within=WITHIN)) as served:
        with served.broken(f"slow {SLOW}"):
            during = served.ask_at_once(CLIENTS, served.bodies(EACH))
        served.until(lambda answer: not answer.applied)
        after = served.ask()
    clear = all(status in (429, 503, 504) for status, _ in during.failures)
    # A request that was begun is finished: it may take the deadline and what it had begun with.
    late = during.slowest > WITHIN + EACH * CLIENTS * SLOW
    return Seen(
        f"{len(during.answers)} answered, {during.failed} refused "
        f"({'each with a clear status' if clear else during.failures[0]}), none took over {during.slowest:.1f} s; "
        f"{len(after.answers)} of {REQUESTS} answered once it is mended",
        clear and not late and after.failed == 0 and after.marked == 0,
    )
