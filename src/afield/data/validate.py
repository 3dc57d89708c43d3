"""Tables held to their contracts: rows that keep them, rows set aside with rule and position, tables refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import new_class
from typing import cast

import dataframely as dy
import polars as pl

from afield.data.clean import as_raw
from afield.data.contract import Contract
from afield.data.sources import QUARANTINE

ROW = "_row"
KEY = "primary_key"
REFERENCE = "reference:"

# Polars holds that NaN is above every number, so the bounds would speak first.
_NO_VALUE = ("|nullability", "|nan", "|inf")
_WORDS = {
    "nullability": "missing",
    "nan": "not a number",
    "inf": "infinite",
    "min": "below {0.min}",
    "max": "above {0.max}",
    "min_exclusive": "not above {0.min_exclusive}",
    "max_exclusive": "not below {0.max_exclusive}",
    "is_in": "none of the values that are allowed",
    "unique": "the same as in another row",
    "regex": "not of the form {0.regex}",
    "min_length": "shorter than {0.min_length}",
    "max_length": "longer than {0.max_length}",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: `count` rows of `table` break `rule` at `field`; `row` is the first, from 1."""

    table: str
    rule: str
    field: str
    count: int
    row: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Held:
    """What holding a table to its contract came to: `kept` and `broken` together are the rows that came in.

    Attributes:
        kept: rows that keep it, in their order.
        broken: rows that do not, columns as in `QUARANTINE`; each once, by the first rule that it breaks.
        findings: every rule that is broken, with how many rows break it.
        refused: promises of the table as a whole that are broken; no row is believed then.
    """

    kept: pl.DataFrame
    broken: pl.DataFrame
    findings: tuple[Finding, ...] = ()
    refused: tuple[Finding, ...] = ()


def check(contract: Contract, tables: Mapping[str, pl.LazyFrame]) -> tuple[Finding, ...]:
    """What breaks the contract of a table; nothing where it holds."""
    held = hold(contract, tables)
    return (*held.findings, *held.refused)


def hold(contract: Contract, tables: Mapping[str, pl.LazyFrame], positions: pl.LazyFrame | None = None) -> Held:
    """The rows of a table that keep its contract, and those that do not.

    Args:
        contract: of the table.
        tables: the table and those that it refers to.
        positions: `source` and `row` of each row; None: the table's name, and the number of the row from 1.
    """
    name = contract.table
    none = Held(pl.DataFrame(), pl.DataFrame(schema=QUARANTINE))
    for needed in (name, *(reference.table for reference in contract.references)):
        if needed not in tables:
            words = f"table {needed} is missing; the source must give it"
            return Held(none.kept, none.broken, (), (Finding(name, "table", "", 0, None, words),))
    wrong = tuple(_typed(contract, tables[name].collect_schema()))
    if wrong:
        return Held(none.kept, none.broken, (), wrong)
    frame = tables[name].collect()
    rules = _Rules(contract, tables)
    failed = rules.failed(frame)
    findings = tuple(rules.findings(failed, frame.height))
    broken = rules.quarantined(failed, None if positions is None else positions.collect())
    kept = frame if failed.is_empty() else frame[_others(frame.height, failed[ROW])]
    return Held(kept, broken, findings, tuple(_whole(contract, kept, broken)))


