"""The static design: a release compiled into the product, answered from through the one inference path, no network."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.errors import ContradictionError, ReleaseError, UsageError
from afield.records.applied import STATIC
from afield.records.decision import ControlState
from afield.records.facts import FeatureRows
from afield.records.table import TABLE_SCHEMA, Column, Table
from afield.records.traffic import Answer, Query
from afield.serving.draft import Decided, Draft
from afield.serving.inference import Outputs
from afield.serving.levels import numbers
from afield.serving.predictor import Predictor
from afield.serving.releases import Release
from afield.serving.situation import Situation

LARGEST_TABLE = 2**28
COMPILED = "static.json"
"""File of a release under `tables/`: its table, for when there are no facts."""


@dataclass(frozen=True, slots=True)
class Edition:
    """How a release is compiled into a product.

    Attributes:
        regimes: what a product can tell without facts → the features as they are then; the first is the usual one.
        cell: length of one cell of the table.
        cycle: after which the cells repeat, counted from a Monday at midnight.
        rounds: how many of the newest cycles a cell is the mean of.
        lasts: age of the facts from which the table says nothing any more.
        slim: `module:function` that makes the contents of a smaller edition out of those of a release
            (`afield.exchange.editing.Slim`), for an application that finds its features in the request; "": all of it.
        memory: bytes of memory that a process which holds nothing but the edition may take at most; 0: not stated.
        seconds: of processor that an answer may take, the proxy of its energy; 0: not stated.
    """

    regimes: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: {"usual": {}})
    cell: timedelta = timedelta(hours=1)
    cycle: timedelta = timedelta(days=7)
    rounds: int = 4
    lasts: timedelta = timedelta(days=182)
    slim: str = ""
    memory: int = 0
    seconds: float = 0.0


class Lookup:
    """A table, opened: what it says of keys at a moment."""

    def __init__(self, table: Table) -> None:
        """Look up in `table`.

        Raises:
            ReleaseError: a column has not one number for each regime, cell and key.
        """
        self.table = table
        self._shape = (len(table.regimes), table.cells, len(table.keys))
        self._values = {name: _values(name, column, self._shape) for name, column in table.outputs.items()}
        self._places = {key: place for place, key in enumerate(table.keys)}
        self._cell = timedelta(seconds=table.cell)

    @classmethod
    def opened(cls, raw: bytes) -> "Lookup":
        """The table in the bytes of `table.json`.

        Raises:
            ReleaseError: they are no table of this schema.
        """
        if len(raw) > LARGEST_TABLE:
            raise ReleaseError(f"a table of {len(raw)} bytes; at most {LARGEST_TABLE} are read")
        try:
            table = msgspec.json.decode(raw, type=Table)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ReleaseError(f"table.json: {error}; export the release again") from error
        if table.schema > TABLE_SCHEMA:
            raise ReleaseError(f"table.json has schema {table.schema}, newer than {TABLE_SCHEMA}; upgrade afield")
        return cls(table)

    def cell(self, at: datetime) -> int:
        """The cell of a moment."""
        return int((at - self.table.start) // self._cell) % self.table.cells

    def outputs(self, keys: tuple[str, ...], at: datetime, regime: str = "") -> Outputs:
        """What the table says of `keys` at a moment, each of shape `(len(keys),)`; NaN of a key that it has not.

        Raises:
            UsageError: the table does not have the regime.
        """
        block, places = self.block(regime), [self._places.get(key) for key in keys]
        cell = self.cell(at)
        return {
            name: np.array([np.nan if place is None else values[block, cell, place] for place in places])
            for name, values in self._values.items()
        }

    def early(self, at: datetime) -> str:
        """That a moment lies more than a cycle before the facts end, in words; "" where it does not."""
        known = self.table.as_of - at <= self.table.cells * self._cell
        return "" if known else f"{at} lies long before the facts, which end at {self.table.as_of}; set the clock"

    def spoken(self, keys: tuple[str, ...], at: datetime) -> Outputs | None:
        """What the table says of `keys` in the usual regime; None once it has outlived its time."""
        lasts = timedelta(seconds=self.table.lasts)
        return self.outputs(keys, at) if at - self.table.as_of <= lasts else None

    def rows(self, at: datetime, regime: str = "") -> FeatureRows:
        """The table at the tick that `at` lies in, as feature rows: a column for each output, a row for each key.

        Raises:
            UsageError: the table does not have the regime.
        """
        table, step = self.table, timedelta(seconds=self.table.step)
        tick = at - (at - table.start) % step
        block, cell = self.block(regime), self.cell(tick)
        columns = {name: values[block, cell] for name, values in self._values.items()}
        version = f"{table.release}:{table.regimes[block]}:{cell}"
        return FeatureRows(version, "", tick, table.as_of, table.keys, columns)

    def infer(self, rows: Mapping[str, NDArray[np.float64]], _: object) -> Outputs:
        """The outputs, which stand in the rows themselves: in place of an application's own inference."""
        return {name: rows[name] for name in self.table.outputs}

    def block(self, regime: str) -> int:
        """Which block of the table a regime is; the usual one where none is named.

        Raises:
            UsageError: the table does not have it.
        """
        if regime and regime not in self.table.regimes:
            known = ", ".join(self.table.regimes)
            raise UsageError(f"regime {regime!r}: the table of {self.table.application} tells apart {known}")
        return self.table.regimes.index(regime) if regime else 0


