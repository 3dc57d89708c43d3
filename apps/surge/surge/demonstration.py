"""What the demonstration plays: a generated city that reacts to its prices, or recorded taxi trips."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import polars as pl

from afield.data.sources import Source
from afield.errors import DataError
from afield.records.facts import Window
from afield.records.traffic import Answer
from afield.records.words import Measure
from afield.replay import Arms, Scenario
from afield.reporting.content import Felt
from surge.application import SLOTS
from surge.generated import GeneratedCity
from surge.pricing import RISE, SLOPE, STEP, multiplier
from surge.sources import open_source
from surge.traffic import Recorded
from surge.words import CALLED, MISTAKES, PRICED
from surge.world import City

SEED, DENSITY, START = 11, 2.0, datetime(2024, 1, 1)
HISTORY, REPLAYED, CALM = timedelta(days=84), timedelta(days=20), timedelta(days=3)
REAL_REPLAYED = timedelta(days=35)
DAY = timedelta(days=1)
NOTE_CITY = (
    "Riders wrongly surged paid a surge where drivers were enough; missed surges met a shortage that was not priced. "
    "Waits are those of the generated city at the prices that each arm would have served."
)
NOTE_TAXI = (
    "Taxi files hold no supply and no price: a surge is a proxy here, orders at or above the 95th percentile of their "
    "hour of week in training, and nothing is known of waits."
)


def demonstration(options: Mapping[str, str], data: Path | None) -> Scenario:
    """The scenario for a folder or file of orders, or for the generated city where none is named.

    Raises:
        DataError: the recorded period is too short to build from and to replay.
    """
    slot = SLOTS[options["slot"]]
    return _recorded(options, data, slot) if data is not None else _generated(slot)


def recorded(options: Mapping[str, str], data: Path | None, window: Window) -> Recorded:
    """Traffic of recorded or generated orders in a window, for `afield replay`."""
    return Recorded(open_source(data, options).read().tables, window, SLOTS[options["slot"]], quotes=0)


def surroundings(options: Mapping[str, str], now: datetime) -> "Today":
    """A generated city that has lived until today and lives on for a week."""
    return Today(SLOTS[options["slot"]], now)


class Today(Recorded):
    """Orders of a generated city around today.

    Attributes:
        source: the city's history, of which a release is built.
        window: from last midnight on.
    """

    def __init__(self, slot: timedelta, now: datetime) -> None:
        """Let the city live through `now`."""
        midnight = datetime.combine(now.date(), datetime.min.time())
        self.window = Window(midnight, midnight + 8 * DAY)
        start = midnight - HISTORY
        self.source = GeneratedCity(SEED, DENSITY, start, (self.window.end - start).days, 0, slot)
        super().__init__(self.source.read().tables, self.window, slot, quotes=0)


class Living(Recorded):
    """The generated city's riders: one asks for each zone and slot, and all in it are shown that price."""

    def __init__(self, tables: Mapping[str, pl.LazyFrame], window: Window, step: timedelta, city: City) -> None:
        """Play `window`; `city` is settled at the prices answered."""
        super().__init__(tables, window, step, quotes=0)
        self._city = city
        self.minutes_waited = 0.0
        self.gave_up = 0
        self._zones: list[int] = []

    def requests(self, tick: datetime) -> Sequence[bytes]:
        """One quote for each zone in which somebody asks."""
        first = self.asked(tick).unique("pickup_location", keep="first", maintain_order=True)
        self._zones = first["pickup_location"].to_list()
        return self.quotes_of(first)

    def settle(self, tick: datetime, answers: Sequence[Answer], /) -> None:
        """Let riders accept or not, wait or not, and drivers move, at the prices answered."""
        whole = len(answers) == len(self._zones)  # a failed quote leaves a gap, and nobody surged
        prices = (
            {zone: answer.output["multiplier"] for zone, answer in zip(self._zones, answers, strict=True)}
            if whole
            else {}
        )
        settled = self._city.settle(tick, prices)
        self.minutes_waited += settled.minutes_waited
        self.gave_up += settled.gave_up


