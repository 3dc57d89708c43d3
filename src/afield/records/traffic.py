"""Traffic: what was asked and answered, and what came true; wire schemas, version 1.

Every struct here is what stands on the wire, in the spool and in the Delta tables. Domain times are
naive ISO 8601 in the clock of the place; a field is added, never renamed or given a new meaning.
"""

from datetime import datetime
from typing import Literal

import msgspec

SCHEMA = 1

Mode = Literal["automate", "prompt", "off"]


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that became known: an order, a weather report, a scheduled event.

    Attributes:
        id: unique per kind; sending a fact again with the same id changes nothing.
        kind: one of the application's declared kinds, which names the history table it joins.
        at: when it happened.
        known_at: when it became known; `at` when absent.
        fields: the kind's own columns.
    """

    id: str
    kind: str
    at: datetime
    known_at: datetime | None = None
    fields: dict[str, str | int | float | bool | None] = {}


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came true for one prediction, found by its id or by its key and time.

    Attributes:
        id: unique; a correction has a new id and names what it supersedes.
        key: the prediction's id, or the spine key that it was about.
        event_time: the origin (tick) of the prediction that it answers.
        known_at: when it became known.
        source: who says so.
        value: the truth, in the unit of the prediction.
        supersedes: the id of the outcome that this one corrects.
    """

    id: str
    key: str
    event_time: datetime
    known_at: datetime
    source: str
    value: float
    supersedes: str | None = None


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One recorded prediction.

    Attributes:
        id: unique; the answer carried it.
        unit: what was assigned to an arm and what the prediction is about (surge: the zone).
        arm: champion, challenger, last_good, baseline, or the name of a pinned shadow.
        release: digest of the release that answered.
        tick: origin of the feature rows that were used.
        inclusion: probability with which this event entered the sample, fixed before its outcome; in (0, 1].
        assignment: probability with which the unit was given this arm; in (0, 1].
        policy: name of the telemetry policy in force.
        rows: version of the feature rows that were used, or "" where none were.
        output: the numbers answered, by name.
        applied: what acted on the answer, in order: guards, fallbacks, overrides, the mode, and what the design
            says of itself (`afield.records.applied`).
        mode: automate, prompt or off.
        at: when it was answered, domain time.
        kind: "tick" for a forecast made at every tick, "answer" for one that a client asked for.
        took: seconds that it took to make the answer; measured in a canary alone, and not where it was made ahead.
    """

    id: str
    unit: str
    arm: str
    release: str
    tick: datetime
    inclusion: float
    assignment: float
    policy: str
    rows: str
    output: dict[str, float]
    at: datetime
    applied: tuple[str, ...] = ()
    mode: Mode = "automate"
    kind: Literal["tick", "answer"] = "answer"
    took: float | None = None


class EventBatch(msgspec.Struct, frozen=True, omit_defaults=True):
    """All events of one arm at one tick, as columns: `len(units)` events that share everything else.

    Event `i` has id `f"{id}:{units[i]}"` and output `{name: values[i] for name, values in output.items()}`.
    """

    id: str
    units: tuple[str, ...]
    arm: str
    release: str
    tick: datetime
    inclusion: float
    assignment: float
    policy: str
    rows: str
    output: dict[str, tuple[float, ...]]
    at: datetime
    applied: tuple[str, ...] = ()
    mode: Mode = "automate"


class Answer(msgspec.Struct, frozen=True, omit_defaults=False):
    """What a client gets back; every transport and every design sends this.

    Attributes:
        id: names the event that was recorded.
        forecast: name of the tick forecast that was used (`tick:unit:release`), or "".
        release: digest of the release that answered, or "none" when a neutral answer was given.
        mode: automate, prompt or off.
        applied: what acted on the answer, in order: guards, fallbacks, overrides, the mode, and what the design
            says of itself (`afield.records.applied`).
        output: the numbers answered, by name; surge: `forecast` (orders in the slot) and `multiplier`.
        interval: predictive interval of the forecast as `[low, high]`, or null where there is none.
        level: nominal coverage of the interval.
        facts_age: seconds between the moment asked about and the as-of time of the facts, or null.
        reason: one line that a person can read.
        content: what was found in the request, one object each (signs: the lines); absent where an application
            looks its features up.
        receipt: holds the service to what this answer says, where the request that follows brings it along; absent
            where the application promises nothing.
    """

    id: str
    forecast: str
    release: str
    mode: Mode
    applied: tuple[str, ...]
    output: dict[str, float]
    interval: tuple[float, float] | None
    level: float
    facts_age: float | None
    reason: str
    content: tuple[dict[str, object], ...] | msgspec.UnsetType = msgspec.UNSET
    receipt: str | msgspec.UnsetType = msgspec.UNSET


class Contest(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Body of `POST /v1/contest`: a person says that an answer was wrong. One a thing: said again, it counts once.

    What is said is no truth yet: it waits for a person, and becomes a label and a regression test once one confirms it.

    Attributes:
        about: the id of the answer, or of one of the things that it holds (signs: a line).
        value: what would have been right, in the unit of the outcome; null where the person does not say.
        reason: what the matter is; no free text, so that nothing about people is kept.
        at: when it was said, domain time; where absent, when it came in.
    """

    about: str
    value: float | None = None
    reason: Literal["wrong", "unfair", "missing", "other"] = "wrong"
    at: datetime | None = None


class Ingest(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Body of `POST /v1/events`: facts, outcomes and contests, idempotent by id.

    `watermark` says that every fact known before that moment has been sent; it drives a service whose
    clock follows its events (a replay), and is ignored by one on the wall clock.
    """

    facts: tuple[Fact, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    watermark: datetime | None = None
    contests: tuple[Contest, ...] = ()


class TelemetryBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /v1/telemetry`: events recorded elsewhere (a device), idempotent by id."""

    events: tuple[Event, ...]
    schema: int = SCHEMA


class Counts(msgspec.Struct, frozen=True):
    """Where every offered event went: `offered = delivered + spooled + sampled_out + dropped`."""

    offered: int = 0
    delivered: int = 0
    spooled: int = 0
    sampled_out: int = 0
    dropped: int = 0
    dropped_by_reason: dict[str, int] = {}


class Query(msgspec.Struct, frozen=True):
    """A validated request, in the framework's terms; made by the application's `resolve`.

    Attributes:
        key: the feature row that it needs.
        unit: what is assigned to an arm (surge: the zone; signs: the device).
        at: the domain time asked about.
        fields: request fields that inference uses beside the row.
        request: the decoded request itself, for an application that finds its features in it.
        others: request field → another key that the request names, where keys are whole numbers; one that lies far
            outside the keys there are is refused.
        receipt: of an earlier answer that this one is to be held to, or "".
        person: to whom a receipt is given and who brings it back, or ""; it is in no record.
    """

    key: str
    unit: str
    at: datetime
    fields: dict[str, float] = {}
    request: object = None
    others: dict[str, int] = {}
    receipt: str = ""
    person: str = ""


class Decision(msgspec.Struct, frozen=True):
    """What the product does with an output: its numbers by name, and one line that a person can read."""

    output: dict[str, float]
    reason: str
