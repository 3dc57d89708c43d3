"""Explanations of single answers: how much each kind of information moved one answer away from the usual one.

Exact Shapley values over groups of features, of any model that can be asked: no learner is needed where it is served.
"""

from collections.abc import Callable, Mapping, Sequence
from math import factorial

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.errors import EvaluationError

Floats = NDArray[np.float64]
Values = Mapping[str, float]
Cause = Callable[[Values, Values], str]
"""The values of a row and the usual ones → what they say, in words; "" where there is nothing to say."""

MOST_GROUPS = 12
REST = "everything else"


class Contribution(msgspec.Struct, frozen=True):
    """What one kind of information adds to an answer.

    Attributes:
        group: its name.
        value: by how much the answer is higher for it, in the unit of the answer.
        words: what it is, for the person concerned.
    """

    group: str
    value: float
    words: str


class Explanation(msgspec.Struct, frozen=True):
    """Why an answer is what it is.

    Attributes:
        answer: what the model says of the row.
        usual: what it says of the usual row; `answer` is this plus all contributions.
        contributions: the largest first.
    """

    answer: float
    usual: float
    contributions: tuple[Contribution, ...]


def explain(
    row: Values,
    usual: Values,
    groups: Mapping[str, Sequence[str]],
    reads: Sequence[str],
    answer: Callable[[Mapping[str, Floats]], Floats],
    causes: Mapping[str, Cause] | None = None,
) -> Explanation:
    """How the answer about `row` comes to differ from that about the `usual` row, by groups of features.

    Each group's share is its Shapley value: what replacing the usual values by the row's adds, averaged over every
    order in which the groups can be replaced. The shares add up to the difference exactly.

    Source: Shapley, "A value for n-person games" (1953); Lundberg and Lee, "A unified approach to interpreting model
    predictions", NeurIPS (2017); against one reference row: Sundararajan and Najmi, "The many Shapley values for model
    explanation", ICML (2020).

    Args:
        row: feature → value, NaN where it is not known.
        usual: the same of the row that it is held against.
        groups: name → features; a feature of none belongs to "everything else".
        reads: the features that the model reads; a group without one has no say and is left out.
        answer: feature columns of shape `(n,)` → answers of shape `(n,)`.
        causes: name of a group → how its values are told; without one, the value that is most unlike the usual is told.

    Raises:
        EvaluationError: there are too many groups, a feature is in two, or the model gives no number.
    """
    members = _members(row, usual, groups, reads)
    names = list(members)
    sets = np.arange(2 ** len(names))
    columns: dict[str, Floats] = {}
    for place, name in enumerate(names):
        taken = (sets >> place) & 1 == 1
        columns |= {feature: np.where(taken, row[feature], usual[feature]) for feature in members[name]}
    said = np.asarray(answer(columns), np.float64)
    if said.shape != sets.shape or not np.isfinite(said).all():
        raise EvaluationError(
            "the model gives no number for this row or for the usual one, so there is nothing to explain; is its "
            "lookback there?"
        )
    told = causes or {}
    found = [
        Contribution(name, _shapley(said, sets, place, len(names)), told.get(name, _cause(members[name]))(row, usual))
        for place, name in enumerate(names)
    ]
    found.sort(key=lambda each: (-abs(each.value), each.group))
    return Explanation(float(said[-1]), float(said[0]), tuple(found))


def _members(
    row: Values, usual: Values, groups: Mapping[str, Sequence[str]], reads: Sequence[str]
) -> dict[str, list[str]]:
    """Group → its features that the model reads; features of no group are one of their own."""
    for values, whose in ((row, "row"), (usual, "usual row")):
        if absent := [name for name in reads if name not in values]:
            raise EvaluationError(f"the {whose} lacks {', '.join(absent)}; build the release again")
    members = {name: [feature for feature in features if feature in reads] for name, features in groups.items()}
    listed = [feature for features in members.values() for feature in features]
    if twice := sorted({feature for feature in listed if listed.count(feature) > 1}):
        raise EvaluationError(f"the features {', '.join(twice)} are in two groups; name each in one")
    members[REST] = [feature for feature in reads if feature not in listed]
    filled = {name: features for name, features in members.items() if features}
    if len(filled) > MOST_GROUPS:
        raise EvaluationError(f"{len(filled)} groups of features: at most {MOST_GROUPS} can be told apart; merge some")
    return filled


def _shapley(said: Floats, sets: NDArray[np.int64], place: int, count: int) -> float:
    """The Shapley value of the group at `place`, from the answers to every subset of groups (a subset is a number)."""
    without = sets[(sets >> place) & 1 == 0]
    sizes = np.array([bin(each).count("1") for each in without.tolist()])
    weights = np.array([factorial(size) * factorial(count - size - 1) / factorial(count) for size in range(count)])
    gain = said[without | (1 << place)] - said[without]
    return float((weights[sizes] * gain).sum())


def _cause(features: Sequence[str]) -> Cause:
    """Words where the application has none: the value that is most unlike the usual one."""

    def told(row: Values, usual: Values) -> str:
        def unlike(name: str) -> float:
            size = max(abs(row[name]), abs(usual[name]))
            apart = abs(row[name] - usual[name]) / size if size > 0 else 0.0
            return apart if np.isfinite(apart) else 0.0

        name = max(features, key=unlike)
        return f"{name.replace('_', ' ')} {row[name]:.3g}, usually {usual[name]:.3g}"

    return told
