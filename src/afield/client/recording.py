"""What a device records: its answers, and the facts and outcomes that it is told; kept until the service has them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec

from afield.application import Operate
from afield.client.folder import Folder
from afield.errors import TelemetryError
from afield.records.traffic import Event, Fact, Ingest
from afield.serving.ingestion import Ingestion
from afield.telemetry.claims import claim_any
from afield.telemetry.encoding import encode
from afield.telemetry.policy import Durability, Policy
from afield.telemetry.recorder import Recorder
from afield.telemetry.spool import Spool

SEGMENT = 2**18
# Bytes of undelivered events that a device keeps, and as many of facts; what comes then is dropped and counted.
ROOM = 2**26


class Recording:
    """Two spools: one of answers, one of facts and outcomes."""

    def __init__(
        self, folder: Folder, operate: Operate, corrected: Callable[[datetime], datetime], seal_after: float
    ) -> None:
        """Record under `folder`.

        Args:
            folder: of the device.
            operate: how the application operates.
            corrected: a time that somebody told, as it is where the device's clock is right.
            seal_after: seconds after which what was recorded can be sent.

        Raises:
            TelemetryError: the folder cannot be written.
        """
        self._events = _spool(folder.telemetry, operate.telemetry.mode, seal_after)
        self._facts = _spool(folder.facts, "durable", seal_after)
        self._corrected = corrected
        self._ingestion = Ingestion(operate.facts, self._append, _refuse)
        self.record = Recorder(_policy(operate.telemetry), self._events).record

    @property
    def problem(self) -> str:
        """Why something is not kept at the moment, or ""."""
        return self._events.problem or self._facts.problem

    def tell(self, body: bytes) -> dict[str, int]:
        """Keep the facts and outcomes of a body, durably; the counts accepted.

        Raises:
            msgspec.DecodeError: the body is malformed, or a field has the wrong type.
            RequestError: a kind, field or time is wrong; nothing of the batch is kept.
            TelemetryError: it cannot be kept now; nothing of the batch is.
        """
        return self._ingestion.facts(body)

    def keep(self, facts: tuple[Fact, ...]) -> None:
        """Keep what an answer brought to light; where that cannot be, the answer is given all the same."""
        if facts:
            with suppress(TelemetryError):
                self._facts.append(encode(Ingest(facts=facts)), len(facts))

    def seal(self) -> None:
        """Let everything recorded so far be sent; what the disk does not take now is sealed later."""
        for spool in (self._events, self._facts):
            with suppress(TelemetryError):
                spool.seal()

    def close(self) -> None:
        """Seal what is open and stop; a second call does nothing."""
        self._events.close()
        self._facts.close()

    def _append(self, batch: Ingest, count: int) -> None:
        change, corrected = msgspec.structs.replace, self._corrected
        facts = (
            change(each, at=corrected(each.at), known_at=None if each.known_at is None else corrected(each.known_at))
            for each in batch.facts
        )
        outcomes = (
            change(each, event_time=corrected(each.event_time), known_at=corrected(each.known_at))
            for each in batch.outcomes
        )
        self._facts.append(encode(change(batch, facts=tuple(facts), outcomes=tuple(outcomes))), count)


def _spool(folder: Path, mode: Durability, seal_after: float) -> Spool:
    writer = claim_any(folder, "device")
    return Spool(folder, writer=writer, mode=mode, segment_bytes=SEGMENT, max_bytes=ROOM, seal_after=seal_after)


def _policy(policy: Policy) -> Policy:
    """The policy on a device: what is a keyed hash elsewhere is one once the service has it, whose key stays there."""
    return replace(policy, fields={name: rule for name, rule in policy.fields.items() if rule != "hash"})


def _refuse(_: Event) -> None:
    raise TelemetryError("a device records its own answers; send those of others to the service")
