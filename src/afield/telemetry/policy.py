"""A telemetry policy: which share of events is stored, how durably, and what becomes of their fields."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from afield.errors import TelemetryError
from afield.records.traffic import Event, EventBatch, Fact

Durability = Literal["fast", "durable", "synced"]
Privacy = Literal["keep", "drop", "hash"]

_RANGE = 2**64


@dataclass(frozen=True, slots=True)
class Policy:
    """What is stored of the events offered.

    Attributes:
        name: what events say of the policy in force.
        share: planned share of events to store, in (0, 1].
        p_min: least inclusion probability of any event, in (0, share]. A budget may lower the share down to
            here, never to nothing: weighted estimates stay possible for every kind of event.
        mode: fast (buffered), durable (written before the answer) or synced (on the disk before the answer).
        fields: what becomes of "unit" (keep or hash) and of outputs by name (keep or drop); others are kept.
        salt: of the sampling hash; differs from the canary's and the holdout's, so that they are independent.
    """

    name: str
    share: float = 1.0
    p_min: float = 0.001
    mode: Durability = "durable"
    fields: Mapping[str, Privacy] = field(default_factory=dict)
    salt: str = "sampling"

    def __post_init__(self) -> None:
        """Refuse probabilities and privacy rules that cannot be kept."""
        if not 0.0 < self.p_min <= self.share <= 1.0:
            raise TelemetryError(
                f"policy {self.name!r}: share {self.share} and p_min {self.p_min} must satisfy 0 < p_min <= share <= 1"
            )
        for name, privacy in self.fields.items():
            if privacy == ("drop" if name == "unit" else "hash"):
                raise TelemetryError(
                    f"policy {self.name!r}: {name!r} cannot be given {privacy!r}; the unit is kept or hashed (it makes "
                    "ids unique), an output is kept or dropped"
                )


def inclusion(policy: Policy, event_id: str) -> tuple[bool, float]:
    """Whether the event is in the sample, and the probability with which it was to be.

    The draw is a hash of the id: the same event is in or out wherever it is asked about, before its outcome.
    """
    if policy.share >= 1.0:
        return True, 1.0
    drawn = hashlib.blake2b(event_id.encode(), key=policy.salt.encode()[:64], digest_size=8).digest()
    return int.from_bytes(drawn, "big") < policy.share * _RANGE, policy.share


def keyed_hash(key: bytes, value: str) -> str:
    """A pseudonym of `value`, 32 hex digits, that only holders of `key` can recompute.

    Raises:
        TelemetryError: the key is too short to hide anything.
    """
    if len(key) < 16:
        raise TelemetryError("the key of hashed fields has under 16 bytes; give a random one of 32")
    return hashlib.blake2b(value.encode(), key=key[:64], digest_size=16).hexdigest()


def protect_fact(fact: Fact, fields: Collection[str], key: bytes) -> Fact:
    """The fact with these of its fields, where they hold anything, as keyed hashes.

    Raises:
        TelemetryError: the key is too short to hide anything.
    """
    held = {name: keyed_hash(key, str(fact.fields[name])) for name in fields if fact.fields.get(name) is not None}
    return msgspec.structs.replace(fact, fields={**fact.fields, **held}) if held else fact


def protect(policy: Policy, event: Event | EventBatch, key: bytes = b"") -> Event | EventBatch:
    """The event with its fields kept, dropped or hashed as the policy says.

    Raises:
        TelemetryError: a field is to be hashed and the key is too short.
    """
    if not policy.fields:
        return event
    hashed = policy.fields.get("unit") == "hash"
    if isinstance(event, EventBatch):
        units = event.units if not hashed else tuple(keyed_hash(key, unit) for unit in event.units)
        kept = {name: value for name, value in event.output.items() if policy.fields.get(name) != "drop"}
        return msgspec.structs.replace(event, units=units, output=kept)
    output = {name: value for name, value in event.output.items() if policy.fields.get(name) != "drop"}
    unit = event.unit if not hashed else keyed_hash(key, event.unit)
    return msgspec.structs.replace(event, unit=unit, output=output)
