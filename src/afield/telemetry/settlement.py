"""Settlement: sealed segments committed once, accounted for, then removed; and the counts over all writers."""

from collections.abc import Callable
from pathlib import Path

from afield.errors import TelemetryError
from afield.records.traffic import Counts
from afield.store.durable import sync_folder
from afield.telemetry.claims import DRAIN, claim
from afield.telemetry.segments import (
    RECORD,
    Segment,
    Tally,
    account,
    content_of,
    damage,
    frames,
    mend,
    segments,
    settle,
    settled,
    tally_of,
)

Commit = Callable[[str, int, list[bytes]], None]
Send = Callable[[str, int, bytes], None]
_Bring = Callable[[str, int, list[bytes], bytes], None]

_PATIENCE = 10.0


def drain(folder: Path, commit: Commit) -> int:
    """Commit every sealed segment and remove it; the number of events that were committed.

    The order is commit, account, unlink: a crash between any two is made good by the next call. What writers that
    no longer live left open is sealed first.

    Args:
        folder: the spool.
        commit: called with an identity of the writer, the segment's number (growing per writer) and its records. It
            must have made them durable when it returns, and do nothing for a number it has committed before.

    Raises:
        TelemetryError: a segment is damaged. It was set aside as `.damaged`, the records before the damage were
            committed, and so was every other segment.
    """

    def bring(writer: str, number: int, records: list[bytes], _: bytes) -> None:
        if records:
            commit(writer, number, records)

    return _drain(folder, bring)


def hand_on(folder: Path, send: Send) -> int:
    """As `drain`, for a segment that another spool takes as it is, tallies and all; the events that were handed on.

    Args:
        folder: the spool.
        send: called with an identity of the writer, the segment's number and its whole frames; once it returns they
            are another's to keep. The same call may come twice.

    Raises:
        TelemetryError: as of `drain`.
    """
    return _drain(folder, lambda writer, number, _, content: send(writer, number, content))


def _drain(folder: Path, bring: _Bring) -> int:
    if not folder.is_dir():
        return 0
    held = claim(folder, DRAIN, _PATIENCE)
    if held is None:
        raise TelemetryError(f"another process drains {folder}; let it, or stop it")
    try:
        recover(folder)
        delivered, damaged = 0, []
        for segment in segments(folder):
            if segment.sealed:
                count, problem = _settle(segment, bring)
                delivered += count
                damaged += problem
    finally:
        held.release()
    if damaged:
        raise TelemetryError("; ".join(damaged))
    return delivered


def recover(folder: Path) -> None:
    """Seal what writers that no longer live left open."""
    left: dict[str, list[Segment]] = {}
    for segment in segments(folder):
        if not segment.sealed:
            left.setdefault(segment.writer, []).append(segment)
    for writer, found in left.items():
        held = claim(folder, writer)
        if held is None:
            continue
        try:
            for segment in found:
                # A writer may have come, sealed it and gone since the names were listed.
                if segment.path.exists():
                    mend(segment)
        finally:
            held.release()


def totals(folder: Path) -> Counts:
    """Where every event went that was offered to any writer of the spool, as far as it was written."""
    spooled: list[tuple[Segment, int, Tally]] = []
    for segment in segments(folder):
        _, count, tally, _ = _contents(content_of(segment) or b"")
        spooled.append((segment, count, tally))
    # The accounts are read last: a segment that was settled meanwhile is in its account, and left out here.
    writers = {path.stem for path in folder.glob("*.settled")} | {segment.writer for segment, _, _ in spooled}
    accounts = {writer: settled(folder, writer) for writer in writers}
    lost = Tally()
    for account_ in accounts.values():
        lost.add(account_.tally)
    kept = 0
    for segment, count, tally in spooled:
        if segment.number > accounts[segment.writer].through:
            kept += count
            lost.add(tally)
    delivered = sum(account_.delivered for account_ in accounts.values())
    dropped = sum(lost.dropped.values())
    offered = delivered + kept + lost.sampled_out + dropped
    return Counts(offered, delivered, kept, lost.sampled_out, dropped, lost.dropped)


def _settle(segment: Segment, bring: _Bring) -> tuple[int, list[str]]:
    """Bring one segment away if it was not, account for it, remove it; the events brought, and what was damaged."""
    book = account(segment.path.parent, segment.writer)
    content = content_of(segment)
    if content is None:
        return 0, []
    records, count, tally, end = _contents(content)
    if segment.number <= book.through:
        count = 0
    else:
        bring(f"{segment.writer}-{book.identity}", segment.number, records, content[:end])
        book.through = segment.number
        book.delivered += count
        book.tally.add(tally)
        settle(segment.path.parent, segment.writer, book)
    problem = []
    if end < len(content):
        problem.append(str(damage(segment, end)))
        segment.path.rename(segment.path.with_suffix(".damaged"))
    else:
        segment.path.unlink()
    sync_folder(segment.path.parent)
    return count, problem


def _contents(content: bytes) -> tuple[list[bytes], int, Tally, int]:
    """The records, the events they stand for, the tally, and where the whole frames end."""
    records: list[bytes] = []
    count, end, tally = 0, 0, Tally()
    for item in frames(content):
        end = item.end
        if item.sort == RECORD:
            records.append(item.body)
            count += item.events
        else:
            tally.add(tally_of(item.body))
    return records, count, tally, end
