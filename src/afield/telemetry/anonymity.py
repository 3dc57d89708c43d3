"""Small groups folded: no combination of what could point at somebody is shown of fewer than a stated number."""

from dataclasses import dataclass

import polars as pl

from afield.errors import TelemetryError
from afield.telemetry.privacy import MinimumGroup

_GROUP, _SIZE, _HIDDEN = "_group", "_size", "_hidden"


@dataclass(frozen=True, slots=True)
class Folded:
    """Rows of which no group is too small.

    Attributes:
        rows: all of them, without the person, in an order that tells nothing; of small groups without what told them
            apart. None are left where all together are too few.
        groups: combinations that are told.
        folded: combinations that are not: together they are one group, of null.
    """

    rows: pl.DataFrame
    groups: int
    folded: int


def folded(rows: pl.DataFrame, minimum: MinimumGroup) -> Folded:
    """The rows, with those of groups below the minimum folded into one group, in which `minimum.by` is null.

    Nothing is left out of totals, so that means over all rows stay what they are. Where the folded rows are too few
    themselves, the smallest of the other groups joins them: else they could be found by subtraction.

    Args:
        rows: any; each belongs to the group of its values in `minimum.by`, nulls like any other value.
        minimum: what may be shown.

    Raises:
        TelemetryError: a column that it names is not there.
    """
    absent = sorted({*minimum.by, minimum.person} - {"", *rows.columns})
    if absent:
        raise TelemetryError(f"the minimum group names {', '.join(absent)}; the rows have: {', '.join(rows.columns)}")
    members = pl.col(minimum.person).drop_nulls().n_unique() if minimum.person else pl.len()
    sized = rows.with_row_index(_GROUP).with_columns(
        pl.col(_GROUP).first().over(minimum.by), members.over(minimum.by).alias(_SIZE)
    )
    groups = sized.select(_GROUP, _SIZE).unique().sort(_SIZE, _GROUP)
    hidden = groups.filter(pl.col(_SIZE) < minimum.size)[_GROUP].to_list()
    if hidden and _members(sized, hidden, members) < minimum.size:
        hidden = groups[_GROUP].head(len(hidden) + 1).to_list()
        if _members(sized, hidden, members) < minimum.size:
            return Folded(rows.clear().drop(minimum.person or []), 0, groups.height)
    blank = pl.when(pl.col(_HIDDEN)).then(None)
    shown = sized.with_columns(pl.col(_GROUP).is_in(hidden).alias(_HIDDEN))
    shown = shown.with_columns(blank.otherwise(pl.col(name)).alias(name) for name in minimum.by)
    shown = shown.drop(_GROUP, _SIZE, _HIDDEN, *([minimum.person] if minimum.person else []))
    others = [name for name in shown.columns if name not in minimum.by]
    return Folded(shown.sort(*minimum.by, *others, nulls_last=True), groups.height - len(hidden), len(hidden))


def _members(sized: pl.DataFrame, groups: list[int], members: pl.Expr) -> int:
    count: int = sized.filter(pl.col(_GROUP).is_in(groups)).select(members).item()
    return count
