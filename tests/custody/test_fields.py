"""What fields cost and narrow, and which unused ones explain what the model leaves."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.custody.fields import candidates, stored_fields
from afield.errors import TelemetryError

T0 = datetime(2026, 3, 2)


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """100 ticks of 20 units: what `rain` says stands in the residual and in the loss; `noise` says nothing."""
    draw = np.random.default_rng(3)
    tick = np.repeat(np.arange(100), 20)
    rain, noise = draw.random(2000), draw.random(2000)
    residual = 2.0 * rain + draw.normal(0, 0.5, 2000)
    return pl.DataFrame(
        {
            "tick": [T0 + int(each) * timedelta(hours=1) for each in tick],
            "unit": [f"unit-{each}" for each in np.tile(np.arange(20), 100)],
            "inclusion": 1.0,
            "rain": rain,
            "noise": noise,
            "kind": np.where(rain > 0.5, "wet", "dry"),
            "same": 1.0,
            "residual": residual,
            "loss": residual**2,
        }
    )


def test_unused_fields_are_ranked_by_the_residual_that_they_explain(rows: pl.DataFrame) -> None:
    found = candidates(rows, ("noise", "kind", "rain", "same"))
    assert [each.name for each in found[:2]] == ["rain", "kind"]
    # Var(2 rain) / (Var(2 rain) + 0.25) = 0.333 / 0.583 = 0.571
    assert found[0].explained.value == pytest.approx(0.571, abs=0.06)
    assert found[0].explained.interval.low > 0.4
    others = {each.name: each.explained.value for each in found[2:]}
    assert all(value < 0.01 for value in others.values())


def test_a_field_narrows_the_interval_by_what_its_strata_tell_of_the_loss(rows: pl.DataFrame) -> None:
    fields = stored_fields(rows.select("tick", "unit", "rain", "noise", "same"), rows, days=4.0)
    narrowed = {each.name: each.narrowed for each in fields}
    assert narrowed["rain"] > 0.2
    assert narrowed["noise"] < 0.05
    assert narrowed["same"] == 0.0


def test_a_field_costs_what_it_takes_on_the_disk(rows: pl.DataFrame) -> None:
    fields = {each.name: each for each in stored_fields(rows.select("unit", "noise", "same"), rows, 10.0, price=1.0)}
    assert fields["noise"].bytes_row > 8 > fields["same"].bytes_row
    assert fields["noise"].bytes_month == pytest.approx(fields["noise"].bytes_row * 2000 * 3)
    assert fields["noise"].cost_month == pytest.approx(fields["noise"].bytes_month / 1e9)
    assert (fields["unit"].needed, fields["noise"].needed) == ("outcomes find it by this", "")


def test_too_few_ticks_explain_nothing(rows: pl.DataFrame) -> None:
    with pytest.raises(TelemetryError, match="at least 10 are needed"):
        candidates(rows.head(60), ("rain",))


@pytest.mark.parametrize(
    "odd",
    [
        pl.Series([None] * 200, dtype=pl.Float64),
        pl.Series([float("nan")] * 200),
        pl.Series([float("inf"), 1.0] * 100),
        pl.Series(["a", None] * 100),
        pl.Series([["a"], None] * 100, dtype=pl.List(pl.String)),
        pl.Series([[1, 2], []] * 100, dtype=pl.List(pl.Int64)),
        pl.Series([b"\xff\x00", None] * 100, dtype=pl.Binary),
        pl.Series(["x", "y"] * 100, dtype=pl.Categorical),
        pl.Series([{"a": 1}] * 200),
        pl.Series([None] * 200),
        pl.Series([True, False] * 100),
    ],
    ids=lambda odd: str(odd.dtype),
)
def test_whatever_a_column_holds_it_has_a_cost_and_a_place_in_the_ranking(odd: pl.Series) -> None:
    draws = np.random.default_rng(0)
    ticks = [datetime(2026, 1, 1) + timedelta(hours=n // 2) for n in range(200)]
    rows = pl.DataFrame(
        {"tick": ticks, "inclusion": 1.0, "loss": draws.random(200), "residual": draws.normal(size=200), "odd": odd}
    )
    (field,) = [each for each in stored_fields(rows, rows, 3.0) if each.name == "odd"]
    assert field.bytes_row > 0
    assert 0.0 <= field.narrowed <= 1.0
    (candidate,) = candidates(rows, ["odd"])
    assert candidate.explained.value < 0.2, "nothing of it has to do with the residual"
