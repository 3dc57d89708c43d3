"""Rows given to training, validation and test: by time, by group, by place, and by several of these at once.

Every rule is a function from rows to the name of a side a row, null for a row that is left out. It depends on the
content of the row and a seed alone, never on the order of rows: the same row always falls on the same side.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from afield.data.split import Split, within
from afield.errors import DataError

TRAINING, VALIDATION, TEST = SIDES = ("training", "validation", "test")
SIDE = "side"

Rule = Callable[[pl.DataFrame], pl.Series]
"""Rows → a side each (String), null where the row is left out."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Rows, divided.

    Attributes:
        training, validation, test: the rows of each side, in the order in which they were given.
        left_out: how many rows belong to none: those of a gap, or of mixed sides.
    """

    training: pl.DataFrame
    validation: pl.DataFrame
    test: pl.DataFrame
    left_out: int

    def named(self) -> Mapping[str, pl.DataFrame]:
        """Name of each side → its rows."""
        return {TRAINING: self.training, VALIDATION: self.validation, TEST: self.test}


def divide(rows: pl.DataFrame, rule: Rule) -> Sides:
    """The rows of each side.

    Raises:
        DataError: a side is empty.
    """
    sides = rule(rows)
    counts = {name: int((sides == name).sum()) for name in SIDES}
    empty = [name for name, count in counts.items() if not count]
    if empty:
        held = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        raise DataError(
            f"the split of {rows.height:,} rows leaves no row for {' and '.join(empty)} ({held}, "
            f"{sides.null_count():,} left out); give more data, larger shares, shorter gaps, or finer groups"
        )
    parts = {name: rows.filter(sides == name) for name in SIDES}
    return Sides(**parts, left_out=sides.null_count())


def by_windows(column: str, windows: Split) -> Rule:
    """Sides by time: the windows of a split, as `split.by_time` gives them; the gaps between them are left out."""

    def sides(rows: pl.DataFrame) -> pl.Series:
        named = {TRAINING: windows.training, VALIDATION: windows.validation, TEST: windows.test}
        chosen = pl.coalesce(pl.when(within(column, span)).then(pl.lit(name)) for name, span in named.items())
        return rows.select(chosen.alias(SIDE)).to_series()

    return sides


def by_group(columns: Sequence[str], *, validation: float = 0.2, test: float = 0.2, seed: int = 0) -> Rule:
    """Sides by entity: all rows of one value of `columns` (a device, a sign) fall on one side.

    Args:
        columns: tell one entity from another; null is an entity too.
        validation: share of the entities, about.
        test: share of the entities, about.
        seed: another one divides them otherwise.

    Raises:
        DataError: the shares are none.
    """
    if not (validation > 0 and test > 0 and validation + test < 1):
        raise DataError(
            f"shares of {validation:g} for validation and {test:g} for test leave a side empty; give others"
        )

    def side(value: str) -> str:
        place = draw(value, seed)
        return TEST if place < test else VALIDATION if place < test + validation else TRAINING

    def sides(rows: pl.DataFrame) -> pl.Series:
        return of_groups(rows, columns, side).alias(SIDE)

    return sides


def by_place(
    longitude: str, latitude: str, *, cell: float, validation: float = 0.2, test: float = 0.2, seed: int = 0
) -> Rule:
    """Sides by place: all rows in one cell of a grid fall on one side, so that neighbours are seldom apart.

    Args:
        longitude: column, degrees.
        latitude: column, degrees.
        cell: width and height of a cell, degrees; choose it wider than what makes neighbours alike.
        validation: share of the cells, about.
        test: share of the cells, about.
        seed: another one divides them otherwise.

    Raises:
        DataError: the shares are none, or a cell has no size.
    """
    if not cell > 0:
        raise DataError(f"a cell of {cell:g} degrees holds no place; give more than 0")
    grouped = by_group(("_east", "_north"), validation=validation, test=test, seed=seed)

    def sides(rows: pl.DataFrame) -> pl.Series:
        cells = rows.select(
            (pl.col(name) / cell).floor().cast(pl.Int64).alias(made)
            for name, made in ((longitude, "_east"), (latitude, "_north"))
        )
        unplaced = rows.select(pl.any_horizontal(pl.col(longitude, latitude).is_null())).to_series()
        found = grouped(cells)
        return pl.select(pl.when(~unplaced).then(found).alias(SIDE)).to_series()

    return sides


def combined(*rules: Rule) -> Rule:
    """The sides on which all rules agree: by time and group, a tested row is of a new time and of a new entity.

    Rows on which they differ are left out: to train on an entity that is tested later would leak.

    Raises:
        DataError: no rule is given.
    """
    if not rules:
        raise DataError("a combination of no rules divides nothing; name at least one")

    def sides(rows: pl.DataFrame) -> pl.Series:
        found = pl.DataFrame([rule(rows).alias(str(place)) for place, rule in enumerate(rules)])
        agreed = pl.all_horizontal(pl.col("0") == pl.col(name) for name in found.columns)
        return found.select(pl.when(agreed.fill_null(value=False)).then(pl.col("0")).alias(SIDE)).to_series()

    return sides


def folds(rows: pl.DataFrame, columns: Sequence[str], count: int, seed: int = 0) -> pl.Series:
    """Number of each row's fold, 0 to `count` - 1; all rows of one entity share one.

    Raises:
        DataError: there are fewer entities than folds, or a fold is left empty.
    """
    found = of_groups(rows, columns, lambda value: int(draw(value, seed) * count))
    if found.n_unique() < count or count < 2:
        entities = rows.select(pl.struct(columns).n_unique()).item()
        raise DataError(f"{entities} entities do not fill {count} folds; ask for fewer (at least 2), or label more")
    return found.alias("fold")


def draw(value: str, seed: int) -> float:
    """A number in [0, 1) that follows from the value and the seed alone, on any machine."""
    digest = hashlib.blake2b(value.encode(), digest_size=8, key=seed.to_bytes(8, "big", signed=True)).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def of_groups(rows: pl.DataFrame, columns: Sequence[str], choose: Callable[[str], str | int]) -> pl.Series:
    """What `choose` gives for each row's entity, asked once for each.

    Raises:
        DataError: a column is not there.
    """
    missing = [name for name in columns if name not in rows.columns]
    if missing or not columns:
        raise DataError(
            f"the rows lack {', '.join(missing) or 'columns to group by'}; there is {', '.join(rows.columns)}"
        )
    named = rows.select(
        pl.concat_str([pl.col(name).cast(pl.String).fill_null("\x00") for name in columns], separator="\x1f").alias(
            "_entity"
        )
    )
    entities = named["_entity"].unique(maintain_order=True)
    chosen = pl.DataFrame({"_entity": entities, "_chosen": [choose(each) for each in entities]})
    return named.join(chosen, on="_entity", how="left", maintain_order="left")["_chosen"]
