"""What a report holds: the shape of `report.json`, read strictly.

Times are domain time: naive, on the clock of the place. A key that is missing where the shape demands it is an
error; a number that the data cannot give (minutes waited, on files that hold no waits) is null or left out.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

import msgspec

from afield.errors import DataError
from afield.records.words import Measure, Words

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=False)]
Metrics: TypeAlias = dict[str, float | None]
Arm = Literal["never_updated", "kept", "baseline"]

UPDATING = "kept - never_updated"
"""The comparison that the verdict rests on."""


class Quarantine(msgspec.Struct, frozen=True):
    """Rows that one rule set aside."""

    rule: str
    reason: str
    rows: int


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """What was read; `density` is the scale of generated data, 1 being that of the real files."""

    source: str
    generated: bool
    density: float | None = None
    begins: Moment = msgspec.field(name="from")
    ends: Moment = msgspec.field(name="to")
    rows_read: int
    rows_quarantined: int
    quarantine: tuple[Quarantine, ...] = ()
    messages: tuple[str, ...] = ()


class Gate(msgspec.Struct, frozen=True):
    """What one gate said of the first release."""

    gate: str
    passed: bool
    reason: str


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """The first release: its metrics on unseen rows, those of the baselines there, and the gates."""

    release: str
    seconds: float
    metrics: Metrics
    baselines: dict[str, Metrics]
    gates: tuple[Gate, ...]


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """The traffic that was played through the service."""

    begins: Moment = msgspec.field(name="from")
    ends: Moment = msgspec.field(name="to")
    ticks: int
    requests: int
    failed: int
    outcomes_expected: int
    outcomes_joined: int
    regime_change: Moment | None = None


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alert: what was noticed, since when, how bad, and the advice."""

    at: Moment
    since: Moment
    monitor: str
    metric: str
    severity: str
    effect: float | None = None
    message: str
    advice: str = ""


class Span(msgspec.Struct, frozen=True):
    """A stage of the ladder and when the candidate stood on it; no end: it still did when the run was over."""

    stage: str
    begins: Moment = msgspec.field(name="from")
    ends: Moment | None = msgspec.field(name="to", default=None)


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate: why it was made, how far it climbed, and what was decided."""

    trigger: str
    candidate: str
    decision: Literal["promoted", "rolled_back", "rejected"]
    reason: str
    at: Moment
    stages: tuple[Span, ...] = ()


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A paired difference of a loss, first minus second, with its interval; `ratio` is first over second.

    Null numbers: there was too little traffic to tell.
    """

    metric: str
    value: float | None
    low: float | None
    high: float | None
    level: float = 0.95
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """Errors of the three arms on the same traffic, and the paired differences between them."""

    never_updated: Metrics
    kept: Metrics
    baseline: Metrics
    differences: dict[str, Difference]


class Felt(msgspec.Struct, frozen=True, kw_only=True):
    """What people felt under each arm, by measure.

    Attributes:
        counted: what is counted, e.g. "riders" or "lines".
        count: how many there are in all, the same under each arm.
        note: what one has to know to read the numbers.
        mistakes: the measures that are mistakes, together, in a phrase; "" for their titles.
        measures: what was measured, in the order in which it is shown.
        never_updated, kept, baseline: name of a measure → number; None where the data cannot say.
    """

    counted: str
    count: int
    measures: tuple[Measure, ...]
    never_updated: Metrics
    kept: Metrics
    baseline: Metrics | None = None
    mistakes: str = ""
    note: str = ""


class Fallback(msgspec.Struct, frozen=True, kw_only=True):
    """The stretch in which the model was broken: requests made meanwhile, and those that failed."""

    requests: int
    failed: int
    begins: Moment | None = msgspec.field(name="from", default=None)
    ends: Moment | None = msgspec.field(name="to", default=None)


class Picture(msgspec.Struct, frozen=True, omit_defaults=True):
    """A picture of a section.

    Attributes:
        alt: what it shows, for those who cannot see it.
        caption: what it is meant to tell.
        content: a PNG or JPEG file; the page holds it, `report.json` does not.
    """

    alt: str
    caption: str
    content: bytes = b""


class Rows(msgspec.Struct, frozen=True):
    """A table of a section: names of the columns, and rows of as many texts."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Section(msgspec.Struct, frozen=True):
    """What an application adds to the report; an empty line in `text` begins a paragraph."""

    title: str
    text: str = ""
    tables: tuple[Rows, ...] = ()
    pictures: tuple[Picture, ...] = ()

    def without_contents(self) -> "Section":
        """The same with its pictures' words only."""
        bare = tuple(Picture(each.alt, each.caption) for each in self.pictures)
        return msgspec.structs.replace(self, pictures=bare)


class Telemetry(msgspec.Struct, frozen=True):
    """The counts of the identity `offered = delivered + spooled + sampled_out + dropped`."""

    offered: int
    delivered: int
    spooled: int
    sampled_out: int
    dropped: int

    @property
    def missing(self) -> int:
        """Events that the identity does not account for; 0 when it holds."""
        return self.offered - self.delivered - self.spooled - self.sampled_out - self.dropped


class Day(msgspec.Struct, frozen=True):
    """Mean loss of each arm over the ticks of one day."""

    day: date
    never_updated: float | None = None
    kept: float | None = None
    baseline: float | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole content of `report.json`."""

    application: str
    options: dict[str, str] = {}
    command: str
    version: str
    words: Words = msgspec.field(default_factory=Words)
    data: Data
    build: Build
    replay: Replay
    alerts: tuple[Alarm, ...]
    updates: tuple[Update, ...]
    accuracy: Accuracy
    felt: Felt | None = None
    fallback: Fallback | None = None
    telemetry: Telemetry
    timeline: tuple[Day, ...]
    loss: str
    sections: tuple[Section, ...] = ()
    seconds: float
    seconds_by_part: dict[str, float] = {}
    next: tuple[str, ...]


def encoded(report: Mapping[str, object]) -> bytes:
    """The report as indented JSON; numbers that are not finite become null.

    Raises:
        DataError: it holds something that has no form in JSON.
    """
    try:
        return msgspec.json.format(msgspec.json.encode(report, enc_hook=_plain), indent=2) + b"\n"
    except TypeError as error:
        raise DataError(f"report: {error}; give plain numbers, text, lists and mappings") from error


def read(report: Mapping[str, object]) -> Report:
    """The report, checked against its shape.

    Raises:
        DataError: a key is missing or holds the wrong type; the message names its place.
    """
    try:
        content = msgspec.json.decode(encoded(report), type=Report)
    except msgspec.ValidationError as error:
        raise DataError(f"report: {error}; see afield.reporting.content for its shape") from error
    if UPDATING not in content.accuracy.differences:
        raise DataError(f"report: no {UPDATING!r} at `$.accuracy.differences`; the verdict rests on it")
    for table in (table for section in content.sections for table in section.tables):
        if any(len(row) != len(table.head) for row in table.rows):
            raise DataError(f"report: a row of the table {list(table.head)} has fewer or more cells than the head")
    return content


def _plain(value: object) -> object:
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    raise TypeError(f"a {type(value).__name__} has no form in JSON")
