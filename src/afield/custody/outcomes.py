"""What is known of what came true as of a moment: how complete, how good, set aside why, and resting on what."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import polars as pl

from afield.application import Operate
from afield.custody.contested import Contested, contested
from afield.errors import TelemetryError, UsageError
from afield.records.evidence import Estimate
from afield.records.facts import Window
from afield.statistics.losses import LOSSES
from afield.store.tables import Tables
from afield.telemetry import delivery
from afield.telemetry.anonymity import folded
from afield.telemetry.completeness import Age, Agreement, Lateness, accuracy, agreement, curve, lateness
from afield.telemetry.outcomes import OUTCOMES, SCHEMA, joined
from afield.telemetry.privacy import MinimumGroup
from afield.telemetry.sifting import sift

CHAMPION = "champion"
GROUPS = ("unit", "release", "mode", "policy")
"""Columns of recorded predictions by which accuracy can be told apart."""

SMALL = "(small groups together)"

_STEPS = (0.5, 1.0, 2.0, 4.0, 8.0)
_SETTLED = 0.95


class Group(msgspec.Struct, frozen=True):
    """One group of the predictions.

    Attributes:
        value: of the column.
        accuracy: mean loss of those whose outcome is known.
    """

    value: str
    accuracy: Estimate


class Known(msgspec.Struct, frozen=True):
    """What is known of a stretch of ticks as of a moment.

    Attributes:
        as_of: later outcomes and corrections do not count.
        start, end: the ticks looked at.
        predictions: of the champion, recorded.
        known: of these with an outcome.
        rests_on_proxies: of the known ones, those whose outcome is a proxy.
        loss: name of the loss.
        accuracy: its mean over the known ones; None where nothing is known.
        preliminary: whether more than 5 % of what is to come is still to come: those known early need not be like the
            others.
        today: the same ticks with all that is known today; None where nothing is.
        curve: share known by age.
        lateness: how late outcomes come, and how many never do; None where no window is declared.
        proxies: each held against the truth.
        aside: reason → outcomes set aside as of the moment.
        corrected: outcomes that a later one superseded.
        groups: by a column, where that was asked for.
        contested: what people said was wrong of all recorded answers, held against the truth; None where nothing was.
        withheld: groups too small to be told apart: they are the one called `SMALL`, or untold where all together
            are too few.
    """

    as_of: datetime
    start: datetime
    end: datetime
    predictions: int
    known: int
    rests_on_proxies: int
    loss: str
    accuracy: Estimate | None
    preliminary: bool
    today: Estimate | None
    curve: tuple[Age, ...]
    lateness: Lateness | None
    proxies: tuple[Agreement, ...]
    aside: dict[str, int]
    corrected: int
    groups: tuple[Group, ...] = ()
    withheld: int = 0
    contested: Contested | None = None


def known(tables: Tables, operate: Operate, window: Window, as_of: datetime, *, by: str = "", least: int = 10) -> Known:
    """What is known of the ticks in a window.

    Args:
        tables: of the application.
        operate: says what outcomes are to be like, and the loss.
        window: of ticks.
        as_of: what became known later does not count, nor what was predicted later.
        by: one of `GROUPS`, to tell accuracy apart, or "".
        least: groups of fewer known predictions are told as one; at least the policy's minimum.

    Raises:
        UsageError: there is no such column, or the least is under 2.
        StoreError: a table cannot be read.
    """
    if by not in ("", *GROUPS):
        raise UsageError(f"--by {by}: accuracy can be told apart by {', '.join(GROUPS)}")
    if least < 2:
        raise UsageError(f"--least {least}: a group of one is a person; give 2 or more")
    expected = operate.outcomes
    everything = joined(tables, window, as_of, pending=True, expected=expected)
    made = _predictions(everything, as_of)
    told = made.filter(pl.col("truth").is_not_null())
    now = _predictions(joined(tables, window, pending=True, expected=expected), as_of)
    reported = _reported(tables, window, as_of)
    sifted = sift(reported, expected)
    counts = dict(sifted.aside.group_by("reason").len().iter_rows())
    unknown = _unknown(sifted.good, _all_predictions(tables, window)).height
    base = operate.step + operate.monitoring.delay
    ages = sorted({base * each for each in _STEPS} | ({expected.window} if expected.window else set()))
    ages_known = curve(made, as_of, ages)
    groups, withheld = _groups(told, operate, by, least)
    return Known(
        as_of=as_of,
        start=window.start,
        end=window.end,
        predictions=made.height,
        known=told.height,
        rests_on_proxies=told.filter(pl.col("source").is_in(expected.proxies)).height,
        loss=operate.loss,
        accuracy=_accuracy(told, operate),
        preliminary=_preliminary(made, ages_known),
        today=_accuracy(now.filter(pl.col("truth").is_not_null()), operate),
        curve=ages_known,
        lateness=lateness(made, as_of, expected.window) if expected.window else None,
        proxies=_held_against_truth(sifted.good, expected.proxies),
        aside=dict(sorted({**counts, **({"unknown": unknown} if unknown else {})}.items())),
        corrected=sifted.corrected,
        groups=groups,
        withheld=withheld,
        contested=_contested(tables, operate, everything, as_of),
    )


def _predictions(rows: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """The champion's, of one kind: of every tick where these were recorded, else those that clients asked for."""
    own = rows.filter((pl.col("arm") == CHAMPION) & (pl.col("at") <= as_of))
    ticks = own.filter(pl.col("kind") == "tick")
    return ticks if ticks.height else own


