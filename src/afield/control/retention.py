"""How long rows are kept: what grew older than declared is deleted, and a day later it is gone from the disk."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from afield.control.office import Office
from afield.custody.notes import EXPIRED, note
from afield.errors import UsageError
from afield.labelling.labels import LABELS
from afield.store.places import open_place
from afield.store.purging import expire
from afield.store.tables import Tables
from afield.telemetry.delivery import EVENTS
from afield.telemetry.outcomes import OUTCOMES
from afield.telemetry.summaries import SKETCHES, merge

ON_DISK = 24
"""Hours after which the files of deleted rows go: who reads an older version meanwhile comes to the end."""

_EVERY = timedelta(days=1)
_TIMES = {EVENTS: "tick", OUTCOMES: "event_time", LABELS: "known_at", SKETCHES: "hour"}


class Retention:
    """Deletes what is too old, once a day of the domain's time; a row of the ledger says how much that was."""

    def __init__(self, office: Office) -> None:
        """Keep rows as the application declares it.

        Raises:
            UsageError: a table has no time or is not known, or facts would go that features look back at.
        """
        self._office = office
        self._place, self._tables = open_place(office.home.store), Tables(office.home.store)
        self._columns = columns(office)
        self._enforced: datetime | None = None

    def enforce(self, now: datetime) -> int:
        """Delete what is too old at `now`, if that was not done within the last day; how many rows that were.

        Sketches of hours that are over for a day are merged meanwhile: what processes handed over in parts.

        Raises:
            StoreError: a table or the ledger cannot be written; it is tried again.
        """
        if self._enforced is not None and now - self._enforced < _EVERY:
            return 0
        removed = 0
        for table, column in self._columns.items():
            if not self._place.exists(table):
                continue
            kept = self._office.operate.retention[table]
            gone = expire(self._place.address(table), column, now - kept, hours=ON_DISK, options=self._place.options)
            removed += gone
            if gone:
                reason = f"{gone} rows of {table} were older than {kept.days} days"
                note(self._office, EXPIRED, table, reason, "afield", {"rows": float(gone)})
        merge(self._tables, now - _EVERY)
        self._enforced = now
        return removed


def columns(office: Office) -> Mapping[str, str]:
    """Table → the column by which its rows grow old, of the tables that are not kept for ever.

    Raises:
        UsageError: a table has no time or is not known, or facts would go that features look back at.
    """
    facts = {name: table.time for name, table in office.plan.tables.items() if table.time}
    known = {**_TIMES, **facts}
    for table, kept in office.operate.retention.items():
        if table not in known:
            raise UsageError(f"retention names the table {table!r}; rows that grow old are in {', '.join(known)}")
        if kept < timedelta(days=1):
            raise UsageError(f"retention of {table}: {kept} is under a day")
        if table in facts and kept < office.plan.features.lookback:
            raise UsageError(
                f"retention of {table}: {kept.days} days, but features look back {office.plan.features.lookback.days}"
            )
    return {table: known[table] for table in office.operate.retention}
