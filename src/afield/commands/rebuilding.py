"""`afield release verify --rebuild`: a release built again, and what differs."""

import msgspec
from rich.console import Group
from rich.text import Text

from afield.application import load
from afield.audit.notes import note
from afield.audit.rebuilding import Ground, Rebuilt, rebuild
from afield.commands.output import Context, progress, result, table
from afield.control.office import Office, open_office
from afield.custody.notes import not_rebuildable
from afield.release.bundle import Bundle


def rebuilt(app: str, office: Office, bundle: Bundle, context: Context) -> int:
    """Build a verified release again and tell what differs; 1 where it does not agree."""
    # Options that only say how it is built this time are part of how it was built.
    own = open_office(load(app, bundle.manifest.options), context.home, progress)
    found = rebuild(
        bundle,
        Ground(
            plan=own.plan,
            infer=own.operate.infer,
            bundles=office.home.bundles,
            facts=office.datasets.open,
            package=own.application.package,
            command=context.command,
            tell=progress,
        ),
    )
    erased = not_rebuildable(office, found.release)
    if erased and found.problem:
        found = msgspec.structs.replace(found, problem=erased)
    said = f"release {found.release[:12]} is{'' if found.agrees else ' NOT'} reproduced"
    note(office, "rebuild", found.agrees, said, context.command, found.release)
    result(context, found, _told(found))
    return 0 if found.agrees else 1


def _told(found: Rebuilt) -> Group:
    lines = [f"{name}: {then} when it was built, {now} here" for name, (then, now) in found.libraries.items()]
    if not found.same_code:
        lines.append("the code is not the one that it was built with")
    if not found.same_features:
        lines.append("the contract of the features is not the release's")
    differs = Text("\n".join(lines) or "code, features and libraries are those of the release")
    if found.problem:
        return Group(Text(f"release {found.release[:12]} is not rebuildable: {found.problem}"), differs)
    rows = [
        (
            each.part,
            "yes" if each.identical else "no",
            "" if each.outputs is None else f"{each.outputs:.1e}",
            f"{each.constants:.1e}",
        )
        for each in found.parts
    ]
    verdict = "is reproduced" if found.agrees else "is NOT reproduced"
    title = (
        f"release {found.release[:12]} {verdict} · {found.rows:,} rows · tolerance {found.tolerance:.0e} · "
        f"golden outputs differ by {found.golden or 0.0:.1e} · {found.seconds:.1f} s"
    )
    header = ("part", "same bytes", "outputs differ by", "constants differ by")
    read = ", ".join(f"{name} {version[:20]}" for name, version in found.provenance.data.items())
    return Group(table(header, rows, title), differs, Text(f"data: {read}"))
