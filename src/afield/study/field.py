"""The field on which options are compared: what they learn from, and the rows that all are judged on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from afield.errors import DataError, UsageError
from afield.evaluation.sidebyside import SideBySide
from afield.records.facts import Window
from afield.records.provenance import Provenance
from afield.store.steps import Steps
from afield.study.answering import Floats, Ready
from afield.study.learning import SHARES, labelled
from afield.workshop.plan import Build

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How options are compared.

    Attributes:
        rows: most rows to learn from.
        within: how close to the best of its curve the data needed have to bring an option.
        slice: the test rows that are looked at.
        reference: name of the option that the others are held against.
        called: what people call a metric.
        shares: of the training rows, for the learning curve, the largest first.
    """

    rows: int
    within: float
    slice: str
    reference: str
    called: Callable[[str], str]
    shares: Sequence[float] = SHARES


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where options are compared.

    Attributes:
        application: its name.
        plan: how it is built.
        settings: its options.
        examples: folder of examples.
        training: recipes learn from rows of this stretch; None where nothing is fitted.
        held: their calibration is fitted on rows of this one.
        test: everything is judged on rows of this one.
        slices: name → spine keys.
        steps: keeps what was fitted, by content.
        data: what was read, as the person named it.
        generated: whether the data were made up.
        provenance: how to make the numbers again.
        tell: is told what happens.
    """

    application: str
    plan: Build
    settings: Mapping[str, str]
    examples: Path
    training: Window | None
    held: Window | None
    test: Window
    slices: Mapping[str, tuple[int, ...]]
    steps: Steps
    data: str
    generated: bool
    provenance: Provenance
    tell: Callable[[str], None]


def test_rows(field: Field, ready: Sequence[Ready], part: str) -> pl.DataFrame:
    """The rows that everybody is judged on, with every column that somebody reads.

    Raises:
        DataError: there are none.
        UsageError: there is no such slice.
    """
    if part != ALL and part not in field.slices:
        raise UsageError(f"--slice {part}: there is no such slice; there is: {', '.join((ALL, *field.slices))}")
    features = field.plan.features
    needed_columns = dict.fromkeys(name for each in ready for name in each.features)
    keys = [name for name in (features.origin, *features.keys, "truth") if name not in needed_columns]
    rows = labelled(field.examples, features.origin, field.test)
    if part != ALL:
        rows = rows.filter(pl.col(features.keys[0]).is_in(list(field.slices[part])))
    found = rows.select(*keys, *needed_columns).collect()
    if found.is_empty():
        raise DataError(
            f"the data hold nothing to judge by from {field.test.start} to {field.test.end}, slice {part}; "
            "give more data, or another window"
        )
    return found


def side_by_side(field: Field, rows: pl.DataFrame, given: Mapping[str, Floats]) -> SideBySide:
    """The answers on these rows, in blocks of time as the application declares them."""
    blocks = rows[field.plan.features.origin].dt.truncate(field.plan.block).to_numpy()
    return SideBySide(rows["truth"].cast(pl.Float64).to_numpy(), blocks, given, seed=field.provenance.seed)
