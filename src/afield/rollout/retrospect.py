"""What a team may start, stop and keep doing, drafted from the ledger alone: each line with the counts behind it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from afield.records.decision import Entry

OFTEN = 2
"""From so many times on something is a habit."""
UNSAID = ("", "by hand", "built by hand", "built by hand; gates passed")


@dataclass(frozen=True, slots=True)
class Retrospect:
    """A draft for people to discuss.

    Attributes:
        start, stop, keep: lines, each with the counts of ledger rows that it rests on.
    """

    start: tuple[str, ...]
    stop: tuple[str, ...]
    keep: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Climb:
    """A release that went live in place of another.

    Attributes:
        entry: the ledger row that put it live.
        by_ladder: whether the ladder did, on evidence.
        back: the row that took it back, or None.
    """

    entry: Entry
    by_ladder: bool
    back: Entry | None


def retrospect(entries: Sequence[Entry]) -> Retrospect:
    """What the rows of one application's ledger, oldest first, suggest."""
    climbs = _climbs(entries)
    return Retrospect(tuple(_start(entries, climbs)), tuple(_stop(entries, climbs)), tuple(_keep(entries, climbs)))


def _climbs(entries: Sequence[Entry]) -> list[_Climb]:
    """Every promotion that replaced a release, with what became of it before the next one."""
    found = []
    for place, entry in enumerate(entries):
        if entry.kind != "promoted" or not entry.replaces:
            continue
        later = (row for row in entries[place + 1 :] if row.kind in ("promoted", "rolled_back"))
        following = next((row for row in later if row.kind == "promoted" or row.subject == entry.subject), None)
        back = following if following is not None and following.kind == "rolled_back" else None
        found.append(_Climb(entry, "stage" in entry.evidence, back))
    return found


def _start(entries: Sequence[Entry], climbs: Sequence[_Climb]) -> Iterator[str]:
    hand = [each for each in climbs if not each.by_ladder]
    unsaid = [each for each in hand if each.entry.reason.strip() in UNSAID]
    if unsaid:
        yield f"saying why: {len(unsaid)} of {len(hand)} promotions by hand gave no reason (--reason)"
    approved = {row.subject for row in entries if row.kind == "approved"}
    alone = [each for each in hand if each.entry.subject not in approved]
    if len(alone) >= OFTEN:
        yield f"asking a second person: {len(alone)} promotions by hand had nobody's approval (Ladder(approvals=1))"
    waits = [row for row in entries if row.kind == "rolled_back" and row.reason.startswith("inconclusive")]
    if len(waits) >= OFTEN:
        yield (
            f"waiting longer in shadow, or looking for a larger effect: {len(waits)} candidates went back inconclusive "
            "(Ladder(maximum_ticks=…, effect=…))"
        )
    seen = {row.subject for row in entries if row.kind == "alert"}
    answered = {row.subject for row in entries if row.kind in ("acknowledged", "silenced")}
    if len(seen - answered) >= OFTEN and answered:
        yield f"answering alerts: {len(seen - answered)} of {len(seen)} were neither acknowledged nor silenced"


def _stop(entries: Sequence[Entry], climbs: Sequence[_Climb]) -> Iterator[str]:
    hand = [each for each in climbs if not each.by_ladder]
    undone = [each for each in hand if each.back is not None]
    if undone:
        yield f"putting releases live at once: {len(undone)} of {len(hand)} that were had to be taken back"
    failed = Counter(
        part.partition(": ")[0]
        for row in entries
        if row.kind == "rejected" and row.reason.startswith("gates failed: ")
        for part in row.reason.removeprefix("gates failed: ").split("; ")
        if ": " in part
    )
    for gate, count in failed.most_common():
        if count >= OFTEN:
            yield f"building what cannot pass: gate {gate!r} refused {count} builds; mend model, data or gate"
    lifted = Counter(row.subject for row in entries if row.kind == "override" and not row.evidence.get("lifted"))
    for name, count in lifted.most_common():
        if count > OFTEN:
            yield f"setting override {name!r} by hand again and again ({count} times): make it a rule of the decision"


def _keep(entries: Sequence[Entry], climbs: Sequence[_Climb]) -> Iterator[str]:
    ladder = [each for each in climbs if each.by_ladder]
    stayed = [each for each in ladder if each.back is None]
    if stayed:
        yield f"letting candidates climb on evidence: {len(stayed)} of {len(ladder)} that the ladder put live stayed"
    worse = [
        row for row in entries if row.kind == "rolled_back" and row.reason.startswith(("worse", "harm", "answers"))
    ]
    if worse:
        yield f"taking back on evidence: {len(worse)} candidates that did worse went back by themselves"
    gates = [row for row in entries if row.kind == "rejected"]
    if gates:
        yield f"judging before anything climbs: the gates refused {len(gates)} builds"
    approvals = [row for row in entries if row.kind == "approved"]
    if approvals:
        yield f"asking a second person: {len(approvals)} approvals are recorded"
