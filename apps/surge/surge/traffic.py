"""Surge's traffic for a replay: orders as facts and as quotes, weather and events as they become known."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import polars as pl

from afield.records.facts import Window
from afield.records.traffic import Answer, Fact, Outcome
from surge.operating import Order

SCHEDULED = timedelta(days=30)


class Recorded:
    """Orders of recorded or generated tables, tick by tick; nobody reacts to the answers."""

    def __init__(self, tables: Mapping[str, pl.LazyFrame], window: Window, step: timedelta, quotes: int) -> None:
        """Play what lies in `window`; at most `quotes` riders a tick ask for a price, evenly picked."""
        self._step = step
        self._quotes = quotes
        before = Window(window.start - step, window.end)
        self._orders = _by_tick(tables["orders"], "known_at", before, step)
        self._asked = _by_tick(tables["orders"], "at", window, step)
        self._nothing = tables["orders"].head(0).collect()
        self._weather = _by_tick(tables["weather"], "known_at", before, step)
        self._events = _by_tick(tables["events"], "known_at", before, step)

    def facts(self, tick: datetime) -> Sequence[Fact]:
        """Orders, weather reports and schedules that became known in the slot before `tick`."""
        slot = tick - self._step
        return [
            *(order_fact(row) for row in self._rows(self._orders, slot)),
            *(weather_fact(row) for row in self._rows(self._weather, slot)),
            *(event_fact(row) for row in self._rows(self._events, slot)),
        ]

    def arrivals(self, tick: datetime) -> Sequence[tuple[datetime, Fact, bytes]]:
        """Who orders in the slot that starts at `tick`: when, the fact, and the body of the quote."""
        rows = self.asked(tick).sort("at").to_dicts()
        return [(row["at"], order_fact(row), quote(row)) for row in rows]

    def outcomes(self, _tick: datetime, /) -> Sequence[Outcome]:
        """None: the outcome of a forecast is counted from the orders themselves."""
        return []

    def requests(self, tick: datetime) -> Sequence[bytes]:
        """Quotes of the riders who ask in the slot that starts at `tick`."""
        orders = self.asked(tick)
        every = max(1, -(-orders.height // self._quotes)) if self._quotes else 1
        return self.quotes_of(orders.gather_every(every))

    def asked(self, tick: datetime) -> pl.DataFrame:
        """The orders of the slot that starts at `tick`."""
        return self._asked.get(tick, self._nothing)

    @staticmethod
    def quotes_of(orders: pl.DataFrame) -> list[bytes]:
        """Bodies of the quotes that these riders ask for."""
        return [quote(row) for row in orders.to_dicts()]

    def settle(self, _tick: datetime, _answers: Sequence[Answer], /) -> None:
        """Recorded riders do not react."""

    @staticmethod
    def _rows(parts: Mapping[datetime, pl.DataFrame], slot: datetime) -> list[dict[str, object]]:
        frame = parts.get(slot)
        return frame.to_dicts() if frame is not None else []


def quote(row: Mapping[str, object]) -> bytes:
    """Body of the quote that the rider of an order asks for, at the moment of ordering."""
    at = row["order_time"] or row["at"]
    order = {"pickup_location": row["pickup_location"], "order_time": at}
    known = {name: row[name] for name in ("user_id", "target_location") if row[name] is not None}
    return msgspec.json.encode(msgspec.convert({**order, **known}, Order))


def order_fact(row: Mapping[str, object]) -> Fact:
    """An order as a fact; its id is the order's."""
    names = ("pickup_location", "target_location", "user_id", "order_time", "pickup_time", "target_known_at")
    return _fact("order", str(row["order_id"]), row, {name: row[name] for name in names})


def weather_fact(row: Mapping[str, object]) -> Fact:
    """A weather report as a fact; its id is the hour it speaks of."""
    names = ("temperature", "precipitation", "snowfall")
    return _fact("weather", _text(row["at"]), row, {name: row[name] for name in names})


def event_fact(row: Mapping[str, object]) -> Fact:
    """A scheduled event as a fact."""
    fields = {name: row[name] for name in ("starts_at", "location", "league")}
    return _fact("event", str(row["event_id"]), {**row, "at": row["starts_at"]}, fields)


def _fact(kind: str, identity: str, row: Mapping[str, object], fields: Mapping[str, object]) -> Fact:
    plain = {name: _text(value) if isinstance(value, datetime) else value for name, value in fields.items()}
    return msgspec.convert(
        {
            "id": identity,
            "kind": kind,
            "at": row["at"],
            "known_at": row["known_at"],
            "fields": {name: value for name, value in plain.items() if value is not None},
        },
        Fact,
    )


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _by_tick(table: pl.LazyFrame, time: str, window: Window, step: timedelta) -> dict[datetime, pl.DataFrame]:
    """The table's rows in `window`, by the start of the slot that `time` lies in."""
    rows = (
        table.filter(pl.col(time).is_between(window.start, window.end, closed="left"))
        .with_columns(pl.col(time).dt.truncate(step).alias("_slot"))
        .sort(time)
        .collect()
    )
    parts = rows.partition_by("_slot", as_dict=True, include_key=False)
    return {key[0]: part for key, part in parts.items()}
