"""The card: a release in words and tables that a product owner can read, with a head that machines read."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from afield.records.evidence import Comparison, Estimate, Verdict
from afield.records.release import Manifest

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


def card(manifest: Manifest, evidence: Evidence) -> str:
    """The card of a release: markdown with the YAML head of a Hugging Face model card.

    Source: Mitchell et al., "Model cards for model reporting", FAT* 2019; Hugging Face, "Model cards"
    (the `model-index` form).
    """
    sections = [
        _head(manifest, evidence),
        f"# {manifest.application}: {_plain(evidence.target)}",
        _plain(evidence.purpose),
        _summary(manifest, evidence),
        _section("How good it is", _scores(evidence.scores)),
        _section("Against the baselines, on the same rows", _bullets(map(_compared, evidence.comparisons))),
        *(_section(f"Only {name}", _scores(scores)) for name, scores in evidence.slices.items()),
        _section("Month by month", _months(evidence.months)),
        _section("Gates", _table(("gate", "verdict", "why"), map(_judged, evidence.verdicts))),
        _section("Limits", _bullets(evidence.limits)),
        _section("Rules in force", _bullets(_rules(manifest))),
        _section("What it was built from", _bullets(_origin(manifest, evidence))),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(manifest: Manifest, evidence: Evidence) -> str:
    """The YAML head; every text in it is a JSON string, which YAML reads as it stands."""
    start, end = _test_window(manifest)
    tags = ("afield", manifest.application, *(part.recipe for part in manifest.parts))
    lines = [
        "---",
        "library_name: onnx",
        f"pipeline_tag: {evidence.task}",
        "tags:",
        *(f"- {_quoted(tag)}" for tag in tags),
        "model-index:",
        f"- name: {_quoted(manifest.application)}",
        "  results:",
        "  - task:",
        f"      type: {evidence.task}",
        f"      name: {_quoted(evidence.target)}",
        "    dataset:",
        f"      type: {_quoted(manifest.application)}",
        f"      name: {_quoted(evidence.source)}",
        f"      split: {_quoted(f'{start} to {end}')}",
        "    metrics:",
    ]
    for metric, value in evidence.scores.get("model", {}).items():
        if value is not None:
            lines += [f"    - type: {_quoted(metric)}", f"      value: {value}"]
    return "\n".join([*lines, "---"])


def _summary(manifest: Manifest, evidence: Evidence) -> str:
    """The two sentences that a reader in a hurry needs."""
    start, end = _test_window(manifest)
    sentences = [f"Scored on {evidence.rows:,} rows from {start} to {end} that it had not seen."]
    compared = [each.metric for each in evidence.comparisons]
    main = next((name for name in evidence.scores.get("model", {}) if name in compared), "rmse")
    ratios = [(each.ratio.value, each) for each in evidence.comparisons if each.metric == main and each.ratio]
    if ratios:
        ratio, nearest = max(ratios, key=lambda pair: pair[0])
        than = f"{abs(1 - ratio):.1%} {'smaller' if ratio < 1 else 'larger'} than that of {nearest.second}"
        sentences.append(f"Its error ({NAMES.get(main, main)}) is {than}, its nearest rival.")
    failed = [verdict.gate for verdict in evidence.verdicts if not verdict.passed]
    if evidence.verdicts:
        sentences.append(f"**Gates failed: {', '.join(failed)}.**" if failed else "It passed every gate.")
    if evidence.generated:
        sentences.append("**The data is generated**: these figures say nothing about the real world.")
    return " ".join(sentences)


def _scores(scores: Scores) -> str:
    """Who × metric."""
    metrics = list(dict.fromkeys(metric for values in scores.values() for metric in values))
    rows = ([name, *(_number(metric, values.get(metric)) for metric in metrics)] for name, values in scores.items())
    return _table(("", *(NAMES.get(metric, metric) for metric in metrics)), rows)


def _months(months: Mapping[str, Scores]) -> str:
    """Month × (the metric that matters most of everybody, and the bias of the model where it is shown)."""
    names = list(dict.fromkeys(name for scores in months.values() for name in scores))
    metrics = list(dict.fromkeys(metric for scores in months.values() for metric in scores.get("model", {})))
    columns = [(metrics[0], name) for name in names] if metrics else []
    columns += [("bias", "model")] if "bias" in metrics[1:] else []
    rows = (
        [month, *(_number(metric, scores.get(name, {}).get(metric)) for metric, name in columns)]
        for month, scores in months.items()
    )
    return _table(("month", *(f"{NAMES.get(metric, metric)} of {name}" for metric, name in columns)), rows)


def _compared(comparison: Comparison) -> str:
    name = NAMES.get(comparison.metric, comparison.metric)
    text = f"{name} minus that of {comparison.second}: {_estimated(comparison.difference)}"
    return text + (f"; ratio {_estimated(comparison.ratio)}" if comparison.ratio else "")


def _estimated(estimate: Estimate) -> str:
    interval = estimate.interval
    return f"{estimate.value:.4f} ({interval.level:.0%} interval {interval.low:.4f} to {interval.high:.4f})"


def _judged(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.gate, "passed" if verdict.passed else "**failed**", verdict.reason


def _rules(manifest: Manifest) -> Iterable[str]:
    yield from (f"threshold {name}: {value:g}" for name, value in manifest.thresholds.items())
    yield from (f"guard {name}" for name in manifest.guards)
    yield from (f"override {name}" for name in manifest.overrides)


def _origin(manifest: Manifest, evidence: Evidence) -> Iterable[str]:
    yield f"data: {evidence.source}"
    yield from (f"table {name}, version `{version}`" for name, version in manifest.data.items())
    yield from (f"{name} window: {start} to {end}" for name, (start, end) in manifest.windows.items())
    yield from (f"part {part.name}: recipe {part.recipe}, {len(part.features)} features" for part in manifest.parts)
    yield f"options: {', '.join(f'{name} = {value}' for name, value in manifest.options.items()) or 'none'}"
    yield f"built {manifest.created:%Y-%m-%d %H:%M} UTC, sequence {manifest.sequence}, seed {manifest.seed}"
    yield f"replaces `{manifest.parent}`" if manifest.parent else "the first of its line"
    yield f"features `{manifest.feature_set[:12]}`, code `{manifest.code[:12]}`"
    yield f"libraries: {', '.join(f'{name} {version}' for name, version in manifest.environment.items())}"


def _test_window(manifest: Manifest) -> tuple[str, str]:
    if "test" not in manifest.windows:
        return "?", "?"
    start, end = manifest.windows["test"]
    return f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}"


def _number(metric: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:+.2%}" if metric == "bias" else f"{value:.4f}"


def _section(title: str, body: str) -> str:
    return f"## {_plain(title)}\n\n{body}" if body else ""


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table, or "" where there are no rows."""
    body = ["| " + " | ".join(_plain(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    if not body:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|" + " --- |" * len(head), *body])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _plain(text: str) -> str:
    """One line that cannot open a tag."""
    return " ".join(text.split()).replace("<", "&lt;")
