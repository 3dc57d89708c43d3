"""Who answers now: the state of a rollout, read from the ledger and published to the workers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from afield.errors import RolloutError
from afield.records.decision import ControlState, Entry, Override, Stage
from afield.records.traffic import Mode

ORDER = "order"
"""Of a row that changed the champion: the signed statement with which devices that saw newer releases may follow."""
URGENT = "urgent"
"""Of an override: it goes before all others."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """What the ledger's rows add up to.

    Attributes:
        champion: the release that is live, or "".
        challenger: the release in shadow or canary, or "".
        last_good: the predecessor of the champion, or "".
        stage: where the ladder stands.
        since: domain time at which this stage began.
        queue: releases offered while another climbed or was in probation, oldest first.
        mode, mode_by_unit, overrides: mitigations in force.
        promoted: domain time at which the champion went live.
        trained: domain time of the last training, whether or not it came to a release.
        answered: domain time of the last training that came to a release on the ladder: it answered the alerts before.
        training: of a training that has begun and not ended, the moment before which its data lie, and why; or None.
        asked: why a person wants a training that has not begun, or "".
        sequence: the last ledger row that is counted in.
        order: the signed statement with which devices may go (back) to the champion, or "".
    """

    champion: str = ""
    challenger: str = ""
    last_good: str = ""
    stage: Stage = "idle"
    since: datetime | None = None
    queue: tuple[str, ...] = ()
    mode: Mode = "automate"
    mode_by_unit: tuple[tuple[str, Mode], ...] = ()
    overrides: tuple[Override, ...] = ()
    promoted: datetime | None = None
    trained: datetime | None = None
    answered: datetime | None = None
    training: tuple[datetime, str] | None = None
    asked: str = ""
    sequence: int = 0
    order: str = ""

    def after(self, entry: Entry) -> "Rollout":
        """The state once `entry` has been appended."""
        step = _STEPS.get(entry.kind)
        changed = step(self, entry) if step is not None else self
        return replace(changed, sequence=max(self.sequence, entry.sequence))

    def published(self, version: int, *, share: float, block: int, now: datetime | None) -> ControlState:
        """The snapshot that workers follow; `share` and `block` are the canary's, used in that stage only."""
        in_canary = self.stage == "canary"
        return ControlState(
            version=version,
            champion=self.champion,
            challenger=self.challenger,
            last_good=self.last_good,
            stage=self.stage,
            canary_share=share if in_canary else 0.0,
            canary_block=block,
            salt=f"canary:{self.challenger}",
            mode=self.mode,
            mode_by_unit=dict(self.mode_by_unit),
            overrides=self.overrides,
            now=now,
            order=self.order,
        )


def rollout(entries: Iterable[Entry], start: Rollout | None = None) -> Rollout:
    """The state that `entries`, in the ledger's order, add up to, from `start` on."""
    state = start or Rollout()
    for entry in entries:
        state = state.after(entry)
    return state


def _built(state: Rollout, entry: Entry) -> Rollout:
    return replace(state, trained=entry.at)


def _asked(state: Rollout, entry: Entry) -> Rollout:
    return replace(state, asked=f"{entry.actor} asked: {entry.reason}")


def _training(state: Rollout, entry: Entry) -> Rollout:
    return replace(state, training=(entry.at, entry.reason), trained=entry.at, asked="")


def _ended(state: Rollout, _: Entry) -> Rollout:
    return replace(state, training=None)


def _offered(state: Rollout, entry: Entry) -> Rollout:
    if entry.subject in (state.champion, state.challenger, *state.queue):
        return state
    waiting = replace(state, queue=(*state.queue, entry.subject), answered=state.trained)
    return _next(waiting, entry.at) if state.stage == "idle" and state.champion else waiting


