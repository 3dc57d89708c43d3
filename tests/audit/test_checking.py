"""Checks of an application, each with a fault planted for it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import dataframely as dy
import polars as pl
import pytest

from afield.application import Goal, Hazard
from afield.audit.checking import contract, features, goals, hazards
from afield.data.contract import Contract
from afield.errors import DataError, FeatureError
from afield.features.feature import FeatureSet
from afield.workshop.plan import Build, Table
from surge.building import build

START = datetime(2024, 1, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOMENT = pl.Datetime("us")

History = Mapping[str, pl.LazyFrame]

HAZARD = Hazard(
    name="flood",
    happens="nobody can be reached",
    whom="riders",
    severity=4,
    likelihood=1,
    noticed="by people",
    mitigations=("mode off",),
    undo="mode automate",
    compensation="a refund",
    residual="an hour",
    drill="outage",
)


class Order(dy.Schema):
    at = dy.Datetime()
    known_at = dy.Datetime()


def counted(
    spine: pl.LazyFrame, history: History, *, ahead: timedelta = timedelta(0), back: timedelta = DAY
) -> pl.LazyFrame:
    """Orders of everybody in the time `back` before the slot, or beyond it."""
    orders = history["orders"].select("known_at").collect()["known_at"]
    slots = spine.collect()
    counts = [
        float(orders.is_between(slot - back, slot + ahead, closed="left").sum()) for slot in slots["slot"].to_list()
    ]
    return slots.with_columns(recent=pl.Series(counts), has_history=pl.lit(value=True)).lazy()


def extent(spine: pl.LazyFrame, _history: History) -> pl.LazyFrame:
    """The number of rows that are computed together."""
    return spine.with_columns(recent=pl.len().cast(pl.Float64), has_history=pl.lit(value=True))


def plan(compute: object = counted) -> Build:
    """A build of one feature, `recent`, over orders that know no place."""
    schema = {"at": MOMENT, "known_at": MOMENT}
    return replace(
        build({"slot": "60m"}),
        tables={"orders": Table(schema, key=("at",), time="at")},
        features=FeatureSet(compute, ("recent",), lookback=DAY, keys=("zone",), origin="slot"),
        spine=lambda _, window: pl.DataFrame(
            {"slot": pl.datetime_range(window.start, window.end, HOUR, closed="left", eager=True)}
        ).select(zone=pl.lit(1, pl.Int32), slot=pl.col("slot")),
        period=lambda history: history["orders"].select(pl.col("at").min(), last=pl.col("at").max()).collect().row(0),
        contracts=(Contract("orders", Order, filled=True),),
    )


def orders(days: int = 5) -> dict[str, pl.LazyFrame]:
    """An order every twenty minutes."""
    at = pl.datetime_range(START, START + days * DAY, timedelta(minutes=20), eager=True, time_unit="us")
    return {"orders": pl.LazyFrame({"at": at, "known_at": at})}


def failed(compute: object) -> dict[str, str]:
    """The checks of features that fail, with their first finding."""
    return {each.name: each.findings[0] for each in features(plan(compute), orders()) if not each.passed}


def test_honest_features_pass_every_check() -> None:
    found = features(plan(), orders())
    assert [each.name for each in found] == ["no_peeking", "parity", "partition"]
    assert all(each.passed and not each.findings for each in found)
    assert found[0].looked == "48 rows from 2024-01-04 00:00:00 to 2024-01-06 00:00:00"


def test_a_feature_that_peeks_is_caught() -> None:
    found = failed(lambda spine, history: counted(spine, history, ahead=HOUR))
    assert "recent: " in found["no_peeking"]
    assert "facts that are not known at the origin" in found["no_peeking"]


def test_a_feature_that_reaches_beyond_its_lookback_is_caught() -> None:
    found = failed(lambda spine, history: counted(spine, history, back=2 * DAY))
    assert set(found) == {"parity", "partition"}


def test_a_feature_that_depends_on_the_batch_is_caught() -> None:
    assert set(failed(extent)) == {"parity", "partition"}


def test_features_that_cannot_be_made_are_a_finding() -> None:
    def broken(_spine: pl.LazyFrame, _history: History) -> pl.LazyFrame:
        raise FeatureError("zone 9 is not in the table of zones")

    assert failed(broken)["parity"] == "zone 9 is not in the table of zones"


def test_too_few_slots_are_refused() -> None:
    short = {"orders": orders()["orders"].head(5)}
    with pytest.raises(DataError, match="fewer than 4 slots; give more data"):
        features(plan(), short)


def test_a_broken_contract_names_the_field() -> None:
    nothing = {"orders": orders()["orders"].with_columns(known_at=pl.lit(None, MOMENT))}
    assert contract(plan(), orders()).passed
    found = contract(plan(), nothing)
    assert not found.passed
    assert found.findings[0].startswith("orders.known_at: 361 of 361 rows are missing")


def test_a_goal_that_is_bound_to_nothing_is_caught() -> None:
    tree = Goal("all well", children=(Goal("close", "rmse"), Goal("loved"), Goal("quick", "speed")))
    found = goals(tree, {"rmse", "bias"})
    assert found.findings == (
        "goal 'loved' is bound to no measure; name one of: bias, rmse",
        "goal 'quick' is bound to 'speed', which nothing measures; name one of: bias, rmse",
    )
    assert goals(Goal("close", "rmse"), {"rmse"}).passed


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"undo": " "}, "hazard 'flood': undo is empty; fill it in"),
        ({"mitigations": ()}, "hazard 'flood': no mitigation is in force; name at least one"),
        ({"severity": 6}, "hazard 'flood': severity is 6; give 1 (small) to 5 (large)"),
        ({"drill": "earthquake"}, "hazard 'flood': there is no drill 'earthquake'; there is: outage"),
    ],
)
def test_a_hazard_that_is_not_complete_is_caught(change: dict[str, object], finding: str) -> None:
    assert hazards([HAZARD], ["outage"]).passed
    assert hazards([replace(HAZARD, **change)], ["outage"]).findings == (finding,)


def test_a_hazard_that_no_drill_is_about_is_caught() -> None:
    (finding,) = hazards([replace(HAZARD, drill="")], ["outage"]).findings
    assert finding == "hazard 'flood': no drill proves its mitigation; name one: outage"


def test_an_application_names_drills_of_its_own_by_where_they_are() -> None:
    assert hazards([replace(HAZARD, drill="signs.drills:unreadable")], ["outage"]).passed


def test_two_hazards_of_one_name_and_an_empty_register_are_caught() -> None:
    assert hazards([HAZARD, HAZARD], ["outage"]).findings == ("hazard 'flood' is there twice; give each its own name",)
    assert not hazards([], []).passed


def test_many_findings_are_cut_short() -> None:
    found = goals(Goal("all", children=tuple(Goal(str(number)) for number in range(30))), ["rmse"])
    assert len(found.findings) == 11
    assert found.findings[-1] == "and 20 more"
