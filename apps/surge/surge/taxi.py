"""Taxi files: a folder of monthly trip records as the city publishes them, with context beside them.

Green and yellow trips know the pickup only: order time and user are null, and pickups stand in for demand
(*served demand*). App rides (`request_datetime`) know both times.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from afield.data.clean import clean
from afield.data.fingerprint import fingerprint
from afield.data.reading import columns_of, read_parquet, require_columns
from afield.data.repair import Repair, patched
from afield.data.sources import Extract
from afield.errors import DataError
from surge.cleaning import forget_unknown_targets, mark_reversals, rules
from surge.context import read_context
from surge.tables import MOMENT, typed

RAW = ("order_time", "pickup_time", "dropoff_time", "pickup_location", "target_location", "fare")


@dataclass(frozen=True, slots=True)
class Form:
    """Names of the columns of one service's files; `order` is None where the order time is not recorded."""

    service: str
    pickup: str
    dropoff: str
    order: str | None
    fare: str | None


FORMS = (
    Form("green", "lpep_pickup_datetime", "lpep_dropoff_datetime", None, "fare_amount"),
    Form("yellow", "tpep_pickup_datetime", "tpep_dropoff_datetime", None, "fare_amount"),
    Form("app", "pickup_datetime", "dropoff_datetime", "request_datetime", None),
)


@dataclass(frozen=True, slots=True)
class TaxiFiles:
    """Trips of a folder, or of one file; a `Source`.

    Attributes:
        path: the folder (its files, or those in its `trips/`), or one Parquet file.
        earlier_years: read `trips_earlier_years/` too; months between are then absent, see `coverage`.
        cache: file that remembers digests of unchanged files, or None.
        repairs: of rows that were set aside before.
    """

    path: Path
    earlier_years: bool = False
    cache: Path | None = None
    repairs: tuple[Repair, ...] = ()

    def mended(self, repairs: Sequence[Repair]) -> "TaxiFiles":
        """The same files with these rows as they are repaired."""
        return replace(self, repairs=tuple(repairs))

    def read(self) -> Extract:
        """Orders of every month with their context.

        Raises:
            DataError: a file is damaged, empty, twice there, or lacks a column.
        """
        trips = self._trips()
        folder = self.path if self.path.is_dir() else self.path.parent
        tables, messages, aside = read_context(folder)
        zones = tables["zones"].select("location_id").collect()["location_id"].to_list()
        forms = {path: form_of(path) for path in trips}
        if len(set(forms.values())) > 1:
            found = ", ".join(sorted({form.service for form in forms.values()}))
            raise DataError(f"{self.path}: holds trips of several services ({found}); give each a folder of its own")
        raw = patched(pl.concat([_read(path, form) for path, form in forms.items()]), self.repairs, RAW)
        known = mark_reversals(raw.with_columns(at=pl.coalesce("order_time", "pickup_time")))
        cleaned = clean(known, rules(zones), RAW)
        for path in trips:
            if cleaned.kept.filter(pl.col("source") == path.name).is_empty():
                raise DataError(
                    f"{path}: no row of it can be used; download it again, or take it out of the folder. "
                    f"First row set aside: {_first_reason(cleaned.quarantined, path.name)}"
                )
        orders = forget_unknown_targets(cleaned.kept, zones).sort("at", "order_id")
        coverage = _coverage(cleaned.kept)
        return Extract(
            tables={
                **tables,
                "orders": typed("orders", _as_known(orders)).lazy(),
                "coverage": coverage.lazy(),
            },
            rows_read=raw.height,
            quarantined=cleaned.quarantined,
            aside=aside,
            positions={"orders": orders.select("source", "row").lazy()},
            messages=(*messages, *self._told(coverage), *_unknown_weather(tables["weather"], coverage)),
        )

    def fingerprint(self) -> str:
        """Digest of every file that `read` would open."""
        folder = self.path if self.path.is_dir() else self.path.parent
        return fingerprint([*self._trips(), *folder.glob("*.parquet")], self.cache)

    def _trips(self) -> list[Path]:
        if self.path.is_file():
            return [self.path]
        places = [self.path, self.path / "trips"]
        if self.earlier_years:
            places.append(self.path / "trips_earlier_years")
        found = [path for place in places for path in sorted(place.glob("*_tripdata_*.parquet"))]
        if not found:
            raise DataError(
                f"{self.path}: holds no *_tripdata_YYYY-MM.parquet, neither directly nor in trips/; "
                "name a folder of taxi files, a CSV or Parquet file of orders, or fetch months first"
            )
        twice = sorted({path.name for path in found if [other.name for other in found].count(path.name) > 1})
        if twice:
            raise DataError(f"{self.path}: {', '.join(twice)} is there twice; remove one, or its rides count double")
        return found

    def _told(self, coverage: pl.DataFrame) -> list[str]:
        told = []
        if coverage.height > 1:
            told.append(f"the months are not consecutive: {coverage.height} stretches, nothing is known between them")
        left = self.path / "trips_earlier_years"
        if not self.earlier_years and left.is_dir():
            told.append(f"{left} is left aside; the option earlier_years=yes reads it too")
        return told


