"""What was seen of one option in one simulated fleet: counts and sums, and what follows from them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Seen:
    """Counts of one simulation; requests while the cloud had failed are counted apart.

    Attributes:
        devices, days: how many were followed, and for how long.
        asked, absent: requests, and those without an answer.
        latencies: seconds of the answers.
        late: answers later than wanted.
        wrong: expected wrong answers.
        offline_asked, offline_answered: requests without a connection, and those answered all the same.
        facts_ages, model_ages: seconds, of the answers.
        up, down: bytes between device and cloud.
        traffic_price: of those bytes, at the price of the way.
        joules: of each device place, by its name.
        told, wanted: recorded answers that reached the cloud within a day, and those wanted.
        out_asked, out_answered, out_stood_in: while the cloud had failed: requests, answers of the model, answers of
            the static table in its place.
    """

    devices: int
    days: float
    asked: int = 0
    absent: int = 0
    latencies: list[float] = field(default_factory=list)
    late: int = 0
    wrong: float = 0.0
    offline_asked: int = 0
    offline_answered: int = 0
    facts_ages: list[float] = field(default_factory=list)
    model_ages: list[float] = field(default_factory=list)
    up: float = 0.0
    down: float = 0.0
    traffic_price: float = 0.0
    joules: dict[str, float] = field(default_factory=dict)
    told: float = 0.0
    wanted: float = 0.0
    out_asked: int = 0
    out_answered: int = 0
    out_stood_in: int = 0

    def spend(self, place: str, joules: float) -> None:
        """Add what a place drew."""
        self.joules[place] = self.joules.get(place, 0.0) + joules

    def each_day(self, total: float) -> float:
        """A total for one device and day."""
        return total / (self.devices * self.days)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed; NaN where there are none."""
    if not values:
        return math.nan
    return sorted(values)[min(len(values) - 1, max(0, math.ceil(share * len(values)) - 1))]


def mean(values: Sequence[float]) -> float:
    """The mean; NaN where there are no values."""
    return math.fsum(values) / len(values) if values else math.nan


def ratio(part: float, whole: float) -> float:
    """The share that a part is; NaN of nothing."""
    return part / whole if whole else math.nan