class _Rules:
    """The rules about rows: those of the schema, with the references added to it."""

    def __init__(self, contract: Contract, tables: Mapping[str, pl.LazyFrame]) -> None:
        """Look up what the references lead to."""
        self._contract = contract
        more: dict[str, object] = {ROW: dy.UInt32()}
        self._words: dict[str, tuple[str, str]] = {}
        for reference in contract.references:
            rule, value = f"{REFERENCE}{reference.column}", pl.col(reference.column)
            there = tables[reference.table].select(pl.col(reference.to).unique()).collect().to_series()
            more[rule] = _rule(value.is_in(there.implode()) | value.is_null())
            self._words[rule] = (reference.column, f"not in {reference.table}.{reference.to}")
        made = new_class(contract.schema.__name__, (contract.schema,), exec_body=lambda space: space.update(more))
        self._schema = cast(type[dy.Schema], made)

    def failed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows that break a rule: their columns, `ROW` from 0, and each rule as `valid`, `invalid` or `unknown`."""
        rows = frame.lazy().select(self._contract.schema.column_names()).with_row_index(ROW)
        key = self._contract.key
        if not key:
            return self._schema.filter(rows).failure.details()
        # Of rows that share a key the first is believed: most are sent twice. The library would believe none.
        again = pl.struct(key).is_first_distinct().not_() & pl.all_horizontal(pl.col(key).is_not_null())
        repeated = frame.lazy().with_row_index(ROW).filter(again).select(ROW).collect()[ROW]
        firsts = rows if repeated.is_empty() else rows.filter(~pl.col(ROW).is_in(repeated.implode()))
        failed = self._schema.filter(firsts).failure.details()
        if repeated.is_empty():
            return failed
        seconds = rows.filter(pl.col(ROW).is_in(repeated.implode())).with_columns(_state(KEY)).collect()
        return pl.concat([failed.with_columns(_state(KEY, "valid")), seconds], how="diagonal_relaxed").sort(ROW)

    def findings(self, failed: pl.DataFrame, rows: int) -> Iterator[Finding]:
        """Each rule that is broken."""
        table = self._contract.table
        for rule in self._broken(failed):
            where = failed.filter(pl.col(rule) == "invalid")[ROW]
            field, words = self._told(rule)
            first = int(where[0]) + 1
            yield Finding(
                table,
                rule.rpartition("|")[2].partition(":")[0],
                field,
                len(where),
                first,
                f"{table}.{field}: {len(where)} of {rows} rows are {words}, first in row {first}; "
                "repair them, or set them aside in cleaning",
            )

    def quarantined(self, failed: pl.DataFrame, positions: pl.DataFrame | None) -> pl.DataFrame:
        """The rows set aside, with the first rule that each breaks."""
        broken = list(self._broken(failed))
        if not broken:
            return pl.DataFrame(schema=QUARANTINE)
        told = {rule: self._told(rule) for rule in broken}
        place = failed.select(source=pl.lit(self._contract.table), row=pl.col(ROW).cast(pl.Int64) + 1)
        if positions is not None:
            place = positions[failed[ROW]].select(pl.col("source"), pl.col("row").cast(pl.Int64))

        def first(texts: Mapping[str, str]) -> pl.Expr:
            return pl.coalesce(*(pl.when(pl.col(rule) == "invalid").then(pl.lit(texts[rule])) for rule in broken))

        return pl.concat(
            [
                place,
                failed.select(
                    rule=first({rule: rule.rpartition("|")[2].partition(":")[0] for rule in broken}),
                    field=first({rule: field for rule, (field, _) in told.items()}),
                    reason=first({rule: f"the value is {words}" for rule, (_, words) in told.items()}),
                    raw=as_raw(failed, self._contract.schema.column_names()),
                ),
            ],
            how="horizontal",
        ).match_to_schema(QUARANTINE)

    def _broken(self, failed: pl.DataFrame) -> Iterator[str]:
        """Names of the rules that are broken: no value at all first, then those about one column."""
        columns = {*self._contract.schema.column_names(), ROW}
        rules = [name for name in failed.columns if name not in columns]
        for rule in sorted(rules, key=lambda name: ("|" not in name, not name.endswith(_NO_VALUE))):
            if (failed[rule] == "invalid").any():
                yield rule

    def _told(self, rule: str) -> tuple[str, str]:
        """The field that a rule is about, and what its value is where the rule is broken."""
        if rule in self._words:
            return self._words[rule]
        if rule == KEY:
            return ", ".join(self._contract.key), "the key of an earlier row again"
        field, between, kind = rule.partition("|")
        if between:
            words = _WORDS.get(kind, f"against {kind.removeprefix('check__').replace('_', ' ')}")
            return field, words.format(self._contract.schema.columns()[field])
        asked: pl.Expr = getattr(self._contract.schema, rule).validation_fn(self._contract.schema)
        return ", ".join(dict.fromkeys(asked.meta.root_names())), f"against the rule {rule.replace('_', ' ')!r}"


def _rule(good: pl.Expr) -> object:
    """A rule of the library that holds where `good` does."""

    def holds(_: object) -> pl.Expr:
        return good

    return dy.rule()(holds)


def _state(rule: str, state: str = "invalid") -> pl.Expr:
    return pl.lit(state, dtype=pl.Enum(["valid", "invalid", "unknown"])).alias(rule)


def _others(height: int, rows: pl.Series) -> pl.Series:
    """The numbers of the rows that are not among `rows`."""
    return pl.int_range(height, dtype=pl.UInt32, eager=True).filter(
        ~pl.int_range(height, dtype=pl.UInt32, eager=True).is_in(rows.implode())
    )


def _typed(contract: Contract, there: pl.Schema) -> Iterator[Finding]:
    """Columns that are missing or of another type: nothing can be said of their rows."""
    table = contract.table
    for name, column in contract.schema.columns().items():
        found = there.get(name)
        if found is None:
            words = f"is missing; the table has {', '.join(there)}"
        elif not column.validate_dtype(found):
            words = f"is {found}, {column.dtype} is promised; cast it where the source reads it"
        else:
            continue
        yield Finding(table, "type", name, 0, None, f"{table}.{name} {words}")


def _whole(contract: Contract, kept: pl.DataFrame, broken: pl.DataFrame) -> Iterator[Finding]:
    """Promises of the table as a whole that what is kept breaks."""
    table = contract.table
    if contract.filled and kept.is_empty():
        first = broken.row(0, named=True) if broken.height else None
        why = (
            f"all of its {broken.height} rows break the contract, the first by {first['field']}: {first['reason']}"
            if first
            else "check the period that was read"
        )
        yield Finding(table, "filled", "", 0, None, f"table {table} has no row; {why}")
    if contract.monotone and kept.height:
        back = kept.select((pl.col(contract.time) < pl.col(contract.time).shift(1)).arg_true()).to_series()
        if len(back):
            first_back = int(back[0]) + 1
            yield Finding(
                table,
                "monotone",
                contract.time,
                len(back),
                first_back,
                f"{table}.{contract.time}: {len(back)} of {kept.height} rows come before the row above, first in row "
                f"{first_back}; give the rows in the order in which they became known",
            )
