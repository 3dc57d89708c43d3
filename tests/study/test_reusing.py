"""A model in another place."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from afield.errors import DataError
from afield.records.facts import Window
from afield.records.provenance import Provenance
from afield.serving.inference import Columns
from afield.store.steps import Steps
from afield.study.field import Field
from afield.study.reusing import FRESH, RECALIBRATED, SAID, TUNED, Reused, arms, reuse
from afield.training.recipes import BoostedClasses, PoissonRegression
from surge.application import surge
from surge.building import build

START = datetime(2024, 1, 1)
HOUR = timedelta(hours=1)
RECIPE = PoissonRegression("line", ("lag_1", "one_week_back"), logs=("lag_1", "one_week_back"))


def field(folder: Path, rows: int = 3000, factor: float = 2.0) -> Field:
    """A place where twice as much happens as the model that is taken there has learned."""
    draw = np.random.default_rng(3)
    rate = draw.gamma(4.0, 1.0, rows)
    pl.DataFrame(
        {
            "slot": [START + place * HOUR for place in range(rows)],
            "zone": np.ones(rows, np.int32),
            "lag_1": rate,
            "one_week_back": draw.poisson(factor * rate).astype(float),
            "same_slot_four_weeks": factor * rate,
            "truth": draw.poisson(factor * rate).astype(float),
            "has_history": np.ones(rows, bool),
        }
    ).write_ipc(folder / "examples-0000.arrow")
    whole = Window(START, START + rows * HOUR)
    edge = START + int(rows * 0.6) * HOUR
    return Field(
        application="surge",
        plan=build(surge().options),
        settings={},
        examples=folder,
        training=Window(START, edge),
        held=Window(START, edge),
        test=Window(edge, whole.end),
        slices={},
        steps=Steps(folder / "steps"),
        data="made up",
        generated=True,
        provenance=Provenance("a test", {}, "code", seed=17),
        tell=lambda _: None,
    )


def lag(rows: Columns) -> np.ndarray:
    return np.array(rows["lag_1"], np.float64)


def taken(place: Field) -> Reused:
    return reuse(place, RECIPE, "the lag", ("lag_1",), lag, "here", "there", "RMSE")


def test_a_model_that_is_off_by_a_factor_is_mended_by_a_few_local_rows(tmp_path: Path) -> None:
    found = taken(field(tmp_path))
    assert [each.rows for each in found.amounts] == [28, 112, 450, 1800]
    most = found.amounts[-1]
    assert not most.problems
    assert most.against[RECALIBRATED].difference.interval.high < 0
    assert most.values[TUNED].value < found.frozen.value
    assert found.recommendation.startswith("Beyond noise, adapting beats the frozen model from ")


def test_where_the_model_fits_nothing_is_gained_beyond_noise(tmp_path: Path) -> None:
    found = taken(field(tmp_path, rows=600, factor=1.0))
    ratio = found.amounts[-1].against[RECALIBRATED].ratio
    assert ratio is not None
    assert ratio.value == pytest.approx(1.0, abs=0.05)


def test_too_little_local_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least 20 of each are needed"):
        taken(field(tmp_path, rows=30))
    with pytest.raises(DataError, match="no local data to learn from"):
        taken(replace(field(tmp_path), training=None))


def test_classes_are_fine_tuned_on_the_frozen_log_odds() -> None:
    made = arms(BoostedClasses("sure", ("score",)))
    assert made[RECALIBRATED].columns == (SAID,)
    assert made[TUNED].columns == ("score", SAID)
    assert made[FRESH].columns == ("score",)
