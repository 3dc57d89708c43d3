"""How the examples of an application are labelled, as a record: its items, its classes, and who has said what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from afield.labelling.conflicts import LAST, Policy

History = Mapping[str, pl.LazyFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelling:
    """How examples are labelled. What is left out follows from the build: an item is a row of its spine.

    Attributes:
        item: names the item of a row of the spine.
        question: what a person is asked of an item.
        classes: name → label; empty: labels are numbers.
        items: history → every item that a person may label: `item`, `at`, what a person should see of it, and
            `priority` in [0, 1] where some are to be labelled first. None: the rows of the spine.
        said: history → the labels that it holds, in the columns of `labels.SCHEMA`. None: what came true of each row
            of the spine.
        policy: which label stands where several were given.
        together: columns of the items whose rows belong together; none: each item stands alone.
    """

    item: pl.Expr
    question: str
    classes: Mapping[str, float] = field(default_factory=dict)
    items: Callable[[History], pl.LazyFrame] | None = None
    said: Callable[[History], pl.LazyFrame] | None = None
    policy: Policy = LAST
    together: tuple[str, ...] = ()
