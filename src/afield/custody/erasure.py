"""One person erased: from tables of every version, spools, kept answers and build steps; and what is left, named."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

import msgspec
import polars as pl

from afield.control.history import History
from afield.control.intake import Intake
from afield.control.office import Office
from afield.control.service import SUPERVISOR
from afield.custody.keys import kept_keys
from afield.custody.notes import ERASED, NOT_REBUILDABLE, note
from afield.custody.person import Person
from afield.errors import ReleaseError, UsageError
from afield.home import Home
from afield.release.registry import releases
from afield.store.addresses import shown
from afield.store.purging import data_files, holding, purge, reads
from afield.telemetry.claims import Claim, claim
from afield.telemetry.spool import Spool
from afield.workshop.datasets import FACTS, Version

_READS = "_reads"
_KEPT = "the ledger is append-only: name nobody in reasons and units"


class Erased(msgspec.Struct, frozen=True):
    """What an erasure came to.

    Attributes:
        erasure: names it in the ledger.
        rows: table → rows that were taken out of what it holds now.
        files: files that held such rows, of any version, or other traces, and are gone or written anew.
        releases: those that cannot be built again any more.
        remains: what still names the person, and why.
    """

    erasure: str
    rows: dict[str, int]
    files: int
    releases: tuple[str, ...]
    remains: tuple[str, ...]


def erase(office: Office, name: str, reason: str, actor: str) -> Erased:
    """Erase a person from everything under the home of an application whose service stands still.

    What was recorded and not delivered is delivered first, so that there is one place to erase from. Interrupted, the
    next call goes on.

    Raises:
        UsageError: the id or the reason cannot be used, a service is running, or tables lie in an object store, of
            which nobody but its owner can say what is gone (versions, replicas, backups).
        StoreError: something could not be read or written; run it again.
    """
    home = office.home
    person = Person.of(name, kept_keys(home.privacy))
    if not isinstance(home.store, Path):
        raise UsageError(_elsewhere(home))
    if person.rows(pl.DataFrame({"reason": [reason, actor]})).any():
        raise UsageError("--reason or --actor names the person; the ledger is never changed: say it without them")
    with _alone(office) as own:
        _deliver(office, own)
        folders = {**_tables(home.store), **{f"datasets/{key}": path for key, path in _tables(home.datasets).items()}}
        person = _with_links(office, person, folders)
        dirty = {key: found for key, path in folders.items() if (found := holding(path, person.rows))}
        named, erasure = _affected(office, dirty), f"erasure-{token_hex(4)}"
        # The ledger says it before it is so: whoever is interrupted in between does not leave a release unmarked.
        for release in named:
            note(office, NOT_REBUILDABLE, release, f"{erasure}: a person's rows were erased from its data", actor)
        _forget_readings(office, dirty)
        rows = {key: purge(folders[key], person.rows, files) for key, files in dirty.items()}
        gone = sum(map(len, dirty.values())) + _forget(office, person)
        remains = _remains(office, person)
        numbers = {"rows": float(sum(rows.values())), "files": float(gone), "remains": float(len(remains))}
        note(office, ERASED, erasure, reason, actor, numbers)
    return Erased(erasure, rows, gone, named, remains)


@contextmanager
def _alone(office: Office) -> Iterator[Claim]:
    """Nobody writes to a spool here meanwhile; the claim to supervise.

    Raises:
        UsageError: somebody does.
    """
    home = office.home
    taken: dict[str, Claim] = {}
    try:
        for folder in (home.telemetry, home.facts, *home.joined.glob("*/*")):
            for writer in {SUPERVISOR, *(lock.stem for lock in folder.glob("*.lock"))}:
                held = claim(folder, writer)
                if held is None:
                    raise UsageError(
                        f"{folder} is written to by {writer}: stop the service (and those that joined it), erase, "
                        "and start it again"
                    )
                if (folder, writer) != (home.telemetry, SUPERVISOR):
                    held.release()
                else:
                    taken[writer] = held
        yield taken[SUPERVISOR]
    finally:
        for held in taken.values():
            held.release()


def _deliver(office: Office, own: Claim) -> None:
    home, plan = office.home, office.plan
    spool = Spool(home.telemetry, writer=replace(own, file=os.dup(own.file)))
    history = History(office.tables, plan.tables, plan.features.lookback)
    try:
        Intake(
            history, office.tables, plan.tables, home.facts, home.telemetry, spool, office.tell, home.joined
        ).deliver()
    finally:
        spool.close()


def _tables(root: Path) -> Mapping[str, Path]:
    return {log.parent.name: log.parent for log in sorted(root.glob("*/_delta_log"))}


def _with_links(office: Office, person: Person, folders: Mapping[str, Path]) -> Person:
    """The person with the ids of all that is about them, until no more are found."""
    identities = {name: (table.identity,) for name, table in office.plan.tables.items() if table.identity}
    while True:
        linked = person.linked.union(
            *(
                person.ids(pl.read_parquet(file, glob=False), identities.get(key.rpartition("/")[2], ("id",)))
                for key, path in folders.items()
                for file in data_files(path)
            )
        )
        if linked == person.linked:
            return person
        person = replace(person, linked=linked)


def _affected(office: Office, dirty: Mapping[str, frozenset[Path]]) -> tuple[str, ...]:
    """The releases that were built from versions which read one of these files."""
    found = []
    for digest in releases(office.home.bundles):
        try:
            data = office.shelf.bundle(digest).manifest.data
        except ReleaseError as error:
            office.tell(f"release {digest[:12]} is passed over: {error}")
            continue
        for table, text in data.items():
            files = dirty.get(f"datasets/{table}", frozenset())
            if table != FACTS and files and reads(office.home.datasets / table, Version.of(text).number, files):
                found.append(digest)
                break
    return tuple(found)


def _forget_readings(office: Office, dirty: Mapping[str, frozenset[Path]]) -> None:
    """Forget what was read into versions that are about to go, so that no build takes them for being there."""
    root = office.home.datasets
    for reading in office.datasets.readings():
        for table, text in reading.versions.items():
            files = dirty.get(f"datasets/{table}", frozenset())
            if files and reads(root / table, Version.of(text).number, files):
                (root / _READS / f"{reading.key}.json").unlink(missing_ok=True)
                break


def _forget(office: Office, person: Person) -> int:
    """Remove what can be made again, and what nobody needs; how many files that were."""
    home = office.home
    replies = [file for file in (home.folder / "counts" / "replies").rglob("*") if file.is_file()]
    snapshots = [file for file in _files(home.snapshots) if person.in_file(file)]
    damaged = [file for file in _files(home.facts.parent) if file.suffix == ".damaged" and person.in_file(file)]
    # Steps of a build hold rows by ids that hang on the person; all are made again where they are needed.
    steps = _files(home.steps)
    if any(person.in_file(file) for file in steps):
        shutil.rmtree(home.steps, ignore_errors=True)
    else:
        steps = []
    for file in (*replies, *snapshots, *damaged):
        file.unlink(missing_ok=True)
    return len(replies) + len(snapshots) + len(damaged) + len(steps)


def _remains(office: Office, person: Person) -> tuple[str, ...]:
    """Every file that names the person still, each with what can be done."""
    home, state = office.home, office.actions.state
    live = {state.champion: "answers", state.challenger: "climbs", state.last_good: "is what a rollback goes to"}
    found = []
    for file in (*_files(home.folder), *_files(home.steps)):
        if not person.in_file(file):
            continue
        if file == home.ledger_file or file.name.startswith(home.ledger_file.name):
            found.append(f"{file}: a row names the person; {_KEPT}")
        elif home.bundles in file.parents:
            digest = file.relative_to(home.bundles).parts[0]
            if digest not in live:
                shutil.rmtree(home.bundles / digest)
                continue
            found.append(
                f"{file}: release {digest[:12]} {live[digest]}; build another, and erase again once it is live"
            )
        else:
            found.append(f"{file}: it is not Afield's to change; remove it")
    if not home.ledger_file.exists():
        found += _in_rows(office, person)
    return tuple(found)


def _in_rows(office: Office, person: Person) -> list[str]:
    """Rows of a ledger on a server that name the person: its files are not here to be looked at."""
    rows = office.ledger.entries(office.application.name)
    texts = pl.DataFrame({"row": [msgspec.json.encode(row).decode() for row in rows]}, schema={"row": pl.String})
    named = [row for row, found in zip(rows, person.rows(texts), strict=True) if found]
    return [f"the ledger, row {row.sequence} ({row.kind}) names the person; {_KEPT}" for row in named]


def _elsewhere(home: Home) -> str:
    """Why tables in an object store are not touched, and what to do."""
    return (
        f"the tables lie at {shown(str(home.store))}, and nothing was erased: only folders can be erased for good. "
        f"Stop the service; copy that address whole to {home.tables}; move {home.root / 'tables.url'} aside; erase; "
        "put the folder back so that what is gone here goes there (aws s3 sync --delete, rclone sync), with older "
        "versions of its objects if the store keeps such; and move the file back"
    )


def _files(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.rglob("*")) if file.is_file()] if folder.is_dir() else []
