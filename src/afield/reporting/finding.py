"""The finding: one sentence that says whether updating helped, and what it rests on."""

from dataclasses import dataclass
from typing import Literal

from afield.reporting.content import UPDATING, Difference, Felt, Report
from afield.reporting.wording import level, metric_name, number, share, signed

MISTAKES = ("wrongly_surged", "missed_surges")


@dataclass(frozen=True, slots=True)
class Finding:
    """What the run showed.

    Attributes:
        updating: what updating did to the loss: helped, hurt, or undecided where the interval holds zero.
        sentence: the verdict, one sentence.
        grounds: the numbers behind it, a sentence or two.
    """

    updating: Literal["helped", "hurt", "undecided"]
    sentence: str
    grounds: str


def finding(report: Report) -> Finding:
    """The finding, by the paired interval first and by what riders felt second.

    Only an interval that lies wholly below zero counts as help; what riders felt decides how it is told.
    """
    difference = report.accuracy.differences[UPDATING]
    before, after = mistakes(report.felt, "never_updated"), mistakes(report.felt, "kept")
    grounds = _felt(before, after) + _worse(report.felt) + _loss(difference)
    if difference.value is None or difference.low is None or difference.high is None:
        sentence = "There was too little traffic to say whether updating helped."
        return Finding("undecided", sentence, grounds)
    if difference.high < 0:
        return Finding("helped", _helped(difference, before, after), grounds)
    if difference.low > 0:
        return Finding("hurt", "Updating did not help on this data: it made the forecasts worse.", grounds)
    sentence = "Updating did not help on this data, as far as it can show: the difference may be chance."
    return Finding("undecided", sentence, grounds)


def mistakes(felt: Felt | None, arm: Literal["never_updated", "kept", "baseline"]) -> float | None:
    """Riders wrongly surged and surges missed under one arm; None where the data cannot tell."""
    measures = getattr(felt, arm, None) or {}
    counts = [measures.get(name) for name in MISTAKES]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(MISTAKES) else None


def meaning(difference: Difference) -> str:
    """What a paired difference of a loss says of its first arm: lower is better."""
    if difference.high is not None and difference.high < 0:
        return "closer"
    if difference.low is not None and difference.low > 0:
        return "further off"
    return "no difference that this data can show"


def _helped(difference: Difference, before: float | None, after: float | None) -> str:
    if before is None or after is None:
        closer = share(1 - difference.ratio) if difference.ratio is not None else number(-(difference.value or 0.0))
        return f"Kept by Afield forecast closer than never updated: {closer} less {metric_name(difference.metric)}."
    if after < before:
        return f"Kept by Afield made {number(before - after)} fewer mistakes than never updated."
    felt = "as many mistakes" if after == before else f"{number(after - before)} more mistakes"
    return f"Updating brought the forecasts closer on this data, but riders met {felt}."


def _worse(felt: Felt | None) -> str:
    """Which of the mistakes grew although their sum may have shrunk: a gain must not hide a harm."""
    told = {"wrongly_surged": "were wrongly surged", "missed_surges": "met a surge that was missed"}
    before, after = (getattr(felt, arm, None) or {} for arm in ("never_updated", "kept"))
    grown = [
        f"{number(now - then)} more riders {words}"
        for name, words in told.items()
        if (then := before.get(name)) is not None and (now := after.get(name)) is not None and now > then
    ]
    return f"Not for everybody: {' and '.join(grown)} than never updated. " if grown else ""


def _loss(difference: Difference) -> str:
    ratio = "" if difference.ratio is None else f" ({share(difference.ratio - 1, sign=True)})"
    return (
        f"{metric_name(difference.metric)}, kept minus never updated: {signed(difference.value)}{ratio}, "
        f"{level(difference.level)} interval {signed(difference.low)} to {signed(difference.high)}."
    )


def _felt(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return ""
    change = f" ({share(after / before - 1, sign=True)})" if before else ""
    return f"Riders wrongly surged or met by a missed surge: {number(after)} instead of {number(before)}{change}. "
