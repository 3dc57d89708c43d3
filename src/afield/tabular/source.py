"""A table in a file as a source: each row with its outcome; what cannot be believed is set aside with its reason."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from afield.data.clean import Rule, clean
from afield.data.fingerprint import fingerprint
from afield.data.reading import columns_of, require_columns
from afield.data.repair import Repair, patched
from afield.data.sources import Extract
from afield.errors import DataError
from afield.tabular.columns import Columns, identifier
from afield.tabular.tables import OUTCOMES, ROWS

FORMATS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
ABSENT = ("", "na", "n/a", "nan", "null", "none", "-")
PARSED = "read "
AGAIN = re.compile(r"(.*)_duplicated_\d+")
"""How Polars calls a column whose name the header of a CSV has already."""
AT, TRUTH = f"{PARSED}at", f"{PARSED}truth"
YES, NO = ("1", "1.0", "true", "yes", "y"), ("0", "0.0", "false", "no", "n")


@dataclass(frozen=True, slots=True)
class TableFile:
    """Rows of a CSV or Parquet file; a `Source`.

    Attributes:
        path: the file; its header is read by `identifier`.
        columns: what a row has.
        delay: an outcome is known so long after its row.
        generated: whether the rows were made up.
        repairs: of rows that were set aside before.
    """

    path: Path
    columns: Columns
    delay: timedelta
    generated: bool = False
    repairs: tuple[Repair, ...] = ()

    def mended(self, repairs: Sequence[Repair]) -> "TableFile":
        """The same file with these rows as they are repaired."""
        return replace(self, repairs=tuple(repairs))

    def fingerprint(self) -> str:
        """SHA-256 (hex) over the file and what is read of it."""
        return fingerprint([self.path], salt=repr((self.columns.features, self.columns.target, self.delay)))

    def read(self) -> Extract:
        """Rows and outcomes; a row without an outcome is kept, and nothing is learned from it.

        Raises:
            DataError: the file is damaged, empty, lacks a column, or holds no row that can be used.
        """
        text = read_text(self.path)
        require_columns(self.path, text.columns, [self.columns.time, self.columns.target, *self.columns.asked])
        placed = text.with_row_index("row", offset=1).with_columns(
            pl.col("row").cast(pl.Int64), source=pl.lit(self.path.name)
        )
        parsed = self._parsed(patched(placed, self.repairs, text.columns))
        cleaned = clean(parsed, tuple(self._rules()), text.columns)
        kept = cleaned.kept
        if kept.is_empty():
            raise DataError(f"{self.path}: no row can be used; of the first, {cleaned.quarantined['reason'][0]}")
        row, outcome = pl.concat_str(pl.lit(f"{self.path.stem}-"), "row"), pl.col(TRUTH).is_not_null()
        asked = (pl.col(f"{PARSED}{name}").alias(name) for name in self.columns.numbers)
        at = pl.col(AT).alias("at")
        rows = kept.select(row.alias("row"), at, at.alias("known_at"), *asked, *self.columns.categories)
        later = (pl.col(AT) + self.delay).alias("known_at")
        known = kept.filter(outcome)
        outcomes = known.select(row.alias("outcome"), at, later, row.alias("row"), pl.col(TRUTH).alias("value"))
        open_rows = kept.height - known.height
        return Extract(
            tables={ROWS: rows.lazy(), OUTCOMES: outcomes.lazy()},
            rows_read=text.height,
            quarantined=cleaned.quarantined,
            positions={ROWS: kept.select("source", "row").lazy()},
            messages=(f"{open_rows:,} rows have no {self.columns.target} yet",) if open_rows else (),
            generated=self.generated,
        )

    def _parsed(self, text: pl.DataFrame) -> pl.DataFrame:
        """The texts, and beside them what they say, null where they cannot be read."""
        numbers = (number(name).alias(f"{PARSED}{name}") for name in self.columns.numbers)
        return text.with_columns(moment(self.columns.time).alias(AT), truth(self.columns).alias(TRUTH), *numbers)

    def _rules(self) -> Iterator[Rule]:
        columns = self.columns
        yield Rule("unreadable_time", columns.time, "its time is missing or cannot be read", pl.col(AT).is_null())
        for name in columns.numbers:
            unread = written(name) & pl.col(f"{PARSED}{name}").is_null()
            yield Rule("unreadable_number", name, f"its {name} is not a finite number", unread)
        unread = written(columns.target) & pl.col(TRUTH).is_null()
        yield Rule("unreadable_target", columns.target, f"its {columns.target} cannot be read", unread)
        if columns.kind == "count":
            part = pl.col(TRUTH) % 1 != 0
            reason = f"its {columns.target} is not a whole number from 0"
            yield Rule("no_count", columns.target, reason, (pl.col(TRUTH) < 0) | part)


def read_text(path: Path) -> pl.DataFrame:
    """The file with every value as text, its header by `identifier`.

    Raises:
        DataError: it is not there, damaged or empty, or two columns have the same name.
    """
    header = columns_of(path)
    other = next((mark for mark in (";", "\t", "|") if len(header) == 1 and mark in header[0]), None)
    if other is not None:
        raise DataError(f"{path}: its columns are separated by {other!r}; write it again with commas")
    again = next((found[1] for name in header if (found := AGAIN.fullmatch(name)) and found[1] in header), None)
    if again is not None:
        raise DataError(f"{path}: two columns are called {again!r}; rename one in the file")
    names = [identifier(name) for name in header]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: two columns are called {twice!r} here; rename one in the file")
    try:
        if path.suffix.lower() == ".csv":
            frame = pl.read_csv(path, infer_schema=False)
        else:
            frame = pl.read_parquet(path).select(pl.all().cast(pl.String))
    except (PolarsError, OSError) as error:
        raise DataError(f"{path}: cannot be read ({error}); write it again as CSV or Parquet") from error
    if frame.is_empty():
        raise DataError(f"{path}: holds no row")
    return frame.rename(dict(zip(header, names, strict=True)))


def moment(name: str) -> pl.Expr:
    """A text column as moments, on the clock of the place; null where it cannot be read."""
    plain = pl.col(name).str.strip_chars().str.replace(r"(Z|[+-]\d\d:?\d\d)$", "")
    return pl.coalesce(plain.str.to_datetime(form, strict=False, time_unit="us") for form in FORMATS)


def written(name: str) -> pl.Expr:
    """Whether a text column says anything."""
    return ~pl.col(name).str.strip_chars().str.to_lowercase().is_in(ABSENT).fill_null(value=True)


def number(name: str) -> pl.Expr:
    """A text column as finite numbers; null where it cannot be read."""
    read = pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(read.is_finite()).then(read)


def truth(columns: Columns) -> pl.Expr:
    """The target as a number: 1 and 0 of yes and no; null where it is not known."""
    if columns.kind != "yes_or_no":
        return number(columns.target)
    said = pl.col(columns.target).str.strip_chars().str.to_lowercase()
    if columns.positive:
        return pl.when(written(columns.target)).then((said == columns.positive.lower()).cast(pl.Float64))
    return pl.when(said.is_in(YES)).then(1.0).when(said.is_in(NO)).then(0.0)
