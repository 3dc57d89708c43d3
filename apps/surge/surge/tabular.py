"""Any CSV or Parquet file of ride orders: UserId, PickupLocation, TargetLocation, OrderTime, PickupTime."""

import csv
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from afield.data.clean import Rule, clean
from afield.data.fingerprint import fingerprint
from afield.data.reading import columns_of, require_columns
from afield.data.repair import Repair, patched
from afield.data.sources import Extract
from afield.errors import DataError
from surge.cleaning import far_from_the_others
from surge.tables import SCHEMAS, empty, typed

COLUMNS = ("UserId", "PickupLocation", "TargetLocation", "OrderTime", "PickupTime")
OURS = ("user_id", "pickup_location", "target_location", "order_time", "pickup_time")
PRIVATE = ("UserId",)
TIME_OF_DAY = r"^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$"
QUOTED = r'"[^"]*"'
CUT = "cut_short"
FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")


@dataclass(frozen=True, slots=True)
class OrderFile:
    """Orders of one file; a `Source`.

    User, target and either time may be empty; zones are whole numbers; times are local clock, without a
    zone. The file knows no map and no weather: its zones are those where somebody was picked up.

    Attributes:
        path: a `.csv` or `.parquet` file.
        day: the day of times that are given as times of day (18:23); a pickup earlier than its order is
            on the next day.
        cache: file that remembers digests of unchanged files, or None.
        repairs: of rows that were set aside before.
    """

    path: Path
    day: date | None = None
    cache: Path | None = None
    repairs: tuple[Repair, ...] = ()

    def mended(self, repairs: Sequence[Repair]) -> "OrderFile":
        """The same file with these rows as they are repaired."""
        return replace(self, repairs=tuple(repairs))

    def read(self) -> Extract:
        """Orders of the file; rows that cannot be read are set aside with row and field.

        Raises:
            DataError: the file is damaged or empty, lacks a column, needs a date, or has no usable row.
        """
        header = columns_of(self.path)
        text = self._repaired(self._text(header))
        if self.day is None:
            self._refuse_times_of_day(text)
        parsed = text.with_columns(
            _whole("PickupLocation"), _whole("TargetLocation"), _moment("OrderTime", self.day), self._pickup()
        )
        cleaned = clean(
            parsed.with_columns(
                at=pl.coalesce("order_time", "pickup_time"),
                repeated=pl.col("UserId").is_not_null() & ~pl.struct(COLUMNS).is_first_distinct(),
            ),
            (*_cut(header), *_RULES),
            COLUMNS,
        )
        if cleaned.kept.is_empty():
            first = cleaned.quarantined.row(0, named=True)
            raise DataError(
                f"{self.path}: no row can be used; the first, row {first['row']}, has {first['field']}: "
                f"{first['reason']}"
            )
        orders = cleaned.kept.with_columns(
            user_id=pl.col("UserId"),
            known_at="at",
            order_id=pl.format("{}:{}", pl.lit(self.path.stem), "row"),
        ).sort("at", "order_id")
        return Extract(
            tables={
                **{name: empty(name) for name in SCHEMAS if name != "capacity"},
                "orders": typed("orders", orders).lazy(),
                "zones": _zones(orders).lazy(),
                "coverage": _coverage(orders).lazy(),
            },
            rows_read=text.height,
            quarantined=cleaned.quarantined,
            positions={"orders": orders.select("source", "row").lazy()},
            private=PRIVATE,
            messages=(
                f"{self.path} is read without weather, events, holidays and neighbours: it knows orders only",
                *self._told(cleaned.quarantined.filter(pl.col("rule") == CUT)),
            ),
        )

    def fingerprint(self) -> str:
        """Digest of the file and the date."""
        return fingerprint([self.path], self.cache, salt=str(self.day))

    def _text(self, header: Sequence[str]) -> pl.DataFrame:
        """The five columns as trimmed text, empty ones null, with `source`, `row` and `fields`, how many it has."""
        require_columns(self.path, header, COLUMNS)
        try:
            if self.path.suffix.lower() == ".csv":
                frame = pl.read_csv(self.path, columns=list(COLUMNS), infer_schema=False)
            else:
                frame = pl.read_parquet(self.path, columns=list(COLUMNS))
        except (PolarsError, OSError) as error:
            with suppress(csv.Error, OSError):  # what cannot be read at all is told below
                self._refuse_more_fields(len(header))
            raise DataError(
                f"{self.path}: cannot be read ({str(error).splitlines()[0]}); repair or replace it"
            ) from error
        if frame.is_empty():
            raise DataError(f"{self.path}: holds no order; give a file with at least one row")
        for name in ("OrderTime", "PickupTime"):
            kind = frame.schema[name]
            if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
                raise DataError(
                    f"{self.path}: column {name} has time zone {kind.time_zone}; convert it to local clock time "
                    "without a zone"
                )
        return (
            frame.select(pl.col(name).cast(pl.String).str.strip_chars() for name in COLUMNS)
            .with_columns(pl.when(pl.all() != "").then(pl.all()))
            .with_row_index("row", offset=1)
            .with_columns(
                pl.col("row").cast(pl.Int64), source=pl.lit(self.path.name), fields=self._fields(frame.height)
            )
        )

    def _repaired(self, text: pl.DataFrame) -> pl.DataFrame:
        """The rows with repairs put in; a repaired row ends where it should."""
        rows = [each.row for each in self.repairs if each.source == self.path.name]
        held = patched(text, self.repairs, COLUMNS, PRIVATE)
        return held.with_columns(fields=pl.when(~pl.col("row").is_in(rows)).then("fields")) if rows else held

    def _fields(self, rows: int) -> pl.Series:
        """How many fields each row of a CSV file has; null where that cannot be told."""
        unknown = pl.Series([None], dtype=pl.UInt32).new_from_index(0, rows)
        if self.path.suffix.lower() != ".csv":
            return unknown
        lines = pl.read_csv(self.path, separator="\x1f", quote_char=None, infer_schema=False).to_series()
        # Where a quoted field holds a line break, lines are no rows.
        return lines.str.replace_all(QUOTED, "").str.count_matches(",") + 1 if len(lines) == rows else unknown

    def _refuse_more_fields(self, known: int) -> None:
        """Name the first row that has more fields than the header, where that is why a file cannot be read."""
        if self.path.suffix.lower() != ".csv":
            return
        with self.path.open(encoding="utf-8", errors="replace", newline="") as lines:
            for row, fields in enumerate(csv.reader(lines)):
                if len(fields) > known:
                    raise DataError(
                        f"{self.path}: row {row} has {len(fields)} fields, the header has {known}; put quotes around a "
                        "field that holds a comma, or take the row out"
                    )

    def _told(self, cut: pl.DataFrame) -> tuple[str, ...]:
        """What is said of rows that end early."""
        if cut.is_empty():
            return ()
        first, more = cut.row(0, named=True), cut.height - 1
        also = f"; so do {more:,} more" if more else ""
        return (f"{self.path}: row {first['row']} ends before {first['field']} and is set aside{also}",)

    def _refuse_times_of_day(self, text: pl.DataFrame) -> None:
        for name in ("OrderTime", "PickupTime"):
            found = text.filter(pl.col(name).str.contains(TIME_OF_DAY))
            if not found.is_empty():
                raise DataError(
                    f"{self.path}: row {found['row'][0]}, {name} is {found[name][0]!r}, a time of day; "
                    "say which day with the option date=YYYY-MM-DD"
                )

    def _pickup(self) -> pl.Expr:
        """The pickup; one given as a time of day that lies before the order is on the next day."""
        pickup, order = _moment("PickupTime", self.day), _moment("OrderTime", self.day)
        wraps = pl.col("PickupTime").str.contains(TIME_OF_DAY) & (pickup < order)
        return pl.when(wraps).then(pickup.dt.offset_by("1d")).otherwise(pickup).alias("pickup_time")


