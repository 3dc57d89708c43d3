"""Which recipe becomes the model."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from afield.statistics.losses import squared_error
from afield.training.recipes import BoostedTrees, PoissonRegression
from afield.workshop import choosing
from afield.workshop.choosing import choose

LINE, TREES = PoissonRegression("line", ("x",)), BoostedTrees("trees", ("x",))
DAY = timedelta(days=1)


def chosen(monkeypatch: pytest.MonkeyPatch, gain: float, noise: float = 0.05, days: int = 14) -> tuple[str, list[str]]:
    """The choice where the trees' forecasts lie `gain` of the way from the line's to the truth."""
    random = np.random.default_rng(5)
    truth = random.normal(size=24 * days)
    line = random.normal(size=24 * days)
    said = {"line": line, "trees": line + gain * (truth - line) + random.normal(0, noise, size=24 * days)}

    def outputs(trained: SimpleNamespace, _: pl.DataFrame) -> NDArray[np.float64]:
        return said[trained.name]

    monkeypatch.setattr(choosing, "outputs", outputs)
    held = pl.LazyFrame(
        {"slot": [datetime(2026, 1, 1) + timedelta(hours=n) for n in range(24 * days)], "truth": truth, "x": line}
    )
    plan = SimpleNamespace(features=SimpleNamespace(origin="slot"), block=DAY, loss=squared_error)
    tried = {name: SimpleNamespace(name=name, features=("x",), report={"seconds": 0.0}) for name in said}
    told: list[str] = []
    return choose(plan, (TREES, LINE), tried, held, 0, told.append), told  # type: ignore[arg-type]


def test_what_beats_the_simplest_beyond_chance_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(monkeypatch, gain=0.3)[0] == "trees"


def test_the_simplest_is_taken_where_chance_may_explain_that_another_did_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, told = chosen(monkeypatch, gain=0.025, noise=0.27)
    assert name == "line"
    assert "trees is not better than line beyond chance" in told[-1]


def test_one_stretch_of_time_tells_nothing_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    name, told = chosen(monkeypatch, gain=0.3, days=1)
    assert name == "line"
    assert "one stretch" in told[-1]
