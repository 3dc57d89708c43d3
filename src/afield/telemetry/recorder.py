"""A recorder: offers events to a spool, samples them, and counts every one, whatever becomes of it."""

import threading
from collections.abc import Sequence
from typing import Protocol

import msgspec

from afield.errors import TelemetryError
from afield.records.traffic import Counts, Event, EventBatch
from afield.telemetry.encoding import encode
from afield.telemetry.policy import Policy
from afield.telemetry.privacy import protect
from afield.telemetry.sampling import Sampler
from afield.telemetry.segments import Tally
from afield.telemetry.settlement import totals
from afield.telemetry.sketched import Sketched
from afield.telemetry.spool import Spool

__all__ = ["Recorder", "totals"]


class Sketching(Protocol):
    """What is needed of `afield.telemetry.sketches.Sketcher`; a device has none, and not the library behind it."""

    def see(self, events: Sequence[Event | EventBatch]) -> None:
        """Count these events in."""
        ...

    def take(self) -> Sketched | None:
        """Everything seen since the last call."""
        ...


class Recorder:
    """Records events under a policy; it never stands in the way of an answer."""

    def __init__(self, policy: Policy, spool: Spool, key: bytes = b"", sketcher: Sketching | None = None) -> None:
        """Record to `spool`.

        Args:
            policy: what is stored.
            spool: where.
            key: makes the keyed hashes; needed where the policy asks for one.
            sketcher: sketches everything that `record` is offered, beside the sample.

        Raises:
            TelemetryError: the policy hashes a field and the key has under 16 bytes.
        """
        if "hash" in policy.fields.values() and len(key) < 16:
            raise TelemetryError(f"policy {policy.name!r} hashes the unit; give a random key of at least 16 bytes")
        self._policy, self._spool, self._key = policy, spool, key
        self._sampler = Sampler(policy)
        self._sketcher = sketcher
        if sketcher is not None:
            spool.note(self._note)
        self._whole = policy.share >= 1.0 and not (policy.fields or policy.sampling or policy.budget)
        self._lock = threading.Lock()
        self._offered = self._accepted = 0
        self._lost = Tally()

    def record(self, event: Event | EventBatch) -> None:
        """Sample, protect and spool an event; a refusal is a counted drop and raises nothing.

        An event is drawn by its id; a batch by its tick, so that all arms of a tick are in or out together and stay
        comparable in pairs. The event's own inclusion is the probability with which it came to be offered: what is
        stored is its product with the policy's.
        """
        if not self._whole or isinstance(event, EventBatch) or event.policy != self._policy.name:
            self.record_all((event,))
            return
        # The common case, in which an answer waits for as little as can be: everything is stored as it is.
        if self._sketcher is not None:
            self._sketcher.see((event,))
        try:
            self._spool.append(encode(event))
        except TelemetryError as error:
            self._count(1, dropped=1, reason=_reason(error))
            return
        with self._lock:
            self._offered += 1
            self._accepted += 1

    def record_all(self, events: Sequence[Event | EventBatch]) -> None:
        """Record events as `record` does each, with one write for those that are kept."""
        kept: list[tuple[bytes, int]] = []
        if self._sketcher is not None:
            self._sketcher.see(events)
        for event in events:
            count = len(event.units) if isinstance(event, EventBatch) else 1
            drawn = event if self._whole else self._drawn(event, count)
            if drawn is None:
                continue
            try:
                kept.append((self._encoded(drawn), count))
            except TelemetryError as error:
                self._count(count, dropped=count, reason=_reason(error))
        if not kept:
            return
        total = sum([count for _, count in kept])
        try:
            self._spool.append_all(kept)
        except TelemetryError as error:
            self._count(total, dropped=total, reason=_reason(error))
            return
        self._count(total, accepted=total)

    def take(self, event: Event) -> None:
        """Spool an event that a device recorded; a refusal raises, so that it is sent again.

        One that came under this very policy was drawn by the same hash of its id there, and is not drawn again: the
        inclusion that it carries is the probability with which it was.

        Raises:
            TelemetryError: it cannot be kept now.
        """
        drawn = event if event.policy == self._policy.name else self._drawn(event, 1)
        if drawn is None:
            return
        self._spool.append(self._encoded(drawn))
        self._count(1, accepted=1)

    @property
    def problem(self) -> str:
        """Why events are not sampled as the policy says, or ""."""
        return self._sampler.problem

    def counts(self) -> Counts:
        """Where the events went that this recorder was offered since it was made; accepted ones show as spooled."""
        with self._lock:
            dropped = dict(self._lost.dropped)
            return Counts(self._offered, 0, self._accepted, self._lost.sampled_out, sum(dropped.values()), dropped)

    def _note(self) -> bytes:
        """The sketches of what came since the last call, as they stand in the spool."""
        found = None if self._sketcher is None else self._sketcher.take()
        return b"" if found is None else encode(found)

    def _drawn(self, event: Event | EventBatch, count: int) -> Event | EventBatch | None:
        """The event as it is to be stored, with its probability; None where it is sampled out, and counted."""
        with self._lock:
            draw = self._sampler.draw(event)
        if not draw.taken:
            self._count(count, sampled_out=count)
            return None
        return msgspec.structs.replace(event, inclusion=event.inclusion * draw.inclusion)

    def _encoded(self, event: Event | EventBatch) -> bytes:
        """The event as it stands in the spool, under the name of this policy.

        Raises:
            TelemetryError: it has no place there.
        """
        if event.policy != self._policy.name:
            event = msgspec.structs.replace(event, policy=self._policy.name)
        return encode(protect(self._policy.fields, event, self._key))

    def _count(
        self, offered: int, *, accepted: int = 0, sampled_out: int = 0, dropped: int = 0, reason: str = ""
    ) -> None:
        with self._lock:
            self._offered += offered
            self._accepted += accepted
            if not accepted:
                self._lost.add(Tally(sampled_out, {reason: dropped} if dropped else {}))
        if not accepted:
            self._spool.tally(sampled_out, dropped, reason)


def _reason(error: TelemetryError) -> str:
    return str(error).partition(":")[0]
