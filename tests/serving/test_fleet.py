"""The whole fleet is held where all units move at once, and believed again once the new level lasts."""

from dataclasses import replace

import numpy as np
import pytest

from afield.mitigation.relations import fleet_limit
from afield.records.traffic import Query
from afield.testing.stand import TICK
from afield.testing.toy import HOUR, operate
from tests.serving.bakery import COLUMNS, Bakery, bakery_of, release, rows_at

LOUD = {name: values * 10 for name, values in COLUMNS.items()}


@pytest.fixture
def held() -> Bakery:
    """A bakery whose shops may together move by a half in an hour; step limits are out of the way."""
    return bakery_of(replace(operate({}), guards=(), fleet=(fleet_limit("forecast", share=0.5, least=4),)))


def asked(bakery: Bakery, hours: int, columns: dict[str, np.ndarray], *shops: str):
    tick = TICK + hours * HOUR
    predictor = bakery.see(release("r1"), rows=rows_at(tick, columns), now=tick)
    return predictor.answers([Query(key=shop, unit=shop, at=tick) for shop in shops or ("east",)])


def test_where_all_units_move_at_once_the_answers_before_go_on(held: Bakery) -> None:
    (calm,) = asked(held, 0, COLUMNS)
    (loud,) = asked(held, 1, LOUD)
    assert calm.applied == ()
    assert loud.applied == ("fleet:forecast", "fallback:cached")
    assert loud.output["forecast"] == calm.output["forecast"]


def test_it_is_the_same_for_several_at_once_and_for_the_forecast_of_all(held: Bakery) -> None:
    asked(held, 0, COLUMNS, "east", "west")
    assert [each.applied[0] for each in asked(held, 1, LOUD, "east", "west")] == ["fleet:forecast"] * 2
    assert held.predictor.forecast("champion", "r1").applied[0] == "fleet:forecast"


def test_one_unit_that_moves_alone_is_believed(held: Bakery) -> None:
    asked(held, 0, COLUMNS)
    alone = {name: values.copy() for name, values in COLUMNS.items()}
    alone["last_hour"][0] = 20.0
    (answer,) = asked(held, 1, alone)
    assert (answer.applied, answer.output["forecast"]) == ((), 13.0)


def test_a_level_that_lasts_is_believed_in_the_end(held: Bakery) -> None:
    asked(held, 0, COLUMNS)
    told = [asked(held, hour, LOUD)[0].applied for hour in (1, 2, 3, 4, 5)]
    assert [bool(each) for each in told] == [True, True, True, False, False]


def test_a_new_release_that_says_something_else_of_everybody_is_held_too(held: Bakery) -> None:
    asked(held, 0, COLUMNS)
    predictor = held.see(release("r2", (5.0, 5.0)), rows=rows_at(TICK), now=TICK)
    assert predictor.answer(Query(key="east", unit="east", at=TICK)).applied[0] == "fleet:forecast"
