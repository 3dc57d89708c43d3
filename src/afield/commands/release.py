"""`afield release`: the registry looked at, a release shown and verified."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group
from rich.text import Text

from afield.application import load
from afield.commands.output import Context, progress, result, table
from afield.commands.rebuilding import rebuilt
from afield.control.office import Office, open_office
from afield.custody.notes import not_rebuildable
from afield.errors import ReleaseError
from afield.release.bundle import Bundle
from afield.release.registry import champion, named, releases
from afield.wording import metric, metric_name

SHOWN = 2
"""How many of the metrics stand in the list of releases."""

NamedOrChampion = Annotated[str, Parameter(help="the first digits of a release; left out: the champion")]


def listed(app: str, /, *, context: Context, **options: str) -> None:
    """List the releases, newest first, with what they scored and where they stand.

    Args:
        app: name of the application.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options)
    rows = sorted((_row(office, digest) for digest in releases(office.home.bundles)), key=_created, reverse=True)
    metrics = office.plan.metrics[:SHOWN]
    names = (metric_name(name, office.application.words) for name in metrics)
    header = ("release", "built", "known before", *names, "stands as")
    problems = [f"{str(row['release'])[:12]}: {row['problem']}" for row in rows if row["problem"]]
    text = (
        Group(table(header, [_cells(row, metrics) for row in rows]), *problems)
        if rows
        else Text("there is no release yet")
    )
    result(context, rows, text)


def show(
    app: str,
    release: Annotated[str | None, Parameter(help="the first digits of a release; left out: the champion")] = None,
    /,
    *,
    context: Context,
    **options: str,
) -> None:
    """Show the card of a release.

    Args:
        app: name of the application.
        release: the first digits of a release; left out: the champion.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options)
    bundles = office.home.bundles
    digest = (
        named(bundles, release, app) if release is not None else champion(bundles, office.actions.state.champion, app)
    )
    bundle = office.shelf.bundle(digest)
    card, erased = bundle.read("card.md").decode(), not_rebuildable(office, digest)
    value = {"release": bundle.digest, "manifest": bundle.manifest, "card": card, "not_rebuildable": erased}
    result(context, value, Text(f"{erased}\n\n{card}" if erased else card))


def verify(
    app: str,
    release: NamedOrChampion = "",
    /,
    *,
    rebuild: Annotated[
        bool, Parameter(negative="", help="build it again too, and compare; takes a build's time")
    ] = False,
    context: Context,
    **options: str,
) -> int:
    """Verify signature, digests, golden features and golden outputs; exits 1 with what is wrong.

    With `--rebuild` it is also built again, in a temporary folder, from the versions of data, the windows and the seed
    that its manifest names: its outputs must agree on the same rows. What differs of code and libraries is named; where
    data or code are not there any more, it says so.

    Args:
        app: name of the application.
        release: the first digits of a release; left out: the champion.
        rebuild: build it again too, and compare.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options)
    bundles = office.home.bundles
    digest = named(bundles, release, app) if release else champion(bundles, office.actions.state.champion, app)
    try:
        bundle = office.shelf.bundle(digest)
        golden = bundle.golden
        office.shelf.release(digest)
    except ReleaseError as error:
        result(context, {"release": digest, "verified": False, "problem": str(error)}, Text(f"refused: {error}"))
        return 1
    if rebuild:
        progress(f"release {digest[:12]} verifies; building it again")
        return rebuilt(app, office, bundle, context)
    proven = f"{len(golden.features)} features and {len(golden.outputs)} outputs of {len(golden.keys)} golden rows"
    text = f"release {digest[:12]}: the signature and every digest fit; {proven} are reproduced"
    result(context, {"release": digest, "verified": True, "problem": ""}, Text(text))
    return 0


def _office(app: str, context: Context, options: Mapping[str, str]) -> Office:
    return open_office(load(app, options), context.home, progress)


def _row(office: Office, digest: str) -> dict[str, object]:
    """What is known of a release; of one that does not verify, what is wrong with it."""
    try:
        return {
            "release": digest,
            "stands": _stands(office, digest),
            "problem": "",
            **_about(office.shelf.bundle(digest)),
        }
    except ReleaseError as error:
        return {"release": digest, "stands": _stands(office, digest), "problem": str(error)}


def _about(bundle: Bundle) -> dict[str, object]:
    manifest = bundle.manifest
    return {
        "created": manifest.created,
        "known_before": manifest.windows["whole"][1],
        "parent": manifest.parent,
        "metrics": manifest.evaluation,
    }


def _stands(office: Office, digest: str) -> list[str]:
    """The parts that a release plays now."""
    state = office.actions.state
    parts = {"champion": state.champion, "challenger": state.challenger, "last good": state.last_good}
    stage = {"challenger": f" in {state.stage}", "champion": " in probation" if state.stage == "probation" else ""}
    stands = [part + stage.get(part, "") for part, release in parts.items() if release == digest]
    return [*stands, *(["waits for the ladder"] if digest in state.queue else [])]


def _created(row: Mapping[str, object]) -> str:
    return str(row.get("created", ""))


def _cells(row: Mapping[str, object], names: Sequence[str]) -> tuple[object, ...]:
    stands = ", ".join(map(str, row["stands"])) if isinstance(row["stands"], list) else ""
    metrics, built, until = row.get("metrics"), row.get("created"), row.get("known_before")
    if not isinstance(metrics, Mapping) or not isinstance(built, datetime):
        return (str(row["release"])[:12], "", "", *("" for _ in names), f"{stands} does not verify".strip())
    scores = [metric(name, metrics.get(name)) for name in names]
    return (str(row["release"])[:12], f"{built:%Y-%m-%d %H:%M}", f"{until:%Y-%m-%d %H:%M}", *scores, stands)
