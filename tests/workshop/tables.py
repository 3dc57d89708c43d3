"""Tables of the toy application's release, and hosts over them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.application import Designs, Operate
from afield.compiled import TABLE, open_static
from afield.records.table import Table
from afield.records.traffic import Event
from afield.serving.static import Edition, Static
from afield.testing.toy import HOUR, SHOPS, operate
from afield.workshop.tabulating import Seen, Subject, tabulate
from tests.serving.bakery import release

WEEKS = 2
MONDAY = datetime(2026, 3, 2)
END = MONDAY + WEEKS * timedelta(days=7)
EDITION = Edition(regimes={"usual": {}, "market day": {"last_hour": 40.0}})


def bakery() -> Operate:
    """The bakery, which tells market days apart."""
    return replace(operate({}), designs=Designs(static=EDITION))


def seen(*, without: str = "") -> Seen:
    """Two weeks of rows: a shop's last hour is its number times the hour of the week, plus the week."""
    hours, shops = WEEKS * 168, len(SHOPS)
    ticks = np.repeat(np.datetime64(MONDAY, "us") + np.arange(hours) * np.timedelta64(1, "h"), shops)
    keys = np.tile(np.array(SHOPS), hours)
    number = np.tile(np.arange(shops, dtype=np.float64), hours)
    hour = np.repeat(np.arange(hours, dtype=np.float64), shops)
    columns: Mapping[str, NDArray[np.float64]] = {
        "last_hour": number * (hour % 168) + hour // 168,
        "usual": np.full(hours * shops, 6.0),
    }
    kept = keys != without
    return Seen(ticks[kept], keys[kept], {name: values[kept] for name, values in columns.items()}, END)


def subject(digest: str = "r1") -> Subject:
    """The release that is compiled."""
    return Subject("toy", digest, release(digest).parts, bakery())


@cache
def table() -> Table:
    """Its table, made once."""
    return tabulate(subject(), seen())


def compiled(folder: Path, made: Table) -> Path:
    """The folder of a compiled release."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TABLE).write_bytes(msgspec.json.encode(made))
    return folder


def host(folder: Path, events: list[Event], now: datetime = END) -> Static:
    """The host of a compiled release, whose clock stands."""
    return open_static(folder, bakery(), "toy", clock=lambda: now, record=events.append)


def asking(shop: str, at: datetime, extra: float = 0.0) -> bytes:
    """The body of a request."""
    return msgspec.json.encode({"shop": shop, "at": at, "extra": extra})


__all__ = ["HOUR", "SHOPS", "asking", "bakery", "compiled", "host", "seen", "subject", "table"]