def _staged(state: Rollout, entry: Entry) -> Rollout:
    """Rows are appended by several hands: one that speaks of what was over by then changes nothing."""
    stage = str(entry.evidence.get("stage", ""))
    if stage not in ("canary", "idle"):
        raise RolloutError(
            f"ledger row {entry.sequence}: stage {stage!r} of {entry.subject[:12]} is not known; upgrade Afield"
        )
    if stage == "canary" and (state.stage, state.challenger) == ("shadow", entry.subject):
        return replace(state, stage="canary", since=entry.at)
    if stage == "idle" and (state.stage, state.champion) == ("probation", entry.subject):
        return _next(replace(state, stage="idle", since=entry.at), entry.at)
    return state


def _promoted(state: Rollout, entry: Entry) -> Rollout:
    if "stage" in entry.evidence and entry.subject != state.challenger:
        return state  # the ladder's word on a release that somebody took off it in between
    if entry.replaces not in ("", state.champion):
        return _offered(state, entry)  # somebody else's came in between: it queues, and overwrites nothing
    if entry.subject == state.champion:
        over = replace(state, stage="idle", since=entry.at)
        return _next(over, entry.at) if state.stage == "probation" else state
    live = replace(
        state,
        champion=entry.subject,
        challenger="",
        last_good=state.champion,
        stage="probation" if state.champion else "idle",
        since=entry.at,
        promoted=entry.at,
        queue=_waiting(state, entry.subject),
        order=str(entry.evidence.get(ORDER, "")),
    )
    return live if state.champion else _next(live, entry.at)


def _rolled_back(state: Rollout, entry: Entry) -> Rollout:
    if entry.subject != state.champion:
        return _rejected(state, entry)
    back = str(entry.evidence.get("to") or state.last_good)
    if back in ("", state.champion):
        return state
    order = str(entry.evidence.get(ORDER, ""))
    queue = _waiting(state, back)
    state = replace(
        state, champion=back, challenger="", last_good="", stage="idle", since=entry.at, queue=queue, order=order
    )
    return _next(state, entry.at)


def _rejected(state: Rollout, entry: Entry) -> Rollout:
    if entry.subject == state.challenger:
        return _next(replace(state, challenger="", stage="idle", since=entry.at), entry.at)
    return replace(state, queue=tuple(each for each in state.queue if each != entry.subject))


def _waiting(state: Rollout, live: str) -> tuple[str, ...]:
    """Who waits once `live` is live: whoever climbed begins anew against it, before the others."""
    return tuple(each for each in (state.challenger, *state.queue) if each and each != live)


def _moded(state: Rollout, entry: Entry) -> Rollout:
    mode: Mode = _MODES[str(entry.evidence["mode"])]
    if entry.subject == "*":
        return replace(state, mode=mode)
    others = tuple((unit, each) for unit, each in state.mode_by_unit if unit != entry.subject)
    return replace(state, mode_by_unit=(*others, (entry.subject, mode)))


def _overridden(state: Rollout, entry: Entry) -> Rollout:
    kept = tuple(each for each in state.overrides if each.name != entry.subject)
    if entry.evidence.get("lifted"):
        return replace(state, overrides=kept)
    override = Override(
        name=entry.subject,
        scope=str(entry.evidence["scope"]),
        output=str(entry.evidence["output"]),
        value=float(entry.evidence["value"]),
        reason=entry.reason,
        expires=datetime.fromisoformat(str(entry.evidence["expires"])),
        urgent=bool(entry.evidence.get(URGENT)),
    )
    return replace(state, overrides=(*kept, override))


def _next(state: Rollout, at: datetime) -> Rollout:
    """Let the next in the queue begin its climb."""
    if not state.queue:
        return state
    return replace(state, challenger=state.queue[0], stage="shadow", since=at, queue=state.queue[1:])


_MODES: dict[str, Mode] = {"automate": "automate", "prompt": "prompt", "off": "off"}

_STEPS = {
    "build": _built,
    "asked": _asked,
    "training": _training,
    "trained": _ended,
    "offered": _offered,
    "stage": _staged,
    "promoted": _promoted,
    "rolled_back": _rolled_back,
    "rejected": _rejected,
    "mode": _moded,
    "override": _overridden,
}
