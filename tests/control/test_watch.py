"""The monitors of one application, asked chunk by chunk."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from afield.control.watch import Watch
from afield.errors import MonitoringError
from afield.monitoring.freshness import Freshness
from afield.monitoring.monitor import Monitor
from afield.monitoring.skew import Skew
from afield.records.evidence import Alert, Estimate, Interval, Measurement
from afield.records.facts import FeatureRows, Window

NOON = datetime(2024, 3, 1, 12)
HOUR = timedelta(hours=1)


@dataclass
class Counting:
    """A monitor that keeps what it is given, and alarms where forecasts are high."""

    name: str = "counting"
    fits: list[int] = field(default_factory=list)
    chunks: list[pl.DataFrame] = field(default_factory=list)

    def fit(self, reference: pl.DataFrame) -> "Counting":
        self.fits.append(reference.height)
        return self

    def measure(self, chunk: pl.DataFrame, window: Window) -> Measurement:
        self.chunks.append(chunk)
        if chunk.is_empty():
            raise MonitoringError("the chunk is empty")
        value = float(chunk["forecast"].mean())
        estimate = Estimate(value, Interval(value, value), chunk.height, chunk.height)
        return Measurement(self.name, "mean", window, estimate, 1.0, alarm=value > 5)


def rows(tick: datetime) -> FeatureRows:
    columns = {"mean_24h": np.array([1.0, 2.0]), "unwatched": np.zeros(2)}
    return FeatureRows("v", "set", tick, tick, ("7", "8"), columns)


def joined(tick: datetime, forecast: float, release: str = "a") -> pl.DataFrame:
    """The champion's forecasts at a tick beside a challenger's."""
    return pl.DataFrame(
        {
            "tick": [tick] * 4,
            "unit": ["7", "8", "7", "8"],
            "arm": ["champion", "champion", "challenger", "challenger"],
            "release": [release, release, "c", "c"],
            "output_forecast": [forecast, forecast, 99.0, 99.0],
            "truth": [1.0] * 4,
        },
        schema_overrides={"tick": pl.Datetime("us")},
    )


def watching(monitor: Counting) -> tuple[Watch, list[str]]:
    told: list[str] = []
    reference = {"a": pl.DataFrame({"x": [1]}), "b": pl.DataFrame({"x": [1, 2]})}
    return Watch([monitor], ("mean_24h",), "forecast", reference.__getitem__, told.append), told


def measure(watch: Watch, hour: int, forecast: float, champion: str = "a") -> list[Alert]:
    tick = NOON + hour * HOUR
    watch.see(rows(tick))
    return list(watch.measure(joined(tick, forecast, champion), Window(tick, tick + HOUR), champion))


def test_monitors_see_the_champion_s_forecasts_with_truth_and_the_features_that_were_served() -> None:
    monitor = Counting()
    watch, _ = watching(monitor)
    measure(watch, 0, 2.0)
    (chunk,) = monitor.chunks
    assert chunk.select("key", "forecast", "truth", "mean_24h").rows() == [("7", 2.0, 1.0, 1.0), ("8", 2.0, 1.0, 2.0)]
    assert "unwatched" not in chunk.columns


def test_an_episode_is_told_once() -> None:
    watch, _ = watching(Counting())
    alerts = [measure(watch, hour, forecast) for hour, forecast in enumerate((2.0, 9.0, 9.0, 9.0, 9.0, 2.0, 9.0))]
    assert [len(found) for found in alerts] == [0, 0, 0, 1, 0, 0, 0]


def test_another_champion_is_watched_against_its_own_reference() -> None:
    monitor = Counting()
    watch, _ = watching(monitor)
    for hour, champion in enumerate("aabb"):
        measure(watch, hour, 2.0, champion)
    assert monitor.fits == [1, 2]


def test_a_chunk_that_cannot_be_measured_is_told_and_the_next_one_is_measured() -> None:
    watch, told = watching(Counting())
    watch.see(rows(NOON))
    assert watch.measure(joined(NOON, 2.0), Window(NOON + HOUR, NOON + 2 * HOUR), "a") == ()
    assert told == ["not measured: the chunk is empty"]
    assert [len(measure(watch, hour, 9.0)) for hour in (3, 4, 5)] == [0, 0, 1]


def test_feature_rows_of_measured_chunks_leave_memory() -> None:
    watch, _ = watching(Counting())
    for hour in range(50):
        measure(watch, hour, 2.0)
    assert sum(frame.height for frame in watch._rows) == 0


def test_a_tick_without_rows_is_no_hindrance() -> None:
    counting = Counting()
    watch, _ = watching(counting)
    empty = FeatureRows("v", "set", NOON, NOON, (), {"mean_24h": np.zeros(0), "unwatched": np.zeros(0)})
    for each in (empty, rows(NOON + HOUR)):
        watch.see(each)
    watch.measure(joined(NOON + HOUR, 1.0), Window(NOON, NOON + 2 * HOUR), "a")
    (chunk,) = counting.chunks
    assert chunk["mean_24h"].to_list() == [1.0, 2.0]


def alerts(monitor: Monitor, as_of: timedelta = timedelta(0), more: float = 0.0, seen: bool = True) -> list[Alert]:
    """What a monitor raises over forty hours: rows rest on facts that old, and are later so much `more`."""

    def once_more(found: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
        assert list(names) == ["mean_24h"]
        return found.unique().with_columns(mean_24h=pl.when(pl.col("key") == "8").then(2.0).otherwise(1.0) + more)

    reference = pl.DataFrame({"forecast": [1.0, 2.0]})
    watch = Watch([monitor], ("mean_24h",), "forecast", lambda _: reference, lambda _: None, again=once_more)
    raised: list[Alert] = []
    for hour in range(40):
        tick = NOON + hour * HOUR
        if seen:
            watch.see(replace(rows(tick), as_of=tick - as_of))
        raised += watch.measure(joined(tick, 2.0), Window(tick, tick + HOUR), "a")
    return raised


def test_features_that_are_computed_otherwise_later_are_told() -> None:
    skew = Skew(("mean_24h",))
    assert alerts(skew) == []
    (first, *_) = alerts(skew, more=1.0)
    assert (first.monitor, first.metric) == ("skew", "mean_24h differs")
    assert alerts(skew, more=1.0, seen=False) == [], "of rows that this process did not serve nothing is known"


def test_rows_that_rest_on_old_facts_are_told() -> None:
    fresh = Freshness(budgets={"as_of": 2 * HOUR})
    assert alerts(fresh, as_of=2 * HOUR) == []
    (first, *_) = alerts(fresh, as_of=3 * HOUR)
    assert (first.monitor, first.metric) == ("freshness", "as_of too old")
    assert alerts(fresh, as_of=3 * HOUR, seen=False) == []


def test_without_a_way_to_compute_again_skew_is_not_watched() -> None:
    told: list[str] = []
    watch = Watch([Skew(("mean_24h",))], ("mean_24h",), "forecast", lambda _: pl.DataFrame(), told.append)
    assert measure(watch, 0, 2.0) == []
    assert told == []


def test_evidence_goes_on_where_a_service_comes_back() -> None:
    """Two chunks in alarm before, one after: together they are what an alert needs, alone they are not."""
    reference = {"a": pl.DataFrame({"x": [1]})}
    kept = [(joined(NOON + hour * HOUR, 9.0).rename({"output_forecast": "forecast", "unit": "key"}),
             Window(NOON + hour * HOUR, NOON + (hour + 1) * HOUR)) for hour in (0, 1)]  # fmt: skip

    def past(release: str, before: datetime) -> list[tuple[pl.DataFrame, Window]]:
        assert (release, before) == ("a", NOON + 2 * HOUR)
        return kept

    came_back = Watch([Counting()], ("mean_24h",), "forecast", reference.__getitem__, print, past=past)
    anew = Watch([Counting()], ("mean_24h",), "forecast", reference.__getitem__, print)
    through = Watch([Counting()], ("mean_24h",), "forecast", reference.__getitem__, print)
    whole = [measure(through, hour, 9.0) for hour in (0, 1, 2)]
    assert measure(came_back, 2, 9.0) == whole[-1] != []
    assert measure(anew, 2, 9.0) == []
