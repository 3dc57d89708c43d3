"""The card: a release in words and tables that a product owner can read, with a head that machines read."""

from collections.abc import Iterable, Mapping

from afield.records.evidence import Comparison, Estimate, Verdict
from afield.records.release import Manifest
from afield.release import assurance
from afield.release.front_matter import head
from afield.release.markdown import NONE, bullets, estimated, introduced, number, plain, section, share, table
from afield.release.told import Evidence, Scores, metric_name, test_window

__all__ = ["Evidence", "card"]


def card(manifest: Manifest, evidence: Evidence) -> str:
    """The card of a release: markdown with the YAML head of a Hugging Face model card.

    Source: Mitchell et al., "Model cards for model reporting", FAT* 2019; Hugging Face, "Model cards"
    (the `model-index` form).
    """
    found = evidence.examination
    sections = [
        head(manifest, evidence),
        f"# {manifest.application}: {plain(evidence.target)}",
        plain(evidence.purpose),
        _summary(manifest, evidence),
        section("What it is for", bullets(_uses(evidence))),
        section("What it is not for, and where it is weak", bullets([*evidence.limits, *assurance.weak(found)])),
        assurance.goals(evidence),
        section(
            "How good it is",
            _scores(evidence.scores, evidence),
            _intervals(evidence),
            bullets(evidence.further),
            _metrics(evidence),
        ),
        section("Against the baselines, on the same rows", _comparisons(evidence)),
        *(section(f"Only {name}", _scores(scores, evidence)) for name, scores in evidence.slices.items()),
        section("Where it is unlike itself elsewhere", _discovered(evidence)),
        section("Month by month", _months(evidence.months, evidence)),
        assurance.behaviour(found),
        assurance.robustness(found, evidence),
        assurance.fairness(found),
        assurance.hazards(evidence),
        section("Gates", _gates(evidence)),
        section("Rules in force", bullets(_rules(manifest))),
        section("What it was built from", bullets(_origin(manifest, evidence))),
    ]
    return "\n\n".join(each for each in sections if each) + "\n"


def _summary(manifest: Manifest, evidence: Evidence) -> str:
    """The two sentences that a reader in a hurry needs."""
    start, end = test_window(manifest)
    sentences = [f"Scored on {evidence.rows:,} rows from {start} to {end} that it had not seen."]
    compared = [each.metric for each in evidence.comparisons]
    main = next((name for name in evidence.scores.get("model", {}) if name in compared), "rmse")
    ratios = [(each.ratio, each.second) for each in evidence.comparisons if each.metric == main and each.ratio]
    if ratios:
        ratio, nearest = max(ratios, key=lambda pair: pair[0].value)
        sentences.append(f"Its error ({plain(metric_name(main, evidence))}) is {_against(ratio, plain(nearest))}.")
    failed = [verdict.gate for verdict in evidence.verdicts if not verdict.passed]
    if evidence.verdicts:
        sentences.append(f"**Gates failed: {plain(', '.join(failed))}.**" if failed else "It passed every gate.")
    if evidence.generated:
        sentences.append("**The data is generated**: these figures say nothing about the real world.")
    return " ".join(sentences)


def _against(ratio: Estimate, rival: str) -> str:
    """How much smaller or larger the error is than that of the nearest rival, and whether that may be chance."""
    low, high = _apart(ratio.interval.high), _apart(ratio.interval.low)
    low = low.removesuffix(high[high.index("%") + 1 :])
    chance = ": chance may explain it" if 1.0 in ratio.interval else ""
    between = f"{ratio.interval.level:.0%} interval: {low} to {high}{chance}"
    return f"{_apart(ratio.value)} than that of {rival}, its nearest rival ({between})"


def _apart(ratio: float) -> str:
    return f"{share(abs(1 - ratio))} {'smaller' if ratio < 1 else 'larger'}"


