"""A history moved: from the file of a home to a server, whole, with its numbers, or not at all."""

from pathlib import Path

from afield.errors import StoreError, UsageError
from afield.records.decision import Entry
from afield.store.database import open_database
from afield.store.founding import name_ledger
from afield.store.ledger import Ledger
from afield.store.naming import named_ledger

MOVED = ".moved"
"""What the name of the file ends with once its history is elsewhere."""


def move_ledger(root: Path, url: str) -> int:
    """Move the ledger of the home `root` to the PostgreSQL at a SQLAlchemy URL; how many rows that were.

    Rows are copied and compared, then the file is put aside and the home told. Interrupted, the next call goes on.

    Raises:
        UsageError: there is no file, or there are several (their rows would be numbered anew), it is no PostgreSQL,
            it holds another history, a service uses the file, or the home has moved already.
        StoreError: one of them cannot be used.
    """
    if named_ledger(root):
        raise UsageError(f"{root} keeps its ledger on a server already; see {root / 'ledger.url'}")
    if open_database(url).kind != "postgresql":
        raise UsageError("a ledger moves to a PostgreSQL; write postgresql://USER@HOST/NAME")
    files = sorted(root.glob("*/ledger.db"))
    if len(files) != 1:
        raise UsageError(
            f"{root} has {len(files)} ledgers; one can be moved: rows keep their numbers. Give each application a home "
            "of its own first (AFIELD_HOME)"
        )
    source, target = Ledger(f"sqlite:///{files[0]}"), Ledger(url)
    _unused(source)
    rows, there = _rows(source), _rows(target)
    if there != rows[: len(there)]:
        raise UsageError("that database holds the history of another home; name an empty one")
    for row in rows[len(there) :]:
        target.append(row)
    if _rows(target) != rows or _rows(source) != rows:
        raise StoreError(f"{files[0]}: somebody wrote to one of the two meanwhile; stop everything, and try again")
    aside = files[0].with_name(files[0].name + MOVED)
    files[0].rename(aside)
    try:
        name_ledger(root, url)
    except BaseException:
        aside.rename(files[0])
        raise
    return len(rows)


def _unused(ledger: Ledger) -> None:
    for application in ledger.applications():
        held = ledger.leases.held(application)
        if held is not None and held.remaining > 0:
            raise UsageError(f"{application} is led by {held.holder}: stop it, move, and start it again")


def _rows(ledger: Ledger) -> list[Entry]:
    """Everything, in order."""
    rows = [row for application in ledger.applications() for row in ledger.entries(application)]
    return sorted(rows, key=lambda row: row.sequence)
