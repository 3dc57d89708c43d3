"""Gates: frozen conditions that a candidate meets or not, each with its reason in numbers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from afield.errors import EvaluationError
from afield.evaluation.evaluate import Evaluation
from afield.records.evidence import Comparison, Verdict


class Gate(Protocol):
    """Judges an evaluation."""

    def judge(self, evaluation: Evaluation) -> Verdict:
        """The verdict, with its reason in numbers."""
        ...


@dataclass(frozen=True, slots=True)
class BeatsBaseline:
    """The model's metric is at most `ratio` times the baseline's, beyond chance.

    Attributes:
        baseline: name of the baseline.
        metric: rmse, mae or poisson_deviance (on a slice: rmse).
        ratio: the largest ratio that is good enough; the whole interval must lie at or below it.
        slice: the rows that it is judged on.
    """

    baseline: str
    metric: str = "rmse"
    ratio: float = 1.0
    slice: str = "all"

    def judge(self, evaluation: Evaluation) -> Verdict:
        """Passed if the upper end of the ratio's interval is at most `ratio`."""
        name = f"{self.metric} against {self.baseline} on {self.slice}"
        return _ratio_verdict(name, _comparison(evaluation, self.slice, self.baseline, self.metric), self.ratio)


@dataclass(frozen=True, slots=True)
class NoWorseThan:
    """The model's metric is at most `1 + margin` times that of a rival, say the champion.

    Attributes:
        rival: name of the rival; one that is not there (the first release has no champion) lets it pass.
        margin: how much worse is still tolerated, relative.
        metric: rmse, mae or poisson_deviance (on a slice: rmse).
        slice: the rows that it is judged on.
    """

    rival: str = "champion"
    margin: float = 0.02
    metric: str = "rmse"
    slice: str = "all"

    def judge(self, evaluation: Evaluation) -> Verdict:
        """Passed if the upper end of the ratio's interval is at most `1 + margin`, or there is no rival."""
        name = f"{self.metric} no worse than {self.rival} on {self.slice}"
        if self.rival not in evaluation.baselines:
            return Verdict(name, True, f"there is no {self.rival} yet")
        comparison = _comparison(evaluation, self.slice, self.rival, self.metric)
        return _ratio_verdict(name, comparison, 1.0 + self.margin)


@dataclass(frozen=True, slots=True)
class BeatsSimplest:
    """The model beats the simplest recipe that was fitted on the same rows, beyond chance: else the simplest will do.

    Attributes:
        simplest: name of the simplest recipe, "" where it is itself the model; a build fills it in.
        metric: rmse, mae or poisson_deviance.
    """

    simplest: str = ""
    metric: str = "rmse"

    def judge(self, evaluation: Evaluation) -> Verdict:
        """Passed if the whole interval of the ratio lies below 1, or the model is the simplest recipe itself."""
        name = f"{self.metric} better than the simplest recipe"
        if not self.simplest:
            return Verdict(name, True, "the model is the simplest recipe itself")
        found = _ratio_verdict(name, _comparison(evaluation, "all", self.simplest, self.metric), 1.0)
        better = found.passed and found.evidence.get("high", 0.0) < 1.0  # as good is not better
        return replace(found, passed=better, reason=f"against {self.simplest}: {found.reason}")


@dataclass(frozen=True, slots=True)
class BiasWithin:
    """Forecasts add up to the truth, within `limit` (0.01: one percent).

    Attributes:
        limit: the largest absolute bias.
        slice: the rows that it is judged on.
    """

    limit: float
    slice: str = "all"

    def judge(self, evaluation: Evaluation) -> Verdict:
        """Passed if the bias lies within the limit; failed where nothing happened and there is none."""
        name = f"bias on {self.slice}"
        bias = evaluation.scores(self.slice).model.bias
        if bias is None:
            return Verdict(
                name, False, "nothing happened in these rows, so there is no bias to judge; widen the window"
            )
        found = evaluation.scores(self.slice).intervals.get("model", {}).get("bias")
        between = f" (95% interval {found.interval.low:+.1%} to {found.interval.high:+.1%})" if found else ""
        reason = f"forecasts add up to {bias:+.2%} of the truth{between}; ±{self.limit:.2%} is allowed of the value"
        return Verdict(name, abs(bias) <= self.limit, reason, {"bias": bias, "limit": self.limit})


