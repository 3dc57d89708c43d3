"""What the chosen recipe is trained on is chosen by a backtest, and said."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from afield.build import build
from afield.errors import UsageError
from afield.retraining.material import EVERYTHING, Material
from afield.workshop.fitting import Fitted, fit, open_fitted
from tests.workshop.test_fitting import DAY, LINE, ONE, START, WINDOWS, plan
from tests.workshop.village import UNTIL, office

NEWEST = Material(10 * DAY)


def fitted(folder: Path, change: int, *materials: Material) -> Fitted:
    """Fitted on hourly counts whose dependence on a column turns round after so many days."""
    random = np.random.default_rng(1)
    a, b = random.normal(size=(2, 1440))
    slope = np.where(np.arange(1440) < change * 24, -0.5, 0.5)
    rows = pl.DataFrame(
        {
            "slot": [START + timedelta(hours=hour) for hour in range(1440)],
            "a": a,
            "b": b,
            "has_history": True,
            "truth": random.poisson(np.exp(1.0 + slope * a)).astype(np.float64),
        }
    )
    (folder / "examples").mkdir(parents=True)
    (folder / "fit").mkdir()
    rows.write_ipc(folder / "examples" / "examples-0000.arrow")
    made = plan((LINE,), rival=ONE, materials=materials)
    fit(folder / "fit", made, folder / "examples", WINDOWS, {}, 0, lambda _: None, {})
    return open_fitted(folder / "fit")


def test_the_newest_rows_are_taken_where_the_world_has_changed(tmp_path: Path) -> None:
    found = fitted(tmp_path, 30, EVERYTHING, NEWEST)
    assert found.material.startswith(
        "trained on the newest 10 days; mean loss in a backtest from 3 origins: everything "
    )
    assert found.material in found.notes
    alone = fitted(tmp_path / "alone", 30, NEWEST)
    assert found.final["forecast"][1] == alone.final["forecast"][1]
    assert found.final["forecast"][1] != fitted(tmp_path / "every", 30, EVERYTHING).final["forecast"][1]


def test_where_nothing_has_changed_the_usual_is_kept(tmp_path: Path) -> None:
    assert fitted(tmp_path, 0, EVERYTHING, NEWEST).material.startswith("trained on everything")


def test_where_there_is_no_choice_nothing_is_said(tmp_path: Path) -> None:
    assert fitted(tmp_path, 30, EVERYTHING).material == ""


def test_a_build_that_names_no_material_or_one_twice_is_refused() -> None:
    for senseless in ((), (EVERYTHING, EVERYTHING)):
        with pytest.raises(UsageError, match="materials"):
            replace(plan((LINE,), rival=ONE), materials=senseless)


@pytest.mark.slow
def test_what_was_chosen_and_why_stands_in_the_ledger(tmp_path: Path) -> None:
    opened = office(tmp_path)
    opened = replace(opened, plan=replace(opened.plan, materials=(EVERYTHING, Material(14 * DAY))))
    opened.register(build(opened.plan, opened.bench(), None, UNTIL), promote=True)
    (row,) = opened.ledger.entries(opened.application.name, ("build",))
    assert "mean loss in a backtest from 3 origins: everything" in str(row.evidence["material"])