def form_of(path: Path) -> Form:
    """The form whose columns the file has.

    Raises:
        DataError: it lacks a column, named.
    """
    present = columns_of(path)
    chosen = next((form for form in FORMS if form.pickup in present or form.dropoff in present), FORMS[0])
    required = [chosen.pickup, chosen.dropoff, chosen.order, "PULocationID", "DOLocationID", chosen.fare]
    require_columns(path, present, [name for name in required if name is not None])
    return chosen


def _read(path: Path, form: Form) -> pl.DataFrame:
    fields: tuple[tuple[str | None, str, DataType | DataTypeClass], ...] = (
        (form.order, "order_time", MOMENT),
        (form.pickup, "pickup_time", MOMENT),
        (form.dropoff, "dropoff_time", MOMENT),
        ("PULocationID", "pickup_location", pl.Int32),
        ("DOLocationID", "target_location", pl.Int32),
        (form.fare, "fare", pl.Float64),
    )
    start, end = _period(path)
    return (
        read_parquet(path, {name: kind for name, _, kind in fields if name is not None})
        .select(
            pl.lit(None, dtype=kind).alias(ours) if name is None else pl.col(name).alias(ours)
            for name, ours, kind in fields
        )
        .with_row_index("row", offset=1)
        .with_columns(
            pl.col("row").cast(pl.Int64),
            source=pl.lit(path.name),
            order_id=pl.format("{}:{}", pl.lit(path.stem), "row"),
            user_id=pl.lit(None, dtype=pl.String),
            period_start=pl.lit(start, dtype=MOMENT),
            period_end=pl.lit(end, dtype=MOMENT),
        )
    )


def _period(path: Path) -> tuple[datetime | None, datetime | None]:
    """The month in the file's name, half-open; nothing where the name has none."""
    month = re.search(r"(\d{4})-(\d{2})(?!\d)", path.stem)
    if not month or not 1 <= int(month[2]) <= 12:
        return None, None
    start = datetime(int(month[1]), int(month[2]), 1)
    return start, datetime(start.year + start.month // 12, start.month % 12 + 1, 1)


def _coverage(kept: pl.DataFrame) -> pl.DataFrame:
    """Stretches of consecutive months (or the span of a file without a month in its name)."""
    spans = (
        kept.group_by("source")
        .agg(
            start=pl.coalesce(pl.col("period_start").first(), pl.col("at").min()),
            end=pl.coalesce(pl.col("period_end").first(), pl.col("at").max() + pl.duration(microseconds=1)),
        )
        .sort("start")
    )
    fresh = (pl.col("start") > pl.col("end").shift(1)).fill_null(value=True)
    merged = spans.group_by(fresh.cum_sum().alias("stretch")).agg(pl.col("start").min(), pl.col("end").max())
    return typed("coverage", merged.sort("start"))


def _unknown_weather(weather: pl.LazyFrame, coverage: pl.DataFrame) -> list[str]:
    """A sentence where the hourly weather does not reach over the whole period."""
    first, last = weather.select(pl.col("at").min(), last=pl.col("at").max()).collect().row(0)
    start, end = coverage.row(0)[0], coverage.row(-1)[1]
    if first is None or (first <= start and last >= end - timedelta(hours=6)):
        return []
    return [f"hourly weather is known from {first} to {last} only; outside that, weather features stay empty"]


def _first_reason(quarantined: pl.DataFrame, source: str) -> str:
    first = quarantined.filter(pl.col("source") == source).head(1).to_dicts()[0]
    return f"row {first['row']}, {first['field']}: {first['reason']}"


def _as_known(orders: pl.DataFrame) -> pl.DataFrame:
    """The orders with when each was known. Where nobody ordered, nobody said where to: that shows at the drop-off."""
    hailed = pl.col("order_time").is_null()
    return orders.with_columns(known_at="at", target_known_at=pl.when(hailed).then(pl.col("dropoff_time")))