@dataclass(frozen=True, slots=True)
class AtMost:
    """Something that was measured of the candidate (its size, its latency) stays within a limit.

    Attributes:
        measure: name of what was measured.
        limit: the largest value, in its unit.
    """

    measure: str
    limit: float

    def judge(self, evaluation: Evaluation) -> Verdict:
        """Passed if the measured value is at most the limit; failed where it was not measured."""
        return _measured(evaluation, self.measure, self.limit, "at most", lambda value: value <= self.limit)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Something that was measured of the candidate (its precision) reaches a limit.

    Attributes:
        measure: name of what was measured.
        limit: the least value, in its unit.
    """

    measure: str
    limit: float

    def judge(self, evaluation: Evaluation) -> Verdict:
        """Passed if the measured value is at least the limit; failed where it was not measured."""
        return _measured(evaluation, self.measure, self.limit, "at least", lambda value: value >= self.limit)


def judge(gates: Sequence[Gate], evaluation: Evaluation) -> tuple[Verdict, ...]:
    """The verdict of each gate, in order.

    Raises:
        EvaluationError: a gate names a baseline, metric or slice that was not evaluated.
    """
    return tuple(gate.judge(evaluation) for gate in gates)


def decide(verdicts: Iterable[Verdict]) -> bool:
    """Whether every gate passed.

    Raises:
        EvaluationError: there are no verdicts; a candidate that nothing judged is not a good one.
    """
    every = tuple(verdicts)
    if not every:
        raise EvaluationError("no gate judged the candidate; declare at least one")
    return all(verdict.passed for verdict in every)


def _measured(
    evaluation: Evaluation, measure: str, limit: float, words: str, passes: Callable[[float], bool]
) -> Verdict:
    """The verdict on something measured; failed where it was not."""
    if measure not in evaluation.measured:
        return Verdict(measure, False, f"{measure} was not measured")
    value = evaluation.measured[measure]
    reason = f"{value:g}; {words} {limit:g} is asked for"
    return Verdict(measure, passes(value), reason, {"value": value, "limit": limit})


def _comparison(evaluation: Evaluation, part: str, rival: str, metric: str) -> Comparison | None:
    """The comparison with a rival on a slice, or None where there were too few days for one."""
    scores = evaluation.scores(part)
    if rival not in scores.baselines:
        known = ", ".join(scores.baselines) or "none"
        raise EvaluationError(f"a gate names the baseline {rival!r}, which was not evaluated; there is: {known}")
    found = [each for each in scores.comparisons if (each.second, each.metric) == (rival, metric)]
    if scores.comparisons and not found:
        compared = ", ".join(sorted({each.metric for each in scores.comparisons}))
        raise EvaluationError(
            f"a gate names the metric {metric!r}, which is not compared on {part}; there is: {compared}"
        )
    return found[0] if found else None


def _ratio_verdict(name: str, comparison: Comparison | None, limit: float) -> Verdict:
    """Passed if the whole interval of the ratio lies at or below the limit."""
    if comparison is None:
        return Verdict(name, False, "fewer than two days: chance cannot be told from merit; widen the window")
    if comparison.ratio is None:
        low, high = comparison.difference.interval.low, comparison.difference.interval.high
        return Verdict(name, high <= 0, f"the rival has days without any error; difference {low:.4f} to {high:.4f}")
    value, interval = comparison.ratio.value, comparison.ratio.interval
    reason = (
        f"ratio {value:.4f}, {interval.level:.0%} interval {interval.low:.4f} to {interval.high:.4f}; at most {limit:g}"
    )
    evidence = {"ratio": value, "low": interval.low, "high": interval.high, "limit": limit}
    return Verdict(name, interval.high <= limit, reason, evidence)
