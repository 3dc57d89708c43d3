"""Where each alert stands: raised, seen by a person, silenced for a while, told; read from the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from afield.records.decision import Entry
from afield.records.evidence import Alert

RAISED, ACKNOWLEDGED, SILENCED, TOLD = "alert", "alert_acknowledged", "alert_silenced", "alert_told"
KINDS = (RAISED, ACKNOWLEDGED, SILENCED, TOLD)
UNTIL = "until"
EVERY = "*"

State = Literal["open", "acknowledged", "silenced"]


@dataclass(frozen=True, slots=True)
class Standing:
    """The alerts of one application, oldest first, and what people said of them.

    Attributes:
        alerts: all that were raised.
        acknowledged: ids of those that somebody has seen, with who and why.
        silences: monitor, or "*" for all → until when its alerts are told to nobody.
        told: ids of those that the receiver took, or that were given up.
    """

    alerts: tuple[Alert, ...] = ()
    acknowledged: dict[str, str] = field(default_factory=dict)
    silences: dict[str, datetime] = field(default_factory=dict)
    told: frozenset[str] = frozenset()

    def state(self, alert: Alert) -> State:
        """Whether an alert waits for somebody, was seen, or was raised while its monitor was silenced."""
        if alert.id in self.acknowledged:
            return "acknowledged"
        silenced = any(alert.at < self.silences.get(name, alert.at) for name in (alert.monitor, EVERY))
        return "silenced" if silenced else "open"

    def to_tell(self, since: datetime) -> tuple[Alert, ...]:
        """The alerts raised at or after `since` that wait for somebody and were not told yet."""
        waiting = (each for each in self.alerts if each.at >= since and each.id not in self.told)
        return tuple(each for each in waiting if self.state(each) == "open")


def standing(entries: Iterable[Entry]) -> Standing:
    """What the ledger's rows of `KINDS`, in its order, add up to."""
    alerts: dict[str, Alert] = {}
    acknowledged: dict[str, str] = {}
    silences: dict[str, datetime] = {}
    told: set[str] = set()
    for entry in entries:
        if entry.kind == RAISED:
            alerts[entry.subject] = alert_of(entry)
        elif entry.kind == ACKNOWLEDGED:
            acknowledged[entry.subject] = f"{entry.actor}: {entry.reason}"
        elif entry.kind == SILENCED:
            silences[entry.subject] = datetime.fromisoformat(str(entry.evidence[UNTIL]))
        elif entry.kind == TOLD:
            told.add(entry.subject)
    return Standing(tuple(alerts.values()), acknowledged, silences, frozenset(told))


def alert_of(row: Entry) -> Alert:
    """The alert that a ledger row holds."""
    known = row.evidence
    return Alert(
        id=row.subject,
        monitor=str(known["monitor"]),
        metric=str(known["metric"]),
        at=row.at,
        since=datetime.fromisoformat(str(known["since"])),
        severity="critical" if known["severity"] == "critical" else "warning",
        effect=float(known["effect"]),
        message=row.reason,
        advice=str(known["advice"]),
        slice=str(known["slice"]),
    )
