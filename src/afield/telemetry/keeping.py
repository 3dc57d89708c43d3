"""What a process that answers keeps: events of answers in one spool, facts and outcomes in another."""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import msgspec

from afield.errors import TelemetryError
from afield.records.traffic import Fact, Ingest
from afield.telemetry.claims import claim_any
from afield.telemetry.encoding import encode
from afield.telemetry.policy import Policy
from afield.telemetry.privacy import Fields, protect_fact
from afield.telemetry.recorder import Recorder
from afield.telemetry.sketches import sketcher
from afield.telemetry.spool import Spool

WRITER = "worker"


class Keeping:
    """Two spools of one process; people are keyed hashes in both.

    Attributes:
        recorder: keeps events.
    """

    def __init__(
        self,
        events: Path,
        facts: Path,
        policy: Policy,
        *,
        private: Collection[str] | Fields = (),
        key: bytes = b"",
        seal_after: float = 5.0,
    ) -> None:
        """Keep in two folders that other processes use too.

        Args:
            events: spool folder of events.
            facts: spool folder of facts and outcomes; they are always kept durably.
            policy: what is recorded of answers, and how.
            private: fields of facts that are stored only as keyed hashes, or each with its rule.
            key: of these hashes.
            seal_after: seconds after which what was kept is handed over.

        Raises:
            TelemetryError: one of them cannot be used.
        """
        self._private, self._key = private, key
        self._events = Spool(
            events,
            writer=claim_any(events, WRITER),
            mode=policy.mode,
            max_bytes=policy.max_bytes,
            seal_after=seal_after,
        )
        self._facts = Spool(facts, writer=claim_any(facts, WRITER), seal_after=seal_after)
        self.recorder = Recorder(policy, self._events, key, sketcher(policy, key))

    def append(self, batch: Ingest, count: int) -> None:
        """Keep facts and outcomes, `count` of them.

        Raises:
            TelemetryError: they cannot be kept now.
        """
        facts = tuple(protect_fact(fact, self._private, self._key) for fact in batch.facts)
        self._facts.append(encode(msgspec.structs.replace(batch, facts=facts)), count)

    def keep(self, facts: tuple[Fact, ...]) -> None:
        """Keep what an answer brought to light; where that cannot be kept, the answer is given all the same."""
        if facts:
            with suppress(TelemetryError):
                self.append(Ingest(facts=facts), len(facts))

    def problems(self) -> tuple[str, ...]:
        """What cannot be kept, in words; "" of a spool that is well."""
        return self._events.problem, self._facts.problem, self.recorder.problem

    def close(self) -> None:
        """Hand everything over."""
        self._events.close()
        self._facts.close()
