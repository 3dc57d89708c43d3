"""A telemetry policy: which share of events is stored, how durably, and what becomes of their fields."""

import hashlib
from dataclasses import dataclass, field
from typing import Literal

from afield.errors import TelemetryError
from afield.telemetry.privacy import Fields, check_fields

Durability = Literal["fast", "durable", "synced"]

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
        fields: what becomes of "unit" (keep or hash), of "at" and of outputs by name (`telemetry.privacy`); others are
            kept.
        salt: of the sampling hash; differs from the canary's and the holdout's, so that they are independent.
    """

    name: str
    share: float = 1.0
    p_min: float = 0.001
    mode: Durability = "durable"
    fields: Fields = field(default_factory=dict)
    salt: str = "sampling"

    def __post_init__(self) -> None:
        """Refuse probabilities and privacy rules that cannot be kept."""
        if not 0.0 < self.p_min <= self.share <= 1.0:
            raise TelemetryError(
                f"policy {self.name!r}: share {self.share} and p_min {self.p_min} must satisfy 0 < p_min <= share <= 1"
            )
        check_fields(self.name, self.fields)


def inclusion(policy: Policy, event_id: str) -> tuple[bool, float]:
    """Whether the event is in the sample, and the probability with which it was to be.

    The draw is a hash of the id: the same event is in or out wherever it is asked about, before its outcome.
    """
    if policy.share >= 1.0:
        return True, 1.0
    drawn = hashlib.blake2b(event_id.encode(), key=policy.salt.encode()[:64], digest_size=8).digest()
    return int.from_bytes(drawn, "big") < policy.share * _RANGE, policy.share
