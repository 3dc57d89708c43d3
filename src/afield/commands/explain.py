"""`afield explain`: why the champion answers what it answers, in words for the person concerned."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Group
from rich.table import Table
from rich.text import Text

from afield.application import load
from afield.commands.output import Context, progress, result, table
from afield.control.office import Office, open_office
from afield.errors import AfieldError, UsageError
from afield.records.provenance import Provenance
from afield.release.bundle import Bundle
from afield.release.registry import champion, named
from afield.workshop.evaluating import read_slices
from afield.workshop.explaining import USUAL, Explained, explained, facts

SMALL = 0.005


def run(
    app: str,
    /,
    *,
    key: Annotated[str, Parameter(help="what the answer is about; left out: the busiest")] = "",
    at: Annotated[datetime | None, Parameter(help="the tick (clock of the place); left out: the newest")] = None,
    release: Annotated[str, Parameter(help="first digits of a release; left out: the champion")] = "",
    context: Context,
    **options: str,
) -> None:
    """Say why an answer is what it is: what each kind of information adds to the usual answer.

    The answer is made again from the facts in the store. Each kind of information is exchanged for its usual values, in
    every order, and what that changes is its share: all shares add up. Guards and overrides come after it.

    Args:
        app: name of the application.
        key: what the answer is about; left out: the busiest.
        at: the tick; left out: the newest.
        release: first digits of a release; left out: the champion.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    bundles = office.home.bundles
    digest = named(bundles, release, app) if release else champion(bundles, office.actions.state.champion, app)
    opened, bundle = office.shelf.release(digest), office.shelf.bundle(digest)
    if not any(file.name == f"tables/{USUAL}" for file in bundle.manifest.files):
        raise UsageError(
            f"release {digest[:12]} holds no usual rows: {app} declares no `Assessment.groups`, or "
            "the release is older than that; declare them and build again"
        )
    moment = _tick(office, at)
    progress(f"reading the facts known before {moment}")
    history = facts(office.plan, office.tables, moment)
    about = key or _busiest(bundle, [str(each) for each in office.plan.keys(history, moment).to_list()])
    usual = bundle.read(f"tables/{USUAL}")
    found = explained(office.plan, history, about, moment, office.operate.infer, opened.parts, usual)
    stored = [name for name in office.plan.tables if office.tables.exists(name)]
    provenance = Provenance(
        command=context.command,
        data={name: str(office.tables.versions(name)[-1]) for name in stored},
        code=bundle.manifest.code,
        release=digest,
    )
    value = msgspec.structs.asdict(found) | {"decision": _decision(office, found), "provenance": provenance}
    result(context, value, _told(office, found, digest))


def _tick(office: Office, at: datetime | None) -> datetime:
    """The tick asked for, or the first after the newest fact."""
    if at is None:
        newest = office.newest()
        return newest + (timedelta(0) - (newest - datetime.min)) % office.plan.slot
    if at.tzinfo is not None:
        raise UsageError("--at is a time on the clock of the place; give it without a zone")
    if (at - datetime.min) % office.plan.slot:
        raise UsageError(f"--at {at} is no tick: they are {office.plan.slot} apart, from midnight on")
    return at


def _busiest(bundle: Bundle, keys: list[str]) -> str:
    """The first key of the release's slices, or the first there is."""
    slices = read_slices(bundle.read("tables/slices.arrow"))
    busy = [str(key) for members in slices.values() for key in members[:1]]
    if not keys:
        raise UsageError("there is nothing to answer about at that tick; give another --at")
    return busy[0] if busy and busy[0] in keys else keys[0]


def _decision(office: Office, found: Explained) -> str:
    """The reason of the decision that follows from the answer, where one follows from it alone."""
    if office.operate.from_input is not None:
        return ""
    try:
        return office.operate.decide(found.outputs, found.row).reason
    except AfieldError as error:
        return f"no decision: {error}"


def _told(office: Office, found: Explained, digest: str) -> Group:
    why, words = found.explanation, office.application.words
    head = f"{found.target}, for {found.key}, {found.at:%A %d %B %Y %H:%M}"
    apart = why.answer - why.usual
    about = "as usual" if abs(apart) < SMALL else ("more than usual" if apart > 0 else "less than usual")
    lines = [Text(head), Text(f"{why.answer:.3g}; usually {why.usual:.3g}: {about}")]
    if decision := _decision(office, found):
        lines.append(Text(f"decided: {decision}"))
    foot = f"release {digest[:12]}, for {words.people}; the usual {why.usual:.3g} and all shares make {why.answer:.3g}"
    return Group(*lines, _shares(found), Text(foot))


def _shares(found: Explained) -> Table:
    told = [each for each in found.explanation.contributions if abs(each.value) >= SMALL]
    small = len(found.explanation.contributions) - len(told)
    rows = [(f"{each.value:+.2f}", each.group, each.words) for each in told]
    if small:
        rows.append(("±0.00", f"{small} more", "matter next to nothing"))
    return table(("share", "because of", "in words"), rows)