def _reported(tables: Tables, window: Window, as_of: datetime) -> pl.DataFrame:
    if not tables.exists(OUTCOMES):
        return pl.DataFrame(schema=SCHEMA)
    inside = pl.col("event_time").is_between(window.start, window.end, closed="left") & (pl.col("known_at") <= as_of)
    return tables.scan(OUTCOMES).filter(inside).collect()


def _all_predictions(tables: Tables, window: Window) -> pl.DataFrame:
    if not tables.exists(delivery.EVENTS):
        return pl.DataFrame(schema=delivery.SCHEMA)
    inside = pl.col("tick").is_between(window.start, window.end, closed="left")
    return tables.scan(delivery.EVENTS).filter(inside).select("id", "unit", "tick").collect()


def _unknown(good: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
    """Outcomes that answer nothing that was recorded."""
    others = good.join(made, left_on=["key", "event_time"], right_on=["unit", "tick"], how="anti")
    return others.join(made, left_on="key", right_on="id", how="anti")


def _losses(rows: pl.DataFrame, operate: Operate) -> pl.DataFrame:
    output = f"{delivery.OUTPUT}{operate.output}"
    if output not in rows.columns:
        return pl.DataFrame(schema={"tick": pl.Datetime("us"), "loss": pl.Float64(), "inclusion": pl.Float64()})
    usable = rows.filter(pl.col(output).is_finite())
    loss = LOSSES[operate.loss](usable[output].to_numpy(), usable["truth"].to_numpy())
    return usable.with_columns(loss=pl.Series(loss, dtype=pl.Float64))


def _accuracy(rows: pl.DataFrame, operate: Operate) -> Estimate | None:
    try:
        return accuracy(_losses(rows, operate))
    except TelemetryError:
        return None


def _preliminary(made: pl.DataFrame, ages: tuple[Age, ...]) -> bool:
    """Whether much of what is known of the oldest is not yet known of all."""
    most = max((age.known.value for age in ages if age.known is not None), default=0.0)
    share = float(made["truth"].is_not_null().mean() or 0.0) if made.height else 0.0  # type: ignore[arg-type]
    return share < _SETTLED * most or not most


def _held_against_truth(good: pl.DataFrame, proxies: tuple[str, ...]) -> tuple[Agreement, ...]:
    truth = good.filter(~pl.col("source").is_in(proxies)).unique(["key", "event_time"], keep="last")
    found = (agreement(good.filter(pl.col("source") == source), truth, source) for source in proxies)
    return tuple(each for each in found if each is not None)


def _contested(tables: Tables, operate: Operate, rows: pl.DataFrame, as_of: datetime) -> Contested | None:
    true = rows.filter(pl.col("truth").is_not_null() & ~pl.col("source").is_in(operate.outcomes.proxies))
    losses = _losses(true, operate)
    return contested(tables, rows, losses, as_of)


def _groups(told: pl.DataFrame, operate: Operate, by: str, least: int) -> tuple[tuple[Group, ...], int]:
    if not by:
        return (), 0
    declared = operate.telemetry.minimum_group
    if declared is not None and by in declared.by:
        minimum = replace(declared, by=(by,), size=max(least, declared.size))
    else:
        minimum = MinimumGroup((by,), least)
    names = ("tick", "loss", "inclusion", by, minimum.person)
    told = _losses(told, operate)
    shown = folded(told.select(name for name in dict.fromkeys(names) if name), minimum)
    parts: Mapping[tuple[object, ...], pl.DataFrame] = shown.rows.partition_by(by, as_dict=True)
    found = [Group(SMALL if key[0] is None else str(key[0]), accuracy(rows)) for key, rows in parts.items()]
    return tuple(sorted(found, key=lambda each: -each.accuracy.value)), shown.folded


def stretch(as_of: datetime, days: float) -> Window:
    """The ticks of so many days before a moment.

    Raises:
        UsageError: the days are none.
    """
    if not 0 < days <= 3660:
        raise UsageError(f"--days {days:g}: give a number of days above 0, at most 3660")
    return Window(as_of - timedelta(days=days), as_of)
