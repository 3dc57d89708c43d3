"""What a card is told of a release beside its manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from afield.records.evidence import Comparison, Estimate, Verdict
from afield.records.examination import Examination
from afield.records.release import Manifest
from afield.records.requirements import Requirements

Scores = Mapping[str, Mapping[str, float | None]]

NAMES = {
    "rmse": "RMSE",
    "mae": "MAE",
    "wape": "WAPE",
    "poisson_deviance": "Poisson deviance",
    "bias": "bias",
    "excess": "excess over the Poisson floor",
    "squared_error": "squared error",
    "absolute_error": "absolute error",
    "hot_keys": "hottest found",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the card says of a release beside its manifest.

    Attributes:
        purpose: what the model is for, one or two sentences.
        target: what one row predicts, in words.
        source: where the data comes from.
        generated: whether the data is generated.
        rows: rows that were scored.
        scores: who → metric → value (None: undefined); "model" first, then the baselines; of the metrics, the one
            that matters most first.
        comparisons: the model against each baseline, paired.
        slices: name → `scores` of that slice.
        months: month → `scores` of that month.
        verdicts: what the gates said.
        limits: what it is not for, what is known to go wrong.
        task: what kind of task it is, as Hugging Face names them.
        people: who is served, e.g. "riders".
        scored: which rows are scored, in words.
        metrics: name of a metric → what it is called, and a line on what it says.
        estimates: metric → its value for the model, with its interval.
        measured: name of what a goal is bound to → its value on the test window, in words.
        requirements: goals, hazards and the first question, or None.
        examination: behaviour, hard inputs and groups of people.
        discovered: slices that were found to differ from the rest, each in a sentence.
        further: what else is known of how good it is, each in a sentence.
        called: what loads the application on the command line; "": its name.
    """

    purpose: str
    target: str
    source: str
    generated: bool
    rows: int
    scores: Scores
    comparisons: Sequence[Comparison] = ()
    slices: Mapping[str, Scores] = field(default_factory=dict)
    months: Mapping[str, Scores] = field(default_factory=dict)
    verdicts: Sequence[Verdict] = ()
    limits: Sequence[str] = ()
    task: str = "tabular-regression"
    people: str = "people"
    scored: str = ""
    metrics: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    measured: Mapping[str, str] = field(default_factory=dict)
    requirements: Requirements | None = None
    examination: Examination = field(default_factory=Examination)
    discovered: Sequence[str] = ()
    further: Sequence[str] = ()
    called: str = ""


def metric_name(metric: str, evidence: Evidence) -> str:
    """What people call a metric."""
    return evidence.metrics.get(metric, ("", ""))[0] or NAMES.get(metric, metric.replace("_", " "))


def test_window(manifest: Manifest) -> tuple[str, str]:
    """First and last day of the rows that were held back; "?" where nobody says."""
    if "test" not in manifest.windows:
        return "?", "?"
    start, end = manifest.windows["test"]
    return f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}"
