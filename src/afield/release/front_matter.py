"""The head of a card that machines read: Hugging Face's metadata of a model, with its results."""

from afield.records.evidence import Estimate
from afield.records.release import Manifest
from afield.release.markdown import quoted
from afield.release.told import Evidence, metric_name, test_window


def head(manifest: Manifest, evidence: Evidence) -> str:
    """The YAML head; every text in it is a JSON string, which YAML reads as it stands.

    Source: Hugging Face, "Model cards" (the `model-index` form, after Papers with Code).
    """
    start, end = test_window(manifest)
    tags = dict.fromkeys(("afield", manifest.application, *(part.recipe for part in manifest.parts)))
    lines = [
        "---",
        "library_name: onnx",
        f"pipeline_tag: {evidence.task}",
        "tags:",
        *(f"- {quoted(tag)}" for tag in tags),
        "model-index:",
        f"- name: {quoted(manifest.application)}",
        "  results:",
        "  - task:",
        f"      type: {evidence.task}",
        f"      name: {quoted(evidence.target)}",
        "    dataset:",
        f"      type: {quoted(manifest.application)}",
        f"      name: {quoted(evidence.source)}",
        f"      split: {quoted(f'{start} to {end}')}",
        "    metrics:",
    ]
    for metric, value in evidence.scores.get("model", {}).items():
        if value is not None:
            lines += [f"    - type: {quoted(metric)}", f"      value: {value}"]
            lines += [f"      name: {quoted(metric_name(metric, evidence))}"]
            lines += _interval(evidence.estimates.get(metric))
    return "\n".join([*lines, "---"])


def _interval(estimate: Estimate | None) -> list[str]:
    """The interval of a metric, as its arguments."""
    if estimate is None:
        return []
    interval = estimate.interval
    return [
        "      args:",
        f"        level: {interval.level}",
        f"        low: {interval.low}",
        f"        high: {interval.high}",
    ]
