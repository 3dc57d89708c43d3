"""What made each version of a Delta table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from afield.errors import StoreError


@dataclass(frozen=True, slots=True)
class Commit:
    """One version of a table.

    Attributes:
        version: its number.
        at: when it was committed, UTC.
        operation: by what, as Delta calls it: CREATE TABLE, WRITE, OPTIMIZE.
        rows: how many rows it added, where the log says so.
    """

    version: int
    at: datetime
    operation: str
    rows: int | None


def log(address: str, options: Mapping[str, str]) -> tuple[Commit, ...]:
    """The versions of the Delta table at a path or URL, newest first.

    Raises:
        StoreError: there is no such table, or its log is damaged.
    """
    try:
        history = DeltaTable(address, storage_options=dict(options)).history()
    except (DeltaError, OSError) as error:
        first = str(error).partition("\n")[0]
        raise StoreError(
            f"the log of table {address} cannot be read: {first}; restore the folder from a backup"
        ) from error
    return tuple(
        Commit(
            version=entry["version"],
            at=datetime.fromtimestamp(entry["timestamp"] / 1000, UTC),
            operation=entry["operation"],
            rows=entry.get("operationMetrics", {}).get("num_added_rows"),
        )
        for entry in history
    )
