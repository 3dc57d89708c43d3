"""Notes: that something was looked at by hand, and what was found; entries of the ledger, for whoever asks later."""

from afield.control.office import Office
from afield.records.decision import Entry
from afield.workshop.code import code_digest

NOTED = ("check", "drill", "features", "compare", "backtest", "explain", "rebuild", "tests")
"""Kinds of entries that are notes; nobody is answered otherwise for them. `Ladder(drilled=True)` asks for a drill's."""


def note(office: Office, kind: str, passed: bool, reason: str, command: str, about: str = "") -> None:
    """Append a note to the ledger.

    Args:
        office: of the application.
        kind: one of `NOTED`.
        passed: whether all was well; what only measures always is.
        reason: what was found, one line.
        command: what was typed.
        about: the release that it is about; left out: the champion, or the application where there is none.
    """
    name = office.application.name
    office.ledger.append(
        Entry(
            application=name,
            kind=kind,
            subject=about or office.actions.state.champion or name,
            actor="afield",
            reason=reason,
            at=office.clock.now(),
            recorded=office.clock.recorded(),
            evidence={"passed": float(passed), "code": code_of(office), "command": command},
        )
    )


def code_of(office: Office) -> str:
    """Digest of the code that runs here."""
    return code_digest(office.application.package)
