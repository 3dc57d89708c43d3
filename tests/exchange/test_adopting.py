from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from afield.errors import EvaluationError, ReleaseError
from afield.exchange.adopting import adopt, answers, in_place
from afield.exchange.foreign import Foreign
from afield.records.release import Part
from afield.serving.model import Model
from afield.testing.stand import linear
from afield.workshop.fitting import Fitted
from tests.workshop.village import office, plan

COLUMNS = ("lag_1", "mean_24h")
HELD = pl.DataFrame({"truth": [3, 7], "lag_1": [1.0, 2.0], "mean_24h": [2.0, 5.0]})
VILLAGE = plan({"slot": "60m"})


def model(*weights: float, faulty: bool = False) -> Model:
    return Model(Part("forecast", COLUMNS, ("forecast",), "regression"), linear(weights, faulty=faulty))


def fitted() -> Fitted:
    """What a build fitted, where the recipe that was chosen is the simplest too."""
    chosen = Part("forecast", COLUMNS, ("forecast",), "regression")
    return Fitted({"forecast": model(1.0, 0.0)}, {"forecast": (chosen, b"")}, model(0.0, 1.0), {}, ())


def test_a_model_that_gives_one_number_a_row_is_asked() -> None:
    columns = {"lag_1": np.array([1.0, 2.0]), "mean_24h": np.array([2.0, 5.0])}
    assert answers(model(1.0, 1.0), columns).tolist() == [3.0, 7.0]


def test_a_model_that_cannot_take_what_is_unknown_is_refused_and_told_what_to_do() -> None:
    columns = {"lag_1": np.array([1.0, np.nan, 3.0]), "mean_24h": np.array([2.0, 5.0, 7.0])}
    with pytest.raises(ReleaseError, match=r"no number for 1 of 3 rows .*, 1 of which lack a feature.*imputer"):
        answers(model(1.0, 1.0), columns)


def test_a_model_that_gives_no_numbers_at_all_is_refused() -> None:
    columns = {"lag_1": np.array([1.0]), "mean_24h": np.array([2.0])}
    with pytest.raises(ReleaseError, match=r"no number for 1 of 1 rows .*, 0 of which lack"):
        answers(model(1.0, 1.0, faulty=True), columns)


def test_the_model_takes_the_place_of_the_chosen_one_which_stands_beside_it() -> None:
    foreign = Foreign("bought", linear((1.0, 1.0)), COLUMNS, "forecast")
    counted = replace(VILLAGE, constants=lambda forecast, truth: {"off": float((forecast - truth).sum())})
    changed = in_place(counted, foreign, fitted(), HELD)
    made, graph = changed.final["forecast"]
    assert (made.recipe, made.constants, graph) == ("trained elsewhere: bought", {"off": 0.0}, foreign.onnx)
    assert [*changed.beside] == ["regression"]
    assert changed.simplest == "regression"


def test_answers_that_do_not_fit_what_is_predicted_are_told_by_what_they_are_of() -> None:
    def refuse(_: NDArray[np.float64], __: NDArray[np.float64]) -> dict[str, float]:
        raise EvaluationError("row 0: forecast -3.0")

    foreign = Foreign("bought", linear((-1.0, -1.0)), COLUMNS, "forecast")
    with pytest.raises(ReleaseError, match=r"bought: .* orders per zone and slot \(row 0: forecast -3.0\); .*ReLU"):
        in_place(replace(VILLAGE, constants=refuse), foreign, fitted(), HELD)


def test_a_feature_that_the_application_has_not_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    told: list[str] = []
    opened = office(tmp_path, told)
    foreign = Foreign("bought", linear((1.0, 1.0)), ("lag_1", "moon"), "forecast")
    with pytest.raises(ReleaseError, match="bought: it reads moon, which the application does not have"):
        adopt(opened.plan, opened.bench(), foreign, None)
    assert not told
