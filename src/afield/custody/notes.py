"""Rows of the ledger about what is kept: erasures, rotations of the key, rows that grew too old."""

from collections.abc import Mapping

from afield.control.office import Office
from afield.records.decision import Entry

ERASED = "erased"
"""A person was erased; the row does not name them."""

NOT_REBUILDABLE = "not_rebuildable"
"""An erasure changed the data that a release was built from."""

ROTATED = "rotated"
"""People are hashed under a new key."""

EXPIRED = "expired"
"""Rows of a table grew older than they are kept."""


def note(
    office: Office, kind: str, subject: str, reason: str, actor: str, evidence: Mapping[str, float] | None = None
) -> None:
    """Append a row; nothing follows it.

    Raises:
        StoreError: the ledger cannot be written.
    """
    office.ledger.append(
        Entry(
            application=office.application.name,
            kind=kind,
            subject=subject,
            actor=actor,
            reason=reason,
            at=office.clock.now(),
            recorded=office.clock.recorded(),
            evidence=dict(evidence or {}),
        )
    )


def not_rebuildable(office: Office, release: str) -> str:
    """Since when and why a release cannot be built again, or ""."""
    rows = office.ledger.entries(office.application.name, (NOT_REBUILDABLE,), release)
    return f"not rebuildable since {rows[0].recorded:%Y-%m-%d %H:%M} UTC: {rows[0].reason}" if rows else ""
