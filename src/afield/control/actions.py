"""What the control plane does, each an appended ledger row; and the state that the rows add up to."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from afield.clock import Clock
from afield.control.rollout import ORDER, URGENT, Rollout, rollout
from afield.control.standing import alert_of
from afield.errors import RolloutError
from afield.mitigation.overrides import EVERYONE
from afield.records.decision import Entry, Override
from afield.records.evidence import Alert
from afield.records.traffic import Mode
from afield.rollout.ladder import Step

AFIELD = "afield"
_WORDS = ("offered", "approved", "rolled_back", "rejected")
Sign = Callable[[str, int, str], str]
"""Release, sequence and reason → the signed order to go (back) to it; "" where there is no key to sign with."""


def unsigned(_: str, __: int, ___: str) -> str:
    """No order: devices that have seen newer releases do not follow."""
    return ""


class Journal(Protocol):
    """What is needed of the ledger."""

    def append(self, entry: Entry) -> Entry:
        """Append a row."""
        ...

    def entries(
        self, application: str, kinds: tuple[str, ...] = (), subject: str | None = None, after: int = 0
    ) -> tuple[Entry, ...]:
        """Rows in order."""
        ...


class Actions:
    """The ledger of one application, by whoever acts: the control plane or a person."""

    def __init__(
        self, journal: Journal, application: str, clock: Clock, actor: str = AFIELD, sign: Sign = unsigned
    ) -> None:
        """Act as `actor` on `application`; `sign` signs the orders that let devices follow."""
        self._journal = journal
        self._sign = sign
        self._application = application
        self._clock = clock
        self._actor = actor
        self.state = Rollout()
        self.refresh()

    def refresh(self) -> bool:
        """Read what was appended since; whether there was anything."""
        entries = self._journal.entries(self._application, after=self.state.sequence)
        self.state = rollout(entries, self.state)
        return bool(entries)

    def built(self, release: str, reason: str, at: datetime, evidence: dict[str, float | str]) -> None:
        """A release was built from what was known before `at`."""
        self._append("build", release, reason, at, evidence=evidence)

    def offer(self, release: str, reason: str, at: datetime, evidence: Mapping[str, float] | None = None) -> None:
        """Let a release climb the ladder; where another climbs, it waits its turn.

        `evidence` is what is known before the climb: the power calculation.
        """
        self._append("offered", release, reason, at, evidence=dict(evidence or {}))

    def ask_training(self, reason: str, at: datetime) -> None:
        """Ask that a candidate is trained at the controller's next turn, whatever the triggers say."""
        self._append("asked", "training", reason, at)

    def training(self, reason: str, until: datetime) -> None:
        """A training begins, on what was known before `until`; whoever leads finishes it."""
        self._append("training", "training", reason, until)

    def trained(self, release: str, reason: str, at: datetime) -> None:
        """The training that had begun came to its end: with a candidate, or with none, which is ""."""
        self._append("trained", release, reason, at)

    def approve(self, release: str, reason: str, at: datetime) -> None:
        """Record that this person wants the release to go live, as a second one beside who offered it.

        Raises:
            RolloutError: it does not climb, this person offered it or has approved it, or is no person.
        """
        self.refresh()
        if release not in (self.state.challenger, *self.state.queue):
            raise RolloutError(
                f"release {release[:12]} is not on the ladder; offer it first: "
                f"afield release promote {self._application} {release[:12]}"
            )
        offered, approved = self._said(release)
        who = _person(self._actor)
        if who in ("", AFIELD, *offered):
            raise RolloutError(f"{self._actor} offered release {release[:12]}; an approval is a second person's word")
        if who in approved:
            raise RolloutError(f"{self._actor} has approved release {release[:12]} already; once is what counts")
        self._append("approved", release, reason, at)

    def approvals(self, release: str, *, without: str = "") -> tuple[str, ...]:
        """Who approved the release since it was offered, besides who offered it and the person `without`."""
        offered, approved = self._said(release)
        return tuple(sorted(approved - offered - {_person(without)}))

    def _said(self, release: str) -> tuple[set[str], set[str]]:
        """Who offered the release, and who approved it; a release that left the ladder begins anew."""
        offered: set[str] = set()
        approved: set[str] = set()
        for row in self._journal.entries(self._application, kinds=_WORDS, subject=release):
            if row.kind == "offered":
                offered.add(_person(row.actor))
            elif row.kind == "approved":
                approved.add(_person(row.actor))
            else:
                offered, approved = set(), set()
        return offered, approved

    def reject(self, release: str, reason: str, at: datetime, evidence: dict[str, float | str]) -> None:
        """A candidate did not pass its gates."""
        self._append("rejected", release, reason, at, evidence=evidence)

    def promote(self, release: str, reason: str, at: datetime, evidence: dict[str, float | str] | None = None) -> None:
        """Put a release live at once; its predecessor is compared with it in probation.

        Where somebody else changed the champion in between, it waits in the queue instead of overwriting that.
        """
        replaced = self.state.champion
        ordered = {**(evidence or {}), **self._ordered(release, reason)}
        self._append("promoted", release, reason, at, replaces=replaced, evidence=ordered)

    def roll_back(self, reason: str, at: datetime, to: str = "") -> None:
        """Take the champion back, to its predecessor or to the release `to`.

        Raises:
            RolloutError: there is nothing to go back to.
        """
        back = to or self.predecessor()
        if not back or back == self.state.champion:
            raise RolloutError(
                f"there is no earlier release to go back to; see: afield release history {self._application}"
            )
        self._append(
            "rolled_back",
            self.state.champion,
            reason,
            at,
            replaces=self.state.champion,
            evidence={"to": back, **self._ordered(back, reason)},
        )

    def predecessor(self) -> str:
        """The release that a rollback goes back to: what the champion replaced; "" where there was none."""
        if self.state.last_good:
            return self.state.last_good
        promotions = self._journal.entries(self._application, kinds=("promoted",), subject=self.state.champion)
        return next((entry.replaces for entry in reversed(promotions) if entry.replaces), "")

    def mode(self, mode: Mode, reason: str, at: datetime, unit: str = EVERYONE) -> None:
        """Let the model decide, advise, or have no say: for one unit, or for all that have no mode of their own."""
        self._append("mode", unit, reason, at, evidence={"mode": mode})

    def rows(self, kind: str, subject: str) -> tuple[Entry, ...]:
        """The rows of a kind about a subject, in order."""
        return self._journal.entries(self._application, kinds=(kind,), subject=subject)

    def override(self, override: Override, at: datetime, because: Mapping[str, str] | None = None) -> None:
        """Set an output by hand until it expires; one of the same name is replaced. `because` says what it rests on.

        Raises:
            RolloutError: it has expired by `at`, its expiry names a zone, or its value is not finite.
        """
        if override.expires.tzinfo is not None:
            raise RolloutError(f"expiry {override.expires}: leave the zone out; times are local to the place")
        if override.expires <= at:
            raise RolloutError(f"expiry {override.expires} is not after {at:%Y-%m-%dT%H:%M:%S}, the time of the place")
        if not math.isfinite(override.value):
            raise RolloutError(f"override {override.name}: {override.value} is no value; give a finite number")
        evidence: dict[str, float | str] = {
            "scope": override.scope,
            "output": override.output,
            "value": override.value,
            "expires": override.expires.isoformat(),
            **({URGENT: 1.0} if override.urgent else {}),
            **(because or {}),
        }
        self._append("override", override.name, override.reason, at, evidence=evidence)

    def lift(self, name: str, reason: str, at: datetime, because: Mapping[str, str] | None = None) -> None:
        """Take an override away before it expires. `because` says what that rests on.

        Raises:
            RolloutError: there is none of this name.
        """
        known = [each.name for each in self.state.overrides]
        if name not in known:
            raise RolloutError(f"there is no override {name!r} to lift; there is: {', '.join(known) or 'none'}")
        self._append("override", name, reason, at, evidence={"lifted": 1.0, **(because or {})})

    def remedied(self, answer: str, reason: str, at: datetime, evidence: Mapping[str, str]) -> None:
        """Somebody undid what an answer had done, or made good for it."""
        self._append("remedy", answer, reason, at, evidence=dict(evidence))

    def step(self, step: Step, at: datetime) -> None:
        """Do what the ladder says."""
        state = self.state
        evidence: dict[str, float | str] = {**step.numbers, "stage": state.stage}
        do: dict[str, Callable[[], None]] = {
            "canary": lambda: self._append(
                "stage", state.challenger, step.reason, at, evidence={**evidence, "stage": "canary"}
            ),
            "probation": lambda: self.promote(state.challenger, step.reason, at, evidence),
            "finished": lambda: self._append(
                "stage", state.champion, step.reason, at, evidence={**evidence, "stage": "idle"}
            ),
            "rolled_back": lambda: self._back(state, step.reason, at, evidence),
        }
        do[step.to]()

    def alert(self, alert: Alert) -> None:
        """Keep an alert."""
        evidence: dict[str, float | str] = {
            "monitor": alert.monitor,
            "metric": alert.metric,
            "since": alert.since.isoformat(),
            "severity": alert.severity,
            "effect": alert.effect,
            "advice": alert.advice,
            "slice": alert.slice,
        }
        self._append("alert", alert.id, alert.message, alert.at, evidence=evidence)

    def alerts(self, since: datetime) -> tuple[Alert, ...]:
        """The alerts that were raised at or after `since`."""
        rows = self._journal.entries(self._application, kinds=("alert",))
        return tuple(alert_of(row) for row in rows if row.at >= since)

    def _back(self, state: Rollout, reason: str, at: datetime, evidence: dict[str, float | str]) -> None:
        if state.stage == "probation":
            ordered = self._ordered(state.last_good, reason)
            back: dict[str, float | str] = {**evidence, "to": state.last_good, **ordered}
            self._append("rolled_back", state.champion, reason, at, replaces=state.champion, evidence=back)
        else:
            self._append("rolled_back", state.challenger, reason, at, evidence=evidence)

    def _ordered(self, release: str, reason: str) -> dict[str, float | str]:
        """The signed order to go to a release: of a higher sequence than any release or order in this ledger."""
        self.refresh()
        order = self._sign(release, self.state.sequence + 1, reason)
        return {ORDER: order} if order else {}

    def _append(
        self,
        kind: str,
        subject: str,
        reason: str,
        at: datetime,
        *,
        replaces: str = "",
        evidence: dict[str, float | str] | None = None,
    ) -> None:
        self._journal.append(
            Entry(
                application=self._application,
                kind=kind,
                subject=subject,
                actor=self._actor,
                reason=reason,
                at=at,
                recorded=self._clock.recorded(),
                replaces=replaces,
                evidence={
                    name: value if isinstance(value, str) else float(value) for name, value in (evidence or {}).items()
                },
            )
        )
        self.refresh()


def _person(actor: str) -> str:
    """A name as it is compared: the same person does not become another by capitals or blanks."""
    return actor.strip().casefold()
