"""What is known as of a moment: never what became known later."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.application import Operate
from afield.custody.outcomes import SMALL, Known, known
from afield.errors import UsageError
from afield.labelling.contests import CONTESTS, contest_rows
from afield.records.facts import Window
from afield.records.traffic import Contest, EventBatch, Outcome
from afield.store.tables import Tables
from afield.telemetry.delivery import event_rows
from afield.telemetry.expected import Expectation
from afield.telemetry.outcomes import store_outcomes
from afield.telemetry.policy import Policy
from afield.telemetry.privacy import MinimumGroup
from afield.testing.toy import operate

T0 = datetime(2026, 3, 2)
HOUR = timedelta(hours=1)
DAY = Window(T0, T0 + 24 * HOUR)
EXPECTED = Expectation(window=6 * HOUR, low=0.0, proxies=("till",))
TOY: Operate = replace(operate({}), outcomes=EXPECTED, loss="squared_error")


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """Two shops for 24 hours; truth is 2 above the forecast and comes 2 h later, the till says the forecast at once."""
    tables = Tables(tmp_path)
    ticks = [T0 + n * HOUR for n in range(24)]
    tables.append(
        "predictions",
        event_rows(
            [
                EventBatch(
                    f"{t}", ("east", "west"), "champion", "r", t, 1.0, 1.0, "p", "v", {"forecast": (5.0, 8.0)}, t
                )
                for t in ticks
            ]
        ),
    )
    said = [Outcome(f"{t}e", "east", t, t + 2 * HOUR, "counted", 7.0) for t in ticks]
    said += [Outcome(f"{t}p", "east", t, t, "till", 5.0) for t in ticks]
    said += [
        Outcome("nobody", "north", T0, T0 + HOUR, "counted", 1.0),
        Outcome("early", "west", T0 + HOUR, T0, "counted", 1.0),
        Outcome("negative", "west", T0, T0 + HOUR, "counted", -1.0),
        Outcome(f"{T0}e+", "east", T0, T0 + 20 * HOUR, "counted", 11.0, f"{T0}e"),
    ]
    store_outcomes(tables, said)
    return tables


def look(tables: Tables, hours: int, by: str = "", least: int = 10) -> Known:
    return known(tables, TOY, DAY, T0 + hours * HOUR, by=by, least=least)


def test_accuracy_as_of_a_moment_rests_on_what_was_known_then(tables: Tables) -> None:
    early, late = look(tables, 10), look(tables, 40)
    assert (early.predictions, early.known, early.rests_on_proxies) == (22, 11, 2)
    assert early.accuracy is not None
    assert early.accuracy.value == pytest.approx((9 * 4 + 2 * 0) / 11)
    assert late.accuracy is not None
    assert late.accuracy.value == pytest.approx((23 * 4 + 36) / 24)  # with the correction
    assert (early.corrected, late.corrected, late.rests_on_proxies) == (0, 1, 0)


def test_the_same_ticks_are_told_with_what_is_known_today(tables: Tables) -> None:
    early = look(tables, 10)
    assert early.today is not None
    assert (early.today.value, early.today.count) == (pytest.approx((10 * 4 + 36) / 11), 11)


def test_what_may_not_be_believed_is_counted_by_its_reason(tables: Tables) -> None:
    assert look(tables, 40).aside == {"before": 1, "impossible": 1, "unknown": 1}


def test_completeness_lateness_and_those_that_never_come(tables: Tables) -> None:
    found = look(tables, 40)
    assert found.lateness is not None
    assert found.lateness.never is not None
    assert found.lateness.never.value == 0.5
    assert found.lateness.quantiles[0.5] == 2 * HOUR
    shares = {each.age: each.known.value for each in found.curve if each.known is not None}
    assert (shares[HOUR], shares[2 * HOUR]) == (0.0, pytest.approx(23 / 48))
    assert not found.preliminary


def test_a_proxy_is_held_against_the_truth(tables: Tables) -> None:
    (till,) = look(tables, 40).proxies
    assert (till.count, till.same.value, till.bias.value) == (24, 0.0, pytest.approx(-(23 * 2 + 6) / 24))


def test_groups_that_are_too_small_are_told_as_one_or_not_at_all(tables: Tables) -> None:
    found = look(tables, 40, by="unit")
    assert ([group.value for group in found.groups], found.withheld) == (["east"], 0)
    assert (look(tables, 40, by="unit", least=25).groups, look(tables, 40, by="unit", least=25).withheld) == ((), 1)
    store_outcomes(tables, [Outcome(f"w{n}", "west", T0 + n * HOUR, T0 + 30 * HOUR, "counted", 8.0) for n in range(3)])
    both = look(tables, 40, by="unit")
    assert [(group.value, group.accuracy.count) for group in both.groups] == [(SMALL, 27)], "else west is the rest"
    with pytest.raises(UsageError, match="told apart by unit"):
        look(tables, 40, by="income")
    with pytest.raises(UsageError, match="2 or more"):
        look(tables, 40, by="unit", least=1)


def test_the_policy_s_minimum_group_counts_where_it_is_larger(tables: Tables) -> None:
    policy = Policy(name="p", minimum_group=MinimumGroup(("unit", "tick"), 25))
    found = known(tables, replace(TOY, telemetry=policy), DAY, T0 + 40 * HOUR, by="unit")
    assert (found.groups, found.withheld) == ((), 1)


def test_without_outcomes_nothing_is_claimed(tables: Tables) -> None:
    found = known(tables, TOY, Window(T0 + 100 * HOUR, T0 + 101 * HOUR), T0 + 101 * HOUR)
    assert (found.predictions, found.accuracy, found.preliminary) == (0, None, True)


def test_contests_are_a_proxy_held_against_the_truth(tables: Tables) -> None:
    names = tables.scan("predictions").filter(pl.col("unit") == "east").sort("tick").collect()["id"].to_list()
    west = tables.scan("predictions").filter(pl.col("unit") == "west").collect()["id"].first()
    # Truth in the east: 11 at first (corrected), then 7; forecasts are 5.
    said = [
        Contest(names[0], value=11.0, at=T0 + 3 * HOUR),
        Contest(names[0], value=1.0, at=T0 + 4 * HOUR),
        Contest(names[1], value=8.0, at=T0 + 3 * HOUR),
        Contest(names[2], at=T0 + 3 * HOUR),
        Contest(str(west), value=8.0, at=T0 + 3 * HOUR),
        Contest("nothing that was answered", at=T0 + 3 * HOUR),
        Contest(names[3], at=T0 + 60 * HOUR),
    ]
    assert look(tables, 40).contested is None
    tables.append(CONTESTS, contest_rows(said))
    found = look(tables, 40).contested
    assert found is not None
    assert (found.answers, found.known) == (4, 3)
    assert found.loss is not None
    assert found.loss.value == pytest.approx((36 + 4 + 4) / 3)
    assert found.others is not None
    assert (found.others.value, found.others.count) == (pytest.approx(4.0), 21)
    assert found.value is not None
    assert (found.value.source, found.value.count) == ("contested", 2)
    assert found.value.same.value == pytest.approx(0.5)
    assert found.value.bias.value == pytest.approx((0 + 1) / 2)


def test_a_proxy_is_not_the_truth_that_a_contest_is_held_against(tables: Tables) -> None:
    last = tables.scan("predictions").filter(pl.col("unit") == "east").sort("tick").collect()["id"].last()
    tables.append(CONTESTS, contest_rows([Contest(str(last), value=5.0, at=T0 + 23 * HOUR)]))
    found = look(tables, 24).contested
    assert found is not None
    assert (found.answers, found.known, found.value) == (1, 0, None)
