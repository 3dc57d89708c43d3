"""Drills about updates: a damaged release, a release taken back, a candidate that is worse."""

from afield.drills.rig import REQUESTS, Rig
from afield.drills.seen import Seen
from afield.release.layout import model_name
from afield.testing.candidates import bad_candidate

AT_ONCE = 1.0
"""Seconds in which a release is taken back."""


def corrupt_release(rig: Rig) -> Seen:
    """Put a release live of which one byte was changed on the disk; nobody answers with it."""
    served, office = rig.service(), rig.office
    champion = office.actions.state.champion
    release = bad_candidate(office, champion)
    model = office.home.bundles / release / model_name(office.plan.part)
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.chmod(0o600)
    model.write_bytes(bytes(content))
    by = office.by("drill")
    by.promote(release, "a drill: one byte was changed", served.tick)
    told = served.until_health(lambda health: bool(health["problem"]))
    during = served.ask()
    by.roll_back("the drill is over", served.tick)
    mended = served.until_health(lambda health: not health["problem"] and health["release"] == champion)
    used = sum(answer.release == release for answer in during.answers)
    return Seen(
        f"{during.failed} failed, {used} answered with the damaged release; the service "
        f"{'said' if told else 'did not say'} why; {'all is well' if mended else 'not well'} after the rollback",
        during.failed == 0 and used == 0 and told and mended,
    )


def rollback(rig: Rig) -> Seen:
    """Put another release live, and take it back; the old one answers within a second, and nobody waits for it."""
    served, office = rig.service(), rig.office
    champion = office.actions.state.champion
    release = bad_candidate(office, champion, 1.5)
    by = office.by("drill")
    by.promote(release, "a drill", served.tick)
    live = served.until(lambda answer: answer.release == release)
    by.roll_back("a drill", served.tick)
    back = served.until(lambda answer: answer.release == champion)
    after = served.ask()
    old = sum(answer.release == champion for answer in after.answers)
    return Seen(
        f"live after {live:.2f} s; taken back within {back:.2f} s; then {old} of {REQUESTS} by the old release",
        live < float("inf") and back <= AT_ONCE and old == REQUESTS,
    )
