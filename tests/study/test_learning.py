"""Learning curves."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from afield.records.facts import Window
from afield.study.learning import Lesson, curve, fit_shares, open_curve, opened
from afield.training.recipes import PoissonRegression

START = datetime(2024, 1, 1)
HOUR = timedelta(hours=1)
RECIPE = PoissonRegression("line", ("rate",), logs=("rate",))


def lesson(folder: Path, rows: int = 10_000) -> Lesson:
    draw = np.random.default_rng(3)
    rate = draw.gamma(2.0, 2.0, 400)
    pl.DataFrame(
        {
            "slot": [START + place * HOUR for place in range(400)],
            "rate": rate.astype(np.float32),
            "truth": draw.poisson(rate).astype(float),
            "has_history": [place > 10 for place in range(400)],
        }
    ).write_ipc(folder / "examples-0000.arrow")
    whole = Window(START, START + 300 * HOUR)
    return Lesson(folder, "slot", whole, Window(whole.end, whole.end + 100 * HOUR), rows, 17)


def test_each_share_learns_from_the_newest_rows_with_a_history(tmp_path: Path) -> None:
    found = fit_shares(tmp_path, RECIPE, lesson(tmp_path))
    assert [each.rows for each in found] == [289, 144, 72, 36, 18]
    assert len(found[0].seconds) == 3
    assert all(each.size > 0 and len(each.seconds) == 1 for each in found[1:])
    rows = {"rate": np.array([1.0, 4.0])}
    assert opened(tmp_path, found[0], "line").predict(rows) == pytest.approx([1.0, 4.0], rel=0.2)


def test_no_more_rows_are_learned_from_than_asked_for(tmp_path: Path) -> None:
    assert fit_shares(tmp_path, RECIPE, lesson(tmp_path, rows=100))[0].rows == 100


def test_a_share_that_cannot_be_fitted_says_why_and_the_others_go_on(tmp_path: Path) -> None:
    terms = lesson(tmp_path)
    file = tmp_path / "examples-0000.arrow"
    late = pl.col("slot") >= START + 270 * HOUR
    silent = pl.read_ipc(file.read_bytes()).with_columns(truth=pl.when(late).then(0.0).otherwise("truth"))
    silent.write_ipc(file)
    found = fit_shares(tmp_path, RECIPE, terms)
    assert not found[0].problem
    assert "nothing to learn" in found[-1].problem


@pytest.mark.slow
def test_a_process_of_its_own_gives_the_same_curve_and_its_memory(tmp_path: Path) -> None:
    terms = lesson(tmp_path)
    found = curve(tmp_path, RECIPE, terms)
    assert open_curve(tmp_path) == found
    assert found[0].memory is not None
    here = fit_shares(tmp_path, RECIPE, terms)
    assert [each.size for each in here] == [each.size for each in found]