class Static:
    """Answers requests of one product from what was compiled into it."""

    def __init__(
        self, query: Callable[[bytes], Query], predictor: Predictor, release: Release, lookup: Lookup | None = None
    ) -> None:
        """Answer with `predictor`.

        Args:
            query: the body of a request → query.
            predictor: the one inference path; over `lookup.infer` where there is a table.
            release: what the answers name.
            lookup: the table; None where a request brings its own input.
        """
        self._query = query
        self._predictor = predictor
        self._release = release
        self._control = ControlState(version=1, champion=release.digest)
        self._lookup = lookup
        self._turn = threading.Lock()
        self._block = 0
        if lookup is None:
            predictor.see(Situation(None, self._control, {release.digest: release}))

    @property
    def release(self) -> str:
        """Digest of the release that was compiled."""
        return self._release.digest

    @property
    def regime(self) -> str:
        """What the product sees of the world now (its wipers, its calendar); answers say it. "" without a table.

        It is the table's usual one until the product sets another; "" sets that again.
        """
        return self._lookup.table.regimes[self._block] if self._lookup else ""

    @regime.setter
    def regime(self, name: str) -> None:
        """Answer from another regime.

        Raises:
            UsageError: it is not told apart.
        """
        if self._lookup is None and name:
            raise UsageError(f"regime {name!r}: what was compiled is no table, and tells no regimes apart")
        self._block = self._lookup.block(name) if self._lookup else 0

    @property
    def as_of(self) -> datetime | None:
        """Every fact known before this moment is in the table; None where there is none."""
        return self._lookup.table.as_of if self._lookup else None

    def over(self, now: datetime) -> str:
        """Why the table says nothing now, in words; "" while it does, or where there is none."""
        if self._lookup is None or now - self._lookup.table.as_of <= timedelta(seconds=self._lookup.table.lasts):
            return self._lookup.early(now) if self._lookup else ""
        return (
            f"the table knows of nothing after {self._lookup.table.as_of:%Y-%m-%d}, too long ago: answers are neutral; "
            "compile a release that knows newer facts"
        )

    def ask(self, body: bytes) -> Answer:
        """The answer to one request; recorded before it is given. `applied` says that it is static, and which regime.

        Raises:
            RequestError: the request is wrong, or names a key that the table does not have.
        """
        return self.answer(self._query(body))

    def answer(self, query: Query) -> Answer:
        """The answer to a query, as `ask` gives it.

        Raises:
            RequestError: the query names a key that the table does not have.
            ContradictionError: its moment lies more than a cycle of the table before its facts end.
        """
        with self._turn:
            self._stand(query.at)
            return self._predictor.give(query, _told(self._predictor.draft(query), self.regime))

    def _stand(self, at: datetime) -> None:
        """Let the predictor see the table at the tick of a moment, where it does not already."""
        if self._lookup is None:
            return
        if early := self._lookup.early(at):
            raise ContradictionError(early)
        rows, seen = self._lookup.rows(at, self.regime), self._predictor.situation.rows
        if seen is None or (seen.tick, seen.version) != (rows.tick, rows.version):
            self._predictor.see(Situation(rows, self._control, {self._release.digest: self._release}))


def _told(draft: Draft, regime: str) -> Draft:
    """The draft, saying that it is static, and of which regime; it rests on no forecast that was recorded."""
    applied = (*draft.applied, f"{STATIC}:{regime}" if regime else STATIC)
    if isinstance(draft, Decided):
        return msgspec.structs.replace(draft, applied=applied, forecast="")
    return replace(draft, applied=applied)


def _values(name: str, column: Column, shape: tuple[int, int, int]) -> NDArray[np.float64]:
    values = numbers(column)
    if values.size != np.prod(shape):
        raise ReleaseError(f"table.json, column {name}: its numbers do not fit {shape}; export the release again")
    return values.reshape(shape)
