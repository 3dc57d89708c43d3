"""Words: what an application calls its people, what they ask for, and what they feel of a mistake."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that people feel of the model's answers, counted under each arm; the fewer the better.

    Attributes:
        name: its key in `report.json`, and what a goal is bound to.
        title: a few words.
        line: what is counted, in a line.
        mistake: whether it counts towards the mistakes that the verdict is told in.
        worse: a phrase that follows "12 more riders" where a mistake grew, e.g. "were wrongly surged".
    """

    name: str
    title: str
    line: str = ""
    mistake: bool = False
    worse: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What a report, a demonstration and a drill call things.

    Attributes:
        people: who is served, e.g. "riders".
        requests: what they ask for, e.g. "quotes".
        outputs: what the model says, e.g. "forecasts".
        row: what is scored on its own, e.g. "zone and tick".
        rows: many of them, e.g. "zones and ticks".
        scored: which rows are scored, e.g. "a row per zone and tick, zeros included".
        generated: what generated data show, e.g. "a generated city".
        metrics: name of a metric → what it is called here, and a line on what it says.
    """

    people: str = "people"
    requests: str = "requests"
    outputs: str = "forecasts"
    row: str = "unit and tick"
    rows: str = "units and ticks"
    scored: str = "a row per unit and tick"
    generated: str = "generated data"
    metrics: dict[str, tuple[str, str]] = field(default_factory=dict)