def _generated(slot: timedelta) -> Scenario:
    until = START + HISTORY + REPLAYED
    change = START + HISTORY + CALM
    whole = GeneratedCity(SEED, DENSITY, START, (until - START).days, (change - START).days, slot)
    tables = whole.read().tables
    window = Window(START + HISTORY, until)
    traffic = Living(tables, window, slot, whole.city())

    def felt(arms: Arms) -> Felt:
        others = {name: _waits(whole.city(), frame, window, slot) for name, frame in arms.items() if name != "kept"}
        waits = {**others, "kept": (traffic.minutes_waited, traffic.gave_up)}
        return _felt(arms, waits, PRICED, NOTE_CITY)

    return Scenario(
        name=f"generated city, seed {SEED}",
        source=whole,
        window=window,
        traffic=traffic,
        felt=felt,
        bad_candidate=window.start + 15 * DAY,
        columns=("capacity",),
        expected=partial(_each_zone, slots=(window.end - window.start) // slot),
        outage=window.start + 18 * DAY,
        regime_change=change,
    )


def _recorded(options: Mapping[str, str], data: Path, slot: timedelta) -> Scenario:
    source: Source = open_source(data, options)
    extract = source.read()
    start, end = extract.tables["coverage"].select(pl.col("start").min(), pl.col("end").max()).collect().row(0)
    window = Window(end - REAL_REPLAYED, end)
    if window.start - start < HISTORY:
        raise DataError(f"{data}: {(end - start).days} days are too few; {(HISTORY + REAL_REPLAYED).days} are needed")
    traffic = Recorded(extract.tables, window, slot, quotes=20)

    return Scenario(
        name=str(data),
        source=source,
        window=window,
        traffic=traffic,
        felt=lambda arms: _felt(arms, dict.fromkeys(arms, (None, None)), CALLED, NOTE_TAXI),
        bad_candidate=window.start + 14 * DAY,
        columns=("capacity",),
        expected=partial(_each_zone, slots=(window.end - window.start) // slot),
        outage=window.start + 24 * DAY,
        regime_change=None,
    )


def _felt(
    arms: Arms,
    waits: Mapping[str, tuple[float | None, float | None]],
    measures: tuple[Measure, ...],
    note: str,
) -> Felt:
    """What riders felt under each arm; `waits` are minutes waited and riders who gave up, by arm."""
    names = ("minutes_waited", "gave_up")
    numbers = {arm: {**_riders(frame), **dict(zip(names, waits[arm], strict=True))} for arm, frame in arms.items()}
    return Felt(
        counted="riders",
        count=int(arms["kept"]["truth"].sum()),
        measures=measures,
        mistakes=MISTAKES,
        note=note,
        never_updated=numbers["never_updated"],
        kept=numbers["kept"],
        baseline=numbers["baseline"],
    )


def _each_zone(rows: pl.DataFrame, slots: int) -> int:
    """An outcome for each zone in each slot that was played."""
    return slots * rows["key"].n_unique()


def _riders(frame: pl.DataFrame) -> dict[str, int]:
    """Riders who met a surge call without a shortage, and a shortage without a surge call."""
    load = pl.col("forecast") / pl.col("capacity")
    called = (SLOPE * (load - 1.0) / STEP).round() >= 1.0  # as `multiplier` rounds: a price above the ordinary one
    short = pl.col("truth") >= pl.col("capacity")
    counts = frame.select(
        wrongly_surged=pl.col("truth").filter(called & ~short).sum(),
        missed_surges=pl.col("truth").filter(short & ~called).sum(),
    )
    return {name: int(value) for name, value in counts.row(0, named=True).items()}


def _waits(city: City, frame: pl.DataFrame, window: Window, slot: timedelta) -> tuple[float, int]:
    """Minutes waited and riders who gave up, had these forecasts made the prices, under the step limit that is live."""
    prices: dict[datetime, dict[int, float]] = {}
    last: dict[str, float] = {}
    for tick, key, forecast, capacity in frame.sort("tick").select("tick", "key", "forecast", "capacity").iter_rows():
        price = 1.0
        if forecast > capacity:
            price = multiplier({"forecast": forecast, "capacity": capacity}, {}).output["multiplier"]
            price = min(price, last.get(key, price) + RISE)
            prices.setdefault(tick, {})[int(key)] = price
        last[key] = price
    settled = [city.settle(tick, prices.get(tick, {})) for tick in window.ticks(slot)]
    return sum(each.minutes_waited for each in settled), sum(each.gave_up for each in settled)
