"""`afield telemetry`: what is kept of traffic and people, how it is erased, and under which key people are hashed."""

from collections.abc import Mapping
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group
from rich.text import Text

from afield.application import load
from afield.commands.mitigation import Reason
from afield.commands.output import Context, progress, result
from afield.commands.release_promote import Actor, login
from afield.control.office import Office, open_office
from afield.custody.erasure import Erased
from afield.custody.erasure import erase as erase_person
from afield.custody.keys import rotate as rotate_key
from afield.errors import RolloutError, UsageError


def erase(
    app: str,
    person: Annotated[str, Parameter(help="the id under which clients send the person")],
    /,
    *,
    reason: Reason,
    actor: Actor = "",
    context: Context,
    **options: str,
) -> int:
    """Erase one person for good: facts, events, outcomes, labels, in every version; exits 1 while anything remains.

    The service stands still meanwhile. What is erased cannot be brought back, and releases that were built from it
    cannot be built again; the ledger marks them. Copies elsewhere (backups, devices, a shared cache, the source that
    builds read) are not touched: erase there too.

    Args:
        app: name of the application.
        person: as clients send them, or a hash that stands for them.
        reason: why, without naming them.
        actor: who decides.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options, reason)
    erased = erase_person(office, person, reason, actor or login())
    result(context, erased, _told(erased))
    return 1 if erased.remains else 0


def rotate(
    app: str,
    /,
    *,
    destroy: Annotated[
        bool, Parameter(negative="", help="destroy former keys: old hashes stand for nobody any more")
    ] = False,
    reason: Reason,
    actor: Actor = "",
    context: Context,
    **options: str,
) -> None:
    """Hash people under a new key from now on; with `--destroy`, old hashes can never be resolved or joined again.

    The key is the home's: all its applications follow, a running service from its next start.

    Args:
        app: name of the application.
        destroy: destroy former keys instead of keeping them.
        reason: why.
        actor: who decides.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options, reason)
    rotated = rotate_key(office, reason, actor or login(), destroy=destroy)
    said = f"{rotated.kept} former keys are kept" if rotated.kept else f"{rotated.destroyed} former keys are destroyed"
    result(context, rotated, Text(f"a new key is in force, {said}; a running service follows from its next start"))


def _told(erased: Erased) -> Group:
    rows = ", ".join(f"{count} of {table}" for table, count in erased.rows.items()) or "none"
    lines = [
        f"{erased.erasure}: rows taken out: {rows}; {erased.files} files are gone or written anew",
        *(f"release {release[:12]} cannot be built again from now on" for release in erased.releases),
        *(f"REMAINS {what}" for what in erased.remains),
    ]
    return Group(*map(Text, lines))


def _office(app: str, context: Context, options: Mapping[str, str], reason: str = "-") -> Office:
    """The office of an application that was built or served.

    Raises:
        UsageError: there is no reason.
        RolloutError: nothing was ever done here.
    """
    if not reason.strip():
        raise UsageError("--reason is empty; say in one line why, for those who read the ledger later")
    office = open_office(load(app, options), context.home, progress)
    if not office.home.has_ledger:
        raise RolloutError(
            f"{office.home.folder} has no ledger: nothing was built or served there; run: afield build {app}, "
            "or name the home that is meant: AFIELD_HOME"
        )
    return office
