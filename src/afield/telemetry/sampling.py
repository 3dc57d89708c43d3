"""Sampling: which events are stored, each with the probability that it had, fixed before its outcome."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from afield.errors import TelemetryError
from afield.records.traffic import Event, EventBatch
from afield.telemetry.policy import PerSlice, Policy, RareFirst, Sampling, UncertainFirst

KINDS = 1024
"""Kinds of event that are told apart when rare ones come first; those beyond count as one."""
_BEYOND = "\0beyond"
_RANGE = 2**64
_DAY = timedelta(days=1)
# A budget looks again after so many events, or so many seconds of the events' time.
_EVENTS, _SECONDS = 64, 60.0
_HALF_LIFE = 3600.0


@dataclass(frozen=True, slots=True)
class Draw:
    """What a draw came to.

    Attributes:
        taken: whether the event is in the sample.
        inclusion: the probability with which it was to be, in [p_min, 1].
    """

    taken: bool
    inclusion: float


ALL = Draw(True, 1.0)


def drawn(salt: str, name: str) -> float:
    """A number in [0, 1) that only the salt and the name decide: uniform over names, independent between salts."""
    digest = hashlib.blake2b(name.encode(errors="surrogatepass"), key=salt.encode()[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big") / _RANGE


class Sampler:
    """Draws events under a policy. Not for several threads at once.

    The probability of an event rests on the event and on the events before it, never on its outcome: weights of
    1 / inclusion keep estimates unbiased however it adapts (a Horvitz–Thompson estimator with predictable weights).

    Attributes:
        problem: why the application's function could not be asked at the last draw that asked it, or "".
    """

    def __init__(self, policy: Policy) -> None:
        """Draw under `policy`."""
        self._policy = policy
        self._weigh = None if policy.sampling is None else _weighing(policy.sampling, policy.share)
        self._budget = None if policy.budget is None else _Budget(policy.budget)
        self.problem = ""

    def draw(self, event: Event | EventBatch) -> Draw:
        """Whether the event is in the sample.

        A batch is drawn by its tick and the policy's share alone, so that all arms of a tick are in or out together
        and stay comparable in pairs.
        """
        policy = self._policy
        if isinstance(event, EventBatch):
            return _decide(policy, event.tick.isoformat(), policy.share)
        planned = policy.share if self._weigh is None else self._planned(event)
        if self._budget is None:
            return _decide(policy, event.id, planned)
        found = _decide(policy, event.id, planned * self._budget.factor(event.at))
        self._budget.count(planned, found.taken)
        return found

    def _planned(self, event: Event) -> float:
        """The probability before any budget; the policy's share where the application's function fails."""
        assert self._weigh is not None  # noqa: S101 - for the type
        try:
            found = self._weigh(event)
        except Exception as error:  # the application's own code: an answer must not fail for its telemetry
            self.problem = f"the sampling of policy {self._policy.name!r} failed: {type(error).__name__}: {error}"
            return self._policy.share
        self.problem = ""
        return found


def _decide(policy: Policy, name: str, planned: float) -> Draw:
    """The draw by name with the planned probability, or with the least where that is more."""
    if planned >= 1.0:
        return ALL
    share = max(planned, policy.p_min)
    return Draw(drawn(policy.salt, name) < share, share)


def _weighing(sampling: Sampling, share: float) -> Callable[[Event], float]:
    """The function that gives an event's planned probability."""
    match sampling:
        case PerSlice(slice_of, shares):
            return lambda event: shares.get(slice_of(event), share)
        case RareFirst(kind_of):
            return _Rare(kind_of, share)
        case UncertainFirst(score):
            return _Uncertain(score, share)


class _Rare:
    """Every kind is given the same part of the sample: share x events / (kinds x events of the kind), so far."""

    def __init__(self, kind_of: Callable[[Event], str], share: float) -> None:
        self._kind_of, self._share = kind_of, share
        self._total = 0
        self._seen: dict[str, int] = {}

    def __call__(self, event: Event) -> float:
        kind = self._kind_of(event)
        if kind not in self._seen and len(self._seen) >= KINDS:
            kind = _BEYOND
        self._total += 1
        seen = self._seen[kind] = self._seen.get(kind, 0) + 1
        return self._share * self._total / (len(self._seen) * seen)


class _Uncertain:
    """In proportion to the score, so that the sample as a whole keeps the share: share x score / mean score so far."""

    def __init__(self, score: Callable[[Event], float], share: float) -> None:
        self._score, self._share = score, share
        self._sum, self._count = 0.0, 0

    def __call__(self, event: Event) -> float:
        score = self._score(event)
        if not (math.isfinite(score) and score >= 0):
            raise TelemetryError(f"the score of event {event.id} is {score}; give a finite number from 0 up")
        self._sum += score
        self._count += 1
        return self._share * score * self._count / self._sum if self._sum else self._share


class _Budget:
    """A factor that lets what is stored in a day come to a number of events, from the counts so far."""

    def __init__(self, budget: int) -> None:
        self._allowed = budget
        self._day: date | None = None
        self._stored = 0
        # What was planned to be stored, and the seconds in which it came, fading with a half-life of an hour.
        self._mass = self._seconds = 0.0
        self._since = datetime.min
        self._new_mass, self._new_events = 0.0, 0
        self._factor = 1.0

    def factor(self, at: datetime) -> float:
        """The factor for an event of that moment; a moment before the last look belongs to that look's day."""
        if self._day is None or at.date() > self._day:
            self._day, self._stored = at.date(), 0
            self._look(at)
        elif self._new_events >= _EVENTS or (at - self._since).total_seconds() >= _SECONDS:
            self._look(at)
        # Between two looks a flood must not store what the rest of the day was to have.
        return self._factor if self._stored < self._allowed else 0.0

    def count(self, planned: float, taken: bool) -> None:
        """Count an event that was drawn."""
        self._new_mass += min(planned, 1.0)
        self._new_events += 1
        self._stored += taken

    def _look(self, at: datetime) -> None:
        """Set the factor to what is left of the budget over what is expected in what is left of the day."""
        passed = max(0.0, (at - self._since).total_seconds()) if self._since > datetime.min else 0.0
        fade = 0.5 ** (passed / _HALF_LIFE)
        self._mass = self._mass * fade + self._new_mass
        self._seconds = self._seconds * fade + passed
        self._since = max(at, self._since)
        self._new_mass, self._new_events = 0.0, 0
        left = (datetime.combine(at.date(), datetime.min.time()) + _DAY - at).total_seconds()
        expected = self._mass / max(self._seconds, 1.0) * left
        self._factor = min(1.0, (self._allowed - self._stored) / expected) if expected else 1.0
