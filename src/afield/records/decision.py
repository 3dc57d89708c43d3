"""Decisions: what the ledger keeps, and the control state that workers follow."""

from datetime import datetime
from typing import Literal

import msgspec

from afield.records.traffic import Mode

SLICE = "slice:"
"""Begins the scope of a mode or an override that holds for a slice, so that no unit is taken for one."""
Stage = Literal["idle", "shadow", "canary", "probation"]


class Entry(msgspec.Struct, frozen=True):
    """One appended ledger row: who did what to which release, when, why, on what evidence.

    Attributes:
        application: name of the application.
        kind: release, offered, stage, promoted, rolled_back, rejected, alert, override, mode, build.
        subject: the release digest (or alert id, override name) that it is about.
        actor: who: a person's name, or "afield".
        reason: why, one line.
        at: domain time of the decision.
        recorded: wall time, UTC.
        replaces: the release that it replaced, or "".
        evidence: the numbers it rests on.
        sequence: position in the ledger; given by the ledger on appending.
    """

    application: str
    kind: str
    subject: str
    actor: str
    reason: str
    at: datetime
    recorded: datetime
    replaces: str = ""
    evidence: dict[str, float | str] = {}
    sequence: int = 0


class Override(msgspec.Struct, frozen=True):
    """A hard-set result: for `scope` (a unit, "slice:NAME", or "*"), `output` is `value` until `expires`.

    One that is `urgent` goes before all others, however narrow their scope.
    """

    name: str
    scope: str
    output: str
    value: float
    reason: str
    expires: datetime
    urgent: bool = False


class ControlState(msgspec.Struct, frozen=True):
    """What workers do now: a small immutable snapshot that the supervisor publishes.

    Attributes:
        version: grows by one with each publication.
        champion: the release that answers.
        challenger: the release that climbs the ladder, or "".
        last_good: the release to fall back to, or "".
        stage: idle, shadow, canary, or probation (live, its predecessor still compared).
        canary_share: share of units × time blocks that the challenger answers in canary; in [0, 1].
        canary_block: length of a time block, seconds.
        salt: of the canary's assignment hash.
        mode: automate, prompt or off.
        mode_by_unit: exceptions to the mode, by unit or by "slice:NAME".
        overrides: in force.
        now: domain time of the service, where its clock follows its events; else null (wall clock).
        order: the signed statement with which a device that has seen newer releases may go (back) to the champion, as
            text; "" where none was signed.
    """

    version: int
    champion: str
    challenger: str = ""
    last_good: str = ""
    stage: Stage = "idle"
    canary_share: float = 0.0
    canary_block: int = 7200
    salt: str = ""
    mode: Mode = "automate"
    mode_by_unit: dict[str, Mode] = {}
    overrides: tuple[Override, ...] = ()
    now: datetime | None = None
    order: str = ""

    @property
    def mode_by_slice(self) -> dict[str, Mode]:
        """The exceptions to the mode that hold for slices, by their names."""
        apart = self.mode_by_unit.items()
        return {scope.removeprefix(SLICE): mode for scope, mode in apart if scope.startswith(SLICE)}