def _whole(name: str) -> pl.Expr:
    """A zone; 7.0 is 7, as a column with gaps is often written."""
    return pl.col(name).str.replace(r"\.0+$", "").cast(pl.Int32, strict=False).alias(OURS[COLUMNS.index(name)])


def _moment(name: str, day: date | None) -> pl.Expr:
    text = pl.col(name).str.replace("T", " ", literal=True)
    parsed = [text.str.to_datetime(pattern, time_unit="us", strict=False) for pattern in FORMATS]
    if day is not None:
        on_day = pl.format("{} {}", pl.lit(day.isoformat()), text.str.zfill(5).str.replace(r"^(\d):", "0$1:"))
        parsed += [on_day.str.to_datetime(pattern, time_unit="us", strict=False) for pattern in FORMATS]
    return pl.coalesce(parsed).alias(OURS[COLUMNS.index(name)])


def _zones(orders: pl.DataFrame) -> pl.DataFrame:
    seen = orders.select(location_id="pickup_location").unique().sort("location_id")
    return typed("zones", seen.with_columns(borough=pl.lit(""), zone=pl.lit(""), lon=pl.lit(None), lat=pl.lit(None)))


def _coverage(orders: pl.DataFrame) -> pl.DataFrame:
    first, last = pl.col("at").min().dt.truncate("1h"), pl.col("at").max().dt.truncate("1h")
    return typed("coverage", orders.select(start=first, end=last.dt.offset_by("1h")))


def _cut(header: Sequence[str]) -> list[Rule]:
    """For each column, the rule that a row does not end before it."""
    reason = "the row ends before this field: it has fewer fields than the header"
    return [Rule(CUT, name, reason, pl.col("fields") == place) for place, name in enumerate(header)]


def _unread(name: str) -> pl.Expr:
    return pl.col(name).is_not_null() & pl.col(OURS[COLUMNS.index(name)]).is_null()


_RULES = (
    Rule(
        "unknown_zone",
        "PickupLocation",
        "the pickup zone is missing or not a whole number",
        pl.col("pickup_location").is_null(),
    ),
    Rule("unreadable_zone", "TargetLocation", "the zone is not a whole number", _unread("TargetLocation")),
    *(
        Rule("unreadable_time", name, "not a time: write 2024-05-31 18:23:05, local clock, no zone", _unread(name))
        for name in ("OrderTime", "PickupTime")
    ),
    Rule("no_time", "OrderTime", "neither order time nor pickup time is given", pl.col("at").is_null()),
    Rule(
        "outside_period",
        "OrderTime",
        "the time lies years from the others: a clock or a year was wrong",
        far_from_the_others(pl.col("at")),
    ),
    Rule(
        "pickup_before_order",
        "PickupTime",
        "the rider was picked up before asking, so the times cannot be trusted",
        pl.col("pickup_time") < pl.col("order_time"),
    ),
    Rule("repeated", "UserId", "the same order of the same rider is there already", pl.col("repeated")),
)
