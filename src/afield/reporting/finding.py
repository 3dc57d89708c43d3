"""The finding: one sentence that says whether updating helped, and what it rests on."""

from dataclasses import dataclass
from typing import Literal

from afield.records.words import Words
from afield.reporting.content import UPDATING, Difference, Felt, Report
from afield.wording import level, metric_name, number, share, signed


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
    """The finding, by the paired interval first and by what people felt second.

    Only an interval that lies wholly below zero counts as help; what people felt decides how it is told.
    """
    difference = report.accuracy.differences[UPDATING]
    words, felt = report.words, report.felt
    before, after = mistakes(felt, "never_updated"), mistakes(felt, "kept")
    grounds = _felt(felt, before, after) + _worse(felt) + _loss(difference, words)
    if difference.value is None or difference.low is None or difference.high is None:
        sentence = "There was too little traffic to say whether updating helped."
        return Finding("undecided", sentence, grounds)
    if difference.high < 0:
        return Finding("helped", _helped(difference, before, after, words), grounds)
    if difference.low > 0:
        return Finding("hurt", f"Updating did not help on this data: it made the {words.outputs} worse.", grounds)
    sentence = "Updating did not help on this data, as far as it can show: the difference may be chance."
    return Finding("undecided", sentence, grounds)


def mistakes(felt: Felt | None, arm: Literal["never_updated", "kept", "baseline"]) -> float | None:
    """Mistakes of all kinds under one arm; None where the data cannot tell."""
    if felt is None:
        return None
    numbers = getattr(felt, arm) or {}
    counts = [numbers.get(each.name) for each in felt.measures if each.mistake]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def meaning(difference: Difference) -> str:
    """What a paired difference of a loss says of its first arm: lower is better."""
    if difference.high is not None and difference.high < 0:
        return "closer"
    if difference.low is not None and difference.low > 0:
        return "further off"
    return "no difference that this data can show"


def _helped(difference: Difference, before: float | None, after: float | None, words: Words) -> str:
    if before is None or after is None:
        closer = share(1 - difference.ratio) if difference.ratio is not None else number(-(difference.value or 0.0))
        less = f"{closer} less {metric_name(difference.metric, words)}"
        return f"Kept by Afield was closer to the truth than never updated: {less}."
    if after < before:
        return f"Kept by Afield made {number(before - after)} fewer mistakes than never updated."
    felt = "as many mistakes" if after == before else f"{number(after - before)} more mistakes"
    return f"Updating brought the {words.outputs} closer on this data, but {words.people} met {felt}."


def _worse(felt: Felt | None) -> str:
    """Which of the mistakes grew although their sum may have shrunk: a gain must not hide a harm."""
    if felt is None:
        return ""
    grown = [
        f"{number(now - then)} more {felt.counted} {each.worse or f'under {each.title!r}'}"
        for each in felt.measures
        if each.mistake
        and (then := felt.never_updated.get(each.name)) is not None
        and (now := felt.kept.get(each.name)) is not None
        and now > then
    ]
    return f"Not for everybody: {' and '.join(grown)} than never updated. " if grown else ""


def _loss(difference: Difference, words: Words) -> str:
    ratio = "" if difference.ratio is None else f" ({share(difference.ratio - 1, sign=True)})"
    return (
        f"{metric_name(difference.metric, words)}, kept minus never updated: {signed(difference.value)}{ratio}, "
        f"{level(difference.level)} interval {signed(difference.low)} to {signed(difference.high)}."
    )


def _felt(felt: Felt | None, before: float | None, after: float | None) -> str:
    if felt is None or before is None or after is None:
        return ""
    change = f" ({share(after / before - 1, sign=True)})" if before else ""
    what = felt.mistakes or " and ".join(each.title for each in felt.measures if each.mistake)
    return f"{what}: {number(after)} instead of {number(before)}{change}. "
