"""Feature columns for a spine, batch or one tick, through one function."""

from datetime import datetime

import polars as pl

from afield.errors import FeatureError
from afield.features.feature import HAS_HISTORY, FeatureSet, History

KNOWN = "known_at"
HAPPENED = "at"


def compute(feature_set: FeatureSet, spine: pl.DataFrame, history: History) -> pl.DataFrame:
    """Spine keys and origin, `has_history`, and one float64 column per feature; the spine's rows in their order.

    The history is first cut to what the declared lookback of the earliest row allows and to what was known
    before the latest, so that a tick and a batch see the same facts.

    Raises:
        FeatureError: the spine lacks a key, or the function gives other rows or columns than it declares.
    """
    held = (*feature_set.keys, feature_set.origin)
    missing = [name for name in held if name not in spine.columns]
    if missing:
        raise FeatureError(f"the spine lacks {', '.join(missing)}; it has {', '.join(spine.columns)}")
    if spine.is_empty():
        schema = {**{name: spine.schema[name] for name in held}, HAS_HISTORY: pl.Boolean()}
        return pl.DataFrame(schema={**schema, **dict.fromkeys(feature_set.names, pl.Float64())})
    first, last = _span(spine, feature_set.origin)
    facts = known(history, since=first - feature_set.lookback, before=last)
    columns = feature_set.compute(spine.lazy().select(held), facts).collect()
    lacking = [name for name in (*held, HAS_HISTORY, *feature_set.names) if name not in columns.columns]
    if lacking:
        raise FeatureError(f"the feature function gives no column {', '.join(lacking)}; it declares it")
    if columns.height != spine.height:
        raise FeatureError(f"the feature function gives {columns.height} rows for a spine of {spine.height}")
    return columns.select(
        *held, pl.col(HAS_HISTORY).cast(pl.Boolean), *(pl.col(name).cast(pl.Float64) for name in feature_set.names)
    )


def known(history: History, *, since: datetime | None = None, before: datetime | None = None) -> History:
    """The history with facts known in `[.., before)` that happened at or after `since`.

    Only tables with a column `known_at` hold facts; the lookback cuts those that also have `at` (a schedule,
    known long before, has none and is kept). Static tables pass whole.
    """
    return {name: _cut(table, since, before) for name, table in history.items()}


def _cut(table: pl.LazyFrame, since: datetime | None, before: datetime | None) -> pl.LazyFrame:
    columns = table.collect_schema().names()
    if KNOWN not in columns:
        return table
    kept = table
    if before is not None:
        kept = kept.filter(pl.col(KNOWN) < before)
    if since is not None and HAPPENED in columns:
        kept = kept.filter(pl.col(HAPPENED) >= since)
    return kept


def _span(spine: pl.DataFrame, origin: str) -> tuple[datetime, datetime]:
    first, last = spine[origin].min(), spine[origin].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        raise FeatureError(
            f"the spine's origin {origin!r} must be a Datetime without nulls, not {spine.schema[origin]}"
        )
    return first, last
