"""Scores of classes: against hand-worked counts, scikit-learn, and laws of probabilities."""

import msgspec
import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score, log_loss

from afield.errors import EvaluationError
from afield.evaluation.classes import binary, several

TRUTH = [1, 1, 1, 0, 0, 1, 0, 0]
CHANCE = [0.9, 0.8, 0.4, 0.7, 0.2, 0.6, 0.1, 0.5]
NAMES = ("ja", "zh", "ko", "de")


def drawn(rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that hold, and what came true."""
    random = np.random.default_rng(0)
    chance = random.random(rows)
    return random.random(rows) < chance, chance


def classified(rows: int = 600) -> tuple[list[str], np.ndarray]:
    random = np.random.default_rng(1)
    true = random.integers(0, 3, rows)
    chance = random.dirichlet(np.ones(4), rows) + 1.2 * np.eye(4)[true] * (random.random((rows, 1)) < 0.8)
    return [NAMES[each] for each in true], chance / chance.sum(axis=1, keepdims=True)


def test_counts_and_rates_at_a_threshold() -> None:
    found = binary(TRUTH, CHANCE)
    counts = (found.true_positives, found.false_positives, found.false_negatives, found.true_negatives)
    assert counts == (3, 2, 1, 2)
    assert (found.precision.value, found.recall.value, found.false_positive_rate.value) == (0.6, 0.75, 0.5)
    assert binary(TRUTH, CHANCE, threshold=0.75).precision.value == 1.0


def test_losses_are_those_of_scikit_learn() -> None:
    found = binary(TRUTH, CHANCE)
    assert found.log_loss.value == pytest.approx(log_loss(TRUTH, CHANCE))
    assert found.brier.value == pytest.approx(brier_score_loss(TRUTH, CHANCE))


def test_a_probability_of_zero_for_what_happened_costs_much_but_not_infinitely() -> None:
    assert 20 < binary([1], [0.0]).log_loss.value < 21


def test_nothing_said_has_no_precision() -> None:
    assert binary([1, 0], [0.1, 0.2]).precision.value is None


def test_macro_f1_is_that_of_scikit_learn_over_the_classes_that_occur() -> None:
    truth, chance = classified()
    said = [NAMES[each] for each in chance.argmax(axis=1)]
    found = several(truth, chance, NAMES)
    assert found.macro_f1.value == pytest.approx(f1_score(truth, said, labels=NAMES[:3], average="macro"))
    assert found.macro_f1.value in found.macro_f1.interval


def test_the_confusion_adds_up_to_the_rows_and_its_diagonal_to_what_is_right() -> None:
    truth, chance = classified()
    found = several(truth, chance, NAMES)
    assert sum(sum(row.values()) for row in found.confusion.values()) == found.rows == 600
    assert sum(row.get(name, 0) for name, row in found.confusion.items()) == found.accuracy.count


def test_rows_of_one_block_that_are_alike_make_the_interval_wider() -> None:
    truth, chance = drawn(400)
    many, blocks = np.repeat(truth, 10), np.repeat(np.arange(400), 10)
    alone, together = (binary(many, np.repeat(chance, 10), blocks=each).brier for each in (None, blocks))
    width = [each.interval.high - each.interval.low for each in (alone, together)]
    assert width[1] > 2.5 * width[0]
    assert alone.value == pytest.approx(together.value)


def test_the_record_is_its_own_json() -> None:
    truth, chance = classified(40)
    for found in (binary(TRUTH, CHANCE), several(truth, chance, NAMES)):
        assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found


@pytest.mark.parametrize(
    ("truth", "chance", "message"),
    [
        ([], [], "0 truths"),
        ([1], [0.5, 0.5], "1 truths and 2"),
        ([2], [0.5], "row 0: truth 2"),
        ([1, 0], [0.5, 1.5], "row 1"),
        ([1, 0], [0.5, float("nan")], "row 1"),
    ],
)
def test_what_is_no_probability_or_no_truth_is_refused(truth: list[int], chance: list[float], message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        binary(truth, chance)


def test_unknown_classes_and_wrong_shapes_are_refused() -> None:
    with pytest.raises(EvaluationError, match="none of the classes"):
        several(["fr"], [[0.5, 0.5]], ("ja", "zh"))
    with pytest.raises(EvaluationError, match="probabilities of"):
        several(["ja"], [[0.5]], ("ja", "zh"))
