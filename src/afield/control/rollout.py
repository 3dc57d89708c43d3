"""Who answers now: the state of a rollout, read from the ledger and published to the workers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from afield.errors import RolloutError
from afield.records.decision import ControlState, Entry, Override, Stage
from afield.records.traffic import Mode


@dataclass(frozen=True, slots=True)
class Rollout:
    """What the ledger's rows add up to.

    Attributes:
        champion: the release that is live, or "".
        challenger: the release in shadow or canary, or "".
        last_good: the predecessor of the champion, or "".
        stage: where the ladder stands.
        since: domain time at which this stage began.
        queue: releases offered while another climbed, oldest first.
        mode, mode_by_unit, overrides: mitigations in force.
        trained: domain time of the last release that was built, promoted or not.
        sequence: the last ledger row that is counted in.
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
    trained: datetime | None = None
    sequence: int = 0

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
        )


def rollout(entries: Iterable[Entry], start: Rollout | None = None) -> Rollout:
    """The state that `entries`, in the ledger's order, add up to, from `start` on."""
    state = start or Rollout()
    for entry in entries:
        state = state.after(entry)
    return state


def _built(state: Rollout, entry: Entry) -> Rollout:
    return replace(state, trained=entry.at)


def _offered(state: Rollout, entry: Entry) -> Rollout:
    if state.stage in ("shadow", "canary"):
        return replace(state, queue=(*state.queue, entry.subject))
    return replace(state, challenger=entry.subject, stage="shadow", since=entry.at)


def _staged(state: Rollout, entry: Entry) -> Rollout:
    stage = str(entry.evidence.get("stage", ""))
    if stage == "canary" and entry.subject == state.challenger:
        return replace(state, stage="canary", since=entry.at)
    if stage == "idle":
        return _next(replace(state, challenger="", stage="idle", since=entry.at), entry.at)
    raise RolloutError(
        f"ledger row {entry.sequence}: stage {stage!r} of {entry.subject[:12]} does not follow {state.stage}"
    )


def _promoted(state: Rollout, entry: Entry) -> Rollout:
    if not state.champion or entry.subject == state.champion:
        return replace(state, champion=entry.subject, stage="idle", since=entry.at)
    queue = state.queue
    if state.challenger and state.challenger != entry.subject:
        queue = (state.challenger, *queue)
    return replace(
        state,
        champion=entry.subject,
        challenger="",
        last_good=state.champion,
        stage="probation",
        since=entry.at,
        queue=queue,
    )


def _rolled_back(state: Rollout, entry: Entry) -> Rollout:
    if entry.subject == state.champion:
        back = str(entry.evidence.get("to") or state.last_good)
        state = replace(state, champion=back, last_good="", stage="idle", since=entry.at)
    elif entry.subject == state.challenger:
        state = replace(state, challenger="", stage="idle", since=entry.at)
    else:
        return replace(state, queue=tuple(each for each in state.queue if each != entry.subject))
    return _next(state, entry.at)


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
    "offered": _offered,
    "stage": _staged,
    "promoted": _promoted,
    "rolled_back": _rolled_back,
    "rejected": _rolled_back,
    "mode": _moded,
    "override": _overridden,
}