def _uses(evidence: Evidence) -> Iterable[str]:
    """Whom it serves, what it answers, and why it is a model."""
    if evidence.requirements is None:
        return
    yield f"It serves {evidence.people}; it says: {evidence.target}."
    yield f"Is this a look-up or a model? {evidence.requirements.question}"


def _scores(scores: Scores, evidence: Evidence) -> str:
    """Who × metric."""
    metrics = list(dict.fromkeys(metric for values in scores.values() for metric in values))
    rows = ([name, *(_number(metric, values.get(metric)) for metric in metrics)] for name, values in scores.items())
    return table(("", *(metric_name(metric, evidence) for metric in metrics)), rows)


def _intervals(evidence: Evidence) -> str:
    """The model's metrics with their intervals."""
    told = {name: each for name, each in evidence.estimates.items() if name in evidence.scores.get("model", {})}
    said = (f"{metric_name(name, evidence)}: {estimated(each)}" for name, each in told.items())
    return introduced("Of the model, with the range that the true value lies in at the stated level:", bullets(said))


def _metrics(evidence: Evidence) -> str:
    """What each metric says, for who does not know it."""
    shown = evidence.scores.get("model", {})
    told = [f"{name}: {line}" for metric, (name, line) in evidence.metrics.items() if metric in shown and line and name]
    rows = f"The rows: {evidence.scored}." if evidence.scored else ""
    return introduced(f"{plain(rows)} What the columns say, nearer to zero being better:".strip(), bullets(told))


def _comparisons(evidence: Evidence) -> str:
    words = (
        "The model's error minus that of each other, and over it. A difference below zero, or a ratio below one: the "
        "model's is smaller. Where the whole interval lies on one side, that is more than chance."
    )
    head = ("against", "error", "difference", "ratio")
    return introduced(words, table(head, (_compared(each, evidence) for each in evidence.comparisons)))


def _compared(comparison: Comparison, evidence: Evidence) -> tuple[str, ...]:
    ratio = estimated(comparison.ratio) if comparison.ratio else NONE
    return comparison.second, metric_name(comparison.metric, evidence), estimated(comparison.difference), ratio


def _discovered(evidence: Evidence) -> str:
    words = (
        "Parts of the rows that nobody named beforehand were searched; these differ from the rest by more than chance, "
        "also after looking at so many."
    )
    return introduced(words, bullets(evidence.discovered))


def _months(months: Mapping[str, Scores], evidence: Evidence) -> str:
    """Month × (the metric that matters most of everybody, and the bias of the model where it is shown)."""
    names = list(dict.fromkeys(name for scores in months.values() for name in scores))
    metrics = list(dict.fromkeys(metric for scores in months.values() for metric in scores.get("model", {})))
    columns = [(metrics[0], name) for name in names] if metrics else []
    columns += [("bias", "model")] if "bias" in metrics[1:] else []
    rows = (
        [month, *(_number(metric, scores.get(name, {}).get(metric)) for metric, name in columns)]
        for month, scores in months.items()
    )
    return table(("month", *(f"{metric_name(metric, evidence)} of {name}" for metric, name in columns)), rows)


def _gates(evidence: Evidence) -> str:
    words = "What was asked of it before it was tested. One that fails keeps a release from going live."
    return introduced(words, table(("gate", "verdict", "why"), map(_judged, evidence.verdicts)))


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
    yield f"made by: `{_command(manifest, evidence)}`"
    yield f"libraries: {', '.join(f'{name} {version}' for name, version in manifest.environment.items())}"


def _command(manifest: Manifest, evidence: Evidence) -> str:
    """What makes the same release again from the same data."""
    options = [f"--{name} {value}" for name, value in manifest.options.items()]
    data = [] if evidence.generated else [f"--data {evidence.source}"]
    until = [f"--until {manifest.windows['whole'][1]:%Y-%m-%dT%H:%M}"] if "whole" in manifest.windows else []
    return " ".join(["afield build", evidence.called or manifest.application, *options, *data, *until])


def _number(metric: str, value: float | None) -> str:
    return f"{value:+.2%}" if metric == "bias" and value is not None else number(value)
