import numpy as np
import pytest

from afield.errors import EvaluationError
from afield.mitigation.classes import allow, certain, deny, sets, threshold


def nothing(_: str):
    return np.array([np.nan])


def test_a_class_that_is_not_allowed_or_is_denied_is_not_known() -> None:
    outputs = {"label": np.array([0.0, 1.0, 2.0, np.nan])}
    assert np.isnan(allow("label", [0, 1])(outputs, nothing)["label"]).tolist() == [False, False, True, True]
    assert np.isnan(deny("label", [0, 1])(outputs, nothing)["label"]).tolist() == [True, True, False, True]
    assert allow("label", [0, 1, 2])(outputs, nothing) is outputs
    assert (allow("label", []).name, deny("label", []).name) == ("allow:label", "deny:label")


def drawn(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of three classes, flatter than the truth is, and the truth."""
    draw = np.random.default_rng(seed)
    sharp = draw.dirichlet([0.4, 0.4, 0.4], rows)
    truth = np.array([draw.choice(3, p=row) for row in sharp])
    return (sharp + 0.2) / 1.6, truth


def test_the_true_class_is_in_its_set_as_often_as_promised_whatever_the_probabilities_are() -> None:
    level, inside = 0.8, []
    for seed in range(40):
        probabilities, truth = drawn(400, seed)
        held = sets(probabilities[200:], threshold(probabilities[:200], truth[:200], level))
        inside.append(held[np.arange(200), truth[200:]].mean())
    # The mean of 40 × 200 rows has a standard error below 0.007.
    assert 0.78 < np.mean(inside) < 0.83


def test_only_a_class_that_is_alone_in_its_set_stands() -> None:
    guard = certain("label", ("p_a", "p_b"), 0.6)
    outputs = {"label": np.zeros(3), "p_a": np.array([0.9, 0.5, 0.3]), "p_b": np.array([0.1, 0.5, 0.2])}
    assert np.isnan(guard(outputs, nothing)["label"]).tolist() == [False, True, True]
    alone = {"label": np.zeros(3)}
    assert guard(alone, nothing) is alone


def test_a_threshold_needs_rows_enough_and_lies_between_nothing_and_one() -> None:
    with pytest.raises(EvaluationError, match="too few"):
        threshold([[0.5, 0.5]] * 3, [0, 1, 0], 0.9)
    with pytest.raises(ValueError, match="must not lie outside"):
        certain("label", ("p",), 1.5)
