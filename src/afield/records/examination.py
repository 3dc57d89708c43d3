"""Examination: what a candidate was found to do beyond its error: promises, hard inputs, and groups of people."""

from typing import Literal

import msgspec

from afield.records.evidence import Comparison, Estimate

Kind = Literal["invariance", "direction", "minimum functionality"]


class Promise(msgspec.Struct, frozen=True):
    """How a behaviour test went.

    Attributes:
        name: of the behaviour.
        kind: of test, as CheckList names them.
        says: what is promised, in words.
        rows: how many rows were tried.
        kept: share of them that keep the promise.
        effect: mean change of the output over its mean; None where nothing was changed.
        worst: the row that breaks it most, in words; "" where none does.
        least: the share that the gate asks for; None: no gate.
    """

    name: str
    kind: Kind
    says: str
    rows: int
    kept: Estimate
    effect: float | None = None
    worst: str = ""
    least: float | None = None


class Degradation(msgspec.Struct, frozen=True):
    """What hard inputs cost.

    Attributes:
        name: of what is wrong with the inputs.
        says: the same in words.
        rows: how many rows were tried.
        unanswered: share of them to which the model gives no number any more, so that the fallback answers.
        comparison: the error with these inputs against that with the true ones, paired, on the rows that are answered;
            None where chance cannot be told from harm, or nothing is answered.
        most: the relative worsening that the gate allows; None: no gate.
    """

    name: str
    says: str
    rows: int
    unanswered: float
    comparison: Comparison | None
    most: float | None = None


class GroupValue(msgspec.Struct, frozen=True):
    """One metric for one group of people.

    Attributes:
        group: its name.
        rows: how many rows are about it.
        value: the metric with its interval; its weight is what was divided by (people, rows).
        judged: False where there are too few rows to hold it against the others.
    """

    group: str
    rows: int
    value: Estimate
    judged: bool


class Disparity(msgspec.Struct, frozen=True):
    """How unlike a metric is between groups of people.

    Attributes:
        metric: name of the metric.
        says: what it counts, in words.
        attribute: by which people are grouped.
        groups: the metric of each, the largest first.
        difference: largest minus smallest.
        ratio: smallest over largest; None where the largest may be zero, or a value is negative.
        difference_limit, ratio_limit: what the gate allows; None: no gate.
    """

    metric: str
    says: str
    attribute: str
    groups: tuple[GroupValue, ...]
    difference: Estimate
    ratio: Estimate | None
    difference_limit: float | None = None
    ratio_limit: float | None = None


class Examination(msgspec.Struct, frozen=True):
    """Everything that a candidate was examined for.

    Attributes:
        sample: which rows behaviour and hard inputs were tried on, in words.
        promises: of behaviour.
        degradations: under hard inputs.
        disparities: between groups of people.
        notes: what could not be tried on these data, and why.
    """

    sample: str = ""
    promises: tuple[Promise, ...] = ()
    degradations: tuple[Degradation, ...] = ()
    disparities: tuple[Disparity, ...] = ()
    notes: tuple[str, ...] = ()
