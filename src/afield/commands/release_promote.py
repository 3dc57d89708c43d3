"""`afield release promote` and `rollback`: which release is live, by hand, with a name and a reason."""

import os
import pwd
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from afield.application import load
from afield.commands.output import Context, progress, result
from afield.control.actions import Actions
from afield.control.evidence import planned
from afield.control.office import Office, open_office
from afield.errors import RolloutError, UsageError
from afield.release.registry import named
from afield.store.snapshots import Follower

Named = Annotated[str, Parameter(help="the first digits of a release")]
Reason = Annotated[str, Parameter(help="why, one line; kept in the ledger")]
Actor = Annotated[str, Parameter(help="who decides; left out: the login name")]


def promote(
    app: str,
    release: Named,
    /,
    *,
    now: Annotated[bool, Parameter(negative="", help="live at once; left out: it climbs the ladder")] = False,
    reason: Reason = "by hand",
    actor: Actor = "",
    context: Context,
    **options: str,
) -> None:
    """Let a release climb the ladder on evidence, or put it live at once; a running service follows.

    A release that does not verify is refused, and nothing is changed. After `--now` its predecessor is still
    compared with it, and comes back by itself where it was better.

    Args:
        app: name of the application.
        release: the first digits of a release.
        now: live at once.
        reason: why.
        actor: who decides.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    digest = named(office.home.bundles, release, app)
    office.shelf.release(digest)
    actions, at = office.by(actor or login()), moment(office)
    if digest == actions.state.champion:
        raise RolloutError(f"release {digest[:12]} is the champion already; there is nothing to promote")
    if now:
        _may_be_live(office, actions, digest, actor or login())
        actions.promote(digest, reason, at)
    elif not actions.state.champion:
        raise RolloutError("there is no champion to climb against; put it live with --now")
    elif digest in (actions.state.challenger, *actions.state.queue):
        raise RolloutError(f"release {digest[:12]} is on the ladder already; add --now to put it live at once")
    else:
        power = planned(office.shelf.bundle(digest), office.operate, office.plan.part)
        progress(
            power.words() if power else "power: the calculation follows in shadow; its reference is of an older build"
        )
        actions.offer(digest, reason, at, power.numbers() if power else None)
    _tell(context, actions, digest, _became(actions, digest))


def approve(
    app: str, release: Named, /, *, reason: Reason, actor: Actor = "", context: Context, **options: str
) -> None:
    """Approve that a candidate goes live once it has climbed, as a second person beside who offered it.

    How many it takes is declared by the application: `Ladder(approvals=1)`. The same person counts once, and who
    offered the candidate does not count.

    Args:
        app: name of the application.
        release: the first digits of a release.
        reason: why.
        actor: who approves.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if not reason.strip():
        raise UsageError("--reason is empty; say in one line why, for those who read the ledger later")
    office = open_office(load(app, options), context.home, progress)
    digest = named(office.home.bundles, release, app)
    actions = office.by(actor or login())
    actions.approve(digest, reason, moment(office))
    people, needed = actions.approvals(digest), office.operate.rollout.approvals
    value = {"release": digest, "approvals": people, "needed": needed}
    result(
        context, value, Text(f"release {digest[:12]} is approved by {', '.join(people)}; {needed} needed to go live")
    )


def rollback(
    app: str,
    /,
    *,
    to: Annotated[str, Parameter(help="first digits of the release to go back to; left out: the predecessor")] = "",
    reason: Reason = "by hand",
    actor: Actor = "",
    context: Context,
    **options: str,
) -> None:
    """Take the champion back, to its predecessor or to the release that is named; a running service follows.

    Args:
        app: name of the application.
        to: first digits of the release to go back to.
        reason: why.
        actor: who decides.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    actions = office.by(actor or login())
    back = named(office.home.bundles, to, app) if to else actions.predecessor()
    if back:
        office.shelf.release(back)
    actions.roll_back(reason, moment(office), back)
    _tell(context, actions, back, "is live again")


def moment(office: Office) -> datetime:
    """Domain time now: that of the service where its clock follows events, else the clock of the place."""
    if not office.home.snapshots.is_dir():
        return office.clock.now()
    published = Follower(office.home.snapshots)
    published.refresh()
    followed = published.control.now if published.control else None
    return followed or office.clock.now()


def login() -> str:
    """The name under which this process runs, or "operator" where the machine knows none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "operator"


def _may_be_live(office: Office, actions: Actions, release: str, actor: str) -> None:
    """Return where a release may go live at once.

    Raises:
        RolloutError: approvals or drills are missing, or that would cut somebody's probation short.
    """
    state, needed = actions.state, office.operate.rollout.approvals
    if state.stage == "probation":
        raise RolloutError(
            f"release {state.champion[:12]} is in probation; without --now this one queues behind it, or end the "
            f"probation first: afield release rollback {office.application.called}"
        )
    if state.champion and (missing := office.unproven()):
        raise RolloutError(f"release {release[:12]} cannot go live: {missing}")
    approved = actions.approvals(release, without=actor)
    if state.champion and len(approved) < needed:
        raise RolloutError(
            f"release {release[:12]} has {len(approved)} of {needed} approvals by others than {actor}; offer it "
            "without --now, and let a second person run: "
            f"afield release approve {office.application.called} {release[:12]}"
        )


def _became(actions: Actions, release: str) -> str:
    """Where a release stands after it was promoted or offered."""
    state = actions.state
    if release == state.champion:
        return "is live"
    return "climbs the ladder" if release == state.challenger else "waits for the ladder"


def _tell(context: Context, actions: Actions, release: str, becomes: str) -> None:
    state = actions.state
    value = {
        "release": release,
        "champion": state.champion,
        "challenger": state.challenger,
        "last_good": state.last_good,
        "stage": state.stage,
        "queue": state.queue,
    }
    result(context, value, Text(f"release {release[:12]} {becomes}; a running service follows within a second"))
