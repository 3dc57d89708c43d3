"""Proof that a split does not leak: no entity, duplicate or near-duplicate of a row lies on two sides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import msgspec
import polars as pl

from afield.data.twins import near_numbers, near_texts
from afield.errors import DataError

TOLERANCE = 1e-3
SIMILARITY = 0.8
TOLD = 3

Kind = Literal["entity", "duplicate", "near-duplicate", "near-duplicate text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """What must not cross from one side of a split to another.

    Attributes:
        entity: columns that name an entity (a device, a sign); none: rows of one entity may lie on both sides.
        same: columns of which two rows that are equal are one row twice; none: not looked at.
        numbers: columns in which near-duplicates are looked for; none: not looked at.
        text: column of texts in which near-duplicates are looked for, or "".
        tolerance: of numbers, standard deviations in every column.
        similarity: of texts, share of their pieces.
        derived: columns that are made of those of the rows first, for the others to name.
        told_apart: which rows hold enough to be told from one another; of the others (a quiet zone at night) many are
            alike by nature. None: all.
    """

    entity: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    text: str = ""
    tolerance: float = TOLERANCE
    similarity: float = SIMILARITY
    derived: Mapping[str, pl.Expr] = field(default_factory=dict)
    told_apart: pl.Expr | None = None

    def columns(self) -> tuple[str, ...]:
        """Every column of the rows that is looked at."""
        rooted = self.told_apart.meta.root_names() if self.told_apart is not None else []
        text = [self.text] if self.text else []
        named = dict.fromkeys([*self.entity, *self.same, *self.numbers, *text, *rooted])
        made = [root for name in named if name in self.derived for root in self.derived[name].meta.root_names()]
        return tuple(dict.fromkeys([*(name for name in named if name not in self.derived), *made]))


class Crossing(msgspec.Struct, frozen=True):
    """What lies on two sides of a split.

    Attributes:
        kind: of what.
        sides: the two.
        count: entities, or rows of the second side.
        rows: of the second side that were looked at.
        examples: some of them, in words.
    """

    kind: Kind
    sides: tuple[str, str]
    count: int
    rows: int
    examples: tuple[str, ...]

    @property
    def message(self) -> str:
        """In words, with what to do."""
        one, two = self.sides
        advice = {
            "entity": "split by group, so that an entity stays on one side",
            "duplicate": "remove them before splitting",
            "near-duplicate": "group what belongs together, or remove copies before splitting",
            "near-duplicate text": "group alike texts before splitting",
        }[self.kind]
        some = "; ".join(self.examples)
        what = "entities" if self.kind == "entity" else f"of {self.rows:,} rows, {self.kind}s,"
        return f"{self.count:,} {what} lie in {one} and in {two}: {some}; {advice}"


def leakage(sides: Mapping[str, pl.DataFrame], apart: Apart, seed: int = 0) -> tuple[Crossing, ...]:
    """What crosses between any two sides; nothing: the split does not leak by these measures.

    Args:
        sides: name → rows.
        apart: what must not cross.
        seed: of the search for near-duplicates.

    Raises:
        DataError: a side is empty or lacks a column; an empty side proves nothing.
    """
    for name, rows in sides.items():
        missing = [column for column in apart.columns() if column not in rows.columns]
        if missing:
            raise DataError(f"side {name} lacks the columns {', '.join(missing)}; it has {', '.join(rows.columns)}")
        if rows.is_empty():
            raise DataError(f"side {name} holds no rows, so nothing can be proved of it; give more data")
    made = {name: rows.with_columns(**apart.derived) for name, rows in sides.items()}
    found: list[Crossing] = []
    for one, two in combinations(made, 2):
        found += _between(one, two, made[one], made[two], apart, seed)
    return tuple(found)


def _between(one: str, two: str, first: pl.DataFrame, second: pl.DataFrame, apart: Apart, seed: int) -> list[Crossing]:
    found = []
    if apart.entity:
        both = _shared(first, second, apart.entity).unique()
        found += _crossing("entity", (one, two), both, second.height)
    if apart.same:
        found += _crossing("duplicate", (one, two), _shared(first, second, apart.same), second.height)
    rich = [rows if apart.told_apart is None else rows.filter(apart.told_apart) for rows in (first, second)]
    shown = list(dict.fromkeys([*apart.entity, *apart.same])) or list(apart.numbers)
    if apart.numbers:
        matrices = [rows.select(pl.col(apart.numbers).cast(pl.Float64)).to_numpy() for rows in rich]
        pairs = near_numbers(matrices[0], matrices[1], apart.tolerance, seed)
        rows = rich[1].select(shown)[pairs[:, 1].tolist()]
        found += _crossing("near-duplicate", (one, two), rows, rich[1].height)
    if apart.text:
        texts = [rows[apart.text].drop_nulls().cast(pl.String).to_list() for rows in rich]
        alike = near_texts(texts[0], texts[1], apart.similarity)
        rows = pl.DataFrame({apart.text: [texts[1][place] for _, place in alike]}, schema={apart.text: pl.String})
        found += _crossing("near-duplicate text", (one, two), rows, len(texts[1]))
    return found


def _shared(first: pl.DataFrame, second: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Rows of the second whose columns equal those of a row of the first; rows that hold only nulls are none."""
    named = second.select(columns).filter(~pl.all_horizontal(pl.all().is_null()))
    return named.join(first.select(columns).unique(), on=list(columns), how="semi", nulls_equal=True)


def _crossing(kind: Kind, sides: tuple[str, str], rows: pl.DataFrame, looked: int) -> list[Crossing]:
    if rows.is_empty():
        return []
    told = tuple(
        ", ".join(f"{name} {value}" for name, value in list(row.items())[:TOLD])
        for row in rows.head(TOLD).iter_rows(named=True)
    )
    return [Crossing(kind, sides, rows.height, looked, told)]
