"""From recorded traffic to what the ladder judges."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.control.evidence import exposed, losses, paired
from afield.rollout.judging import judge
from afield.rollout.ladder import Ladder
from afield.statistics.losses import squared_error

NOON = datetime(2024, 3, 1, 12)
HOUR = timedelta(hours=1)
Row = dict[str, object]


def forecast(hour: int, arm: str, value: float | None, truth: float | None, inclusion: float = 1.0) -> Row:
    tick = NOON + hour * HOUR
    release = {"champion": "a", "challenger": "b"}[arm]
    return {
        "tick": tick, "arm": arm, "release": release, "inclusion": inclusion, "truth": truth, "output_forecast": value,
    }  # fmt: skip


SCHEMA = {
    "tick": pl.Datetime("us"), "arm": pl.String, "release": pl.String,
    "inclusion": pl.Float64, "truth": pl.Float64, "output_forecast": pl.Float64,
}  # fmt: skip


def by_tick(*rows: Row) -> pl.DataFrame:
    return losses(pl.DataFrame(rows, schema=SCHEMA, orient="row"), "forecast", squared_error)


def test_the_loss_is_averaged_over_the_units_of_a_tick() -> None:
    found = by_tick(forecast(0, "champion", 1, 3), forecast(0, "champion", 5, 5), forecast(1, "champion", 2, 5))
    assert found.select("tick", "loss").rows() == [(NOON, 2.0), (NOON + HOUR, 9.0)]


def test_a_unit_counts_by_the_inverse_of_its_probability_of_being_recorded() -> None:
    found = by_tick(forecast(0, "champion", 0, 1, inclusion=1.0), forecast(0, "champion", 0, 2, inclusion=0.25))
    assert found["loss"].to_list() == pytest.approx([(1 * 1 + 4 * 4) / 5])


def test_what_has_no_outcome_or_no_forecast_yet_is_left_out() -> None:
    assert by_tick(forecast(0, "champion", 1, None), forecast(0, "champion", None, 1)).is_empty()


def test_pairs_are_of_the_same_ticks_in_order() -> None:
    table = by_tick(
        forecast(2, "champion", 0, 2),
        forecast(0, "champion", 0, 1),
        forecast(1, "champion", 0, 9),
        forecast(2, "challenger", 1, 2),
        forecast(0, "challenger", 1, 1),
        forecast(3, "challenger", 1, 1),
    )
    evidence = paired(table, "b", "a", ticks=4)
    assert evidence.ticks == 4
    np.testing.assert_allclose(evidence.candidate, [0.0, 1.0])
    np.testing.assert_allclose(evidence.champion, [1.0, 4.0])


def test_a_release_that_nothing_is_known_of_gives_no_pair() -> None:
    evidence = paired(by_tick(forecast(0, "champion", 0, 1)), "b", "a", ticks=1)
    assert evidence.candidate.size == evidence.champion.size == 0


def answer(hour: int, arm: str, price: float, *applied: str) -> Row:
    return {"tick": NOON + hour * HOUR, "arm": arm, "applied": list(applied), "output_multiplier": price}


def timed(hour: int, arm: str, took: float | None) -> Row:
    return {**answer(hour, arm, 1.0), "took": took}


def exposure(*rows: Row) -> pl.DataFrame:
    schema = {
        "tick": pl.Datetime("us"),
        "arm": pl.String,
        "applied": pl.List(pl.String),
        "output_multiplier": pl.Float64,
        **({"took": pl.Float64} if any("took" in row for row in rows) else {}),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_a_canary_is_held_against_the_control_of_the_same_ticks() -> None:
    evidence = exposed(
        exposure(
            answer(0, "challenger", 2.0, "clamp:multiplier"),
            answer(0, "challenger", 1.0),
            answer(0, "champion", 1.0, "fallback:baseline"),
            answer(1, "champion", 1.0),
        ),
        "multiplier",
        ticks=2,
        guards=("clamp:forecast", "clamp:multiplier"),
    )
    assert [side.tolist() for side in evidence.rates["guards"]] == [[0.5], [0.0]]
    assert [side.tolist() for side in evidence.rates["fallbacks"]] == [[0.0], [1.0]]
    assert [side.tolist() for side in evidence.levels["multiplier"]] == [[1.5], [1.0]]


def test_a_canary_without_any_traffic_can_still_be_judged() -> None:
    for answers in (exposure(), exposure().drop("output_multiplier")):
        evidence = exposed(answers, "multiplier", ticks=3, guards=("clamp:x",))
        assert judge(Ladder(), "canary", evidence).to == "stay"


def test_answers_of_the_two_arms_are_compared_in_pairs_by_how_long_they_took() -> None:
    rows = [timed(0, "challenger", 0.05), timed(0, "challenger", 0.01), timed(0, "champion", 0.01)]
    rows += [timed(0, "champion", 0.03), timed(1, "champion", 0.01), timed(2, "challenger", None)]
    slower = exposed(exposure(*rows), "multiplier", ticks=3, guards=(), latency_ratio=2.0).slower
    assert slower is not None
    assert slower.tolist() == [0.25]


def test_what_nobody_feels_is_not_slower() -> None:
    rows = [timed(0, "challenger", 0.0015), timed(0, "champion", 0.00001)]
    slower = exposed(exposure(*rows), "multiplier", ticks=1, guards=()).slower
    assert slower is not None
    assert slower.tolist() == [0.0]


def test_where_nothing_was_measured_latency_is_not_judged() -> None:
    assert exposed(exposure(answer(0, "champion", 1.0)), "multiplier", ticks=1, guards=()).slower is None
