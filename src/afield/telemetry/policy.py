"""A telemetry policy: which share of events is stored, how durably, and what becomes of their fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from afield.errors import TelemetryError
from afield.records.traffic import Event
from afield.telemetry.privacy import Fields, MinimumGroup, check_fields

Durability = Literal["fast", "durable", "synced"]


@dataclass(frozen=True, slots=True)
class PerSlice:
    """A share for each slice of events; the policy's own share for a slice that is not named.

    Attributes:
        slice_of: the slice of an event.
        shares: slice -> planned share, each in (0, 1].
    """

    slice_of: Callable[[Event], str]
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RareFirst:
    """Every kind of event gets the same part of the sample, as far as it has events: rare ones come first.

    Attributes:
        kind_of: the kind of an event, by which rarity is counted.
    """

    kind_of: Callable[[Event], str]


@dataclass(frozen=True, slots=True)
class UncertainFirst:
    """Events in proportion to a score, so that those of which the model is unsure come first.

    Attributes:
        score: of an event, finite and from 0 up, made of what is known when it is answered.
    """

    score: Callable[[Event], float]


Sampling = PerSlice | RareFirst | UncertainFirst


@dataclass(frozen=True, slots=True)
class Policy:
    """What is stored of the events offered.

    Attributes:
        name: what events say of the policy in force.
        share: planned share of events to store, in (0, 1].
        sampling: which events are planned to be stored more often than others, around the share; None for all alike.
        budget: answers to store in a day, or None for no such bound. It lowers their shares as the day's traffic asks
            for, down to p_min and no further. The workers of a service have equal parts of it.
        p_min: least inclusion probability of any event, in (0, share]. A budget may lower the share down to
            here, never to nothing: weighted estimates stay possible for every kind of event.
        max_bytes: what each writer's undelivered events may take on the disk. At the bound events are refused,
            counted as dropped, "over budget", and the service says so; what was accepted is never thrown away.
        mode: fast (buffered), durable (written before the answer) or synced (on the disk before the answer).
        fields: what becomes of "unit" (keep or hash), of "at" and of outputs by name (`telemetry.privacy`); others are
            kept.
        minimum_group: how many must be alike in what is shown of rows; None: rows leave only with the tables.
        salt: of the sampling hash; differs from the canary's and the holdout's, so that they are independent.
    """

    name: str
    share: float = 1.0
    p_min: float = 0.001
    mode: Durability = "durable"
    fields: Fields = field(default_factory=dict)
    minimum_group: MinimumGroup | None = None
    salt: str = "sampling"
    sampling: Sampling | None = None
    budget: int | None = None
    max_bytes: int = 2**30

    def __post_init__(self) -> None:
        """Refuse probabilities and privacy rules that cannot be kept."""
        if not 0.0 < self.p_min <= self.share <= 1.0:
            raise TelemetryError(
                f"policy {self.name!r}: share {self.share} and p_min {self.p_min} must satisfy 0 < p_min <= share <= 1"
            )
        shares = self.sampling.shares if isinstance(self.sampling, PerSlice) else {}
        wrong = sorted(name for name, share in shares.items() if not self.p_min <= share <= 1.0)
        if wrong:
            raise TelemetryError(
                f"policy {self.name!r}: the shares of {', '.join(wrong)} must lie in [p_min, 1], [{self.p_min}, 1]"
            )
        if (self.budget is not None and self.budget < 1) or self.max_bytes < 1:
            raise TelemetryError(
                f"policy {self.name!r}: budget and max_bytes are 1 or more; leave the budget out for none"
            )
        check_fields(self.name, self.fields)

    def of(self, writers: int) -> "Policy":
        """The policy of each of so many writers, which share the budget evenly."""
        return self if self.budget is None else replace(self, budget=max(1, self.budget // writers))
