import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from afield.errors import EvaluationError
from afield.evaluation.areas import areas

rows = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2).filter(lambda x: len({y for y, _ in x}) == 2)


@given(rows)
def test_areas_are_those_of_scikit_learn_with_ties_too(pairs):
    truth, chance = (np.array(each) for each in zip(*pairs, strict=True))
    found = areas(truth, chance / 8, resamples=10)
    assert found.roc.value == pytest.approx(roc_auc_score(truth, chance))
    assert found.precision_recall.value == pytest.approx(average_precision_score(truth, chance))


def test_thousands_of_probabilities_have_exact_values_inside_their_intervals():
    generator = np.random.default_rng(1)
    chance = generator.random(20_000)
    truth = generator.random(20_000) < chance
    found = areas(truth, chance, blocks=np.arange(20_000) // 100)
    assert found.roc.value == pytest.approx(roc_auc_score(truth, chance))
    assert found.roc.value in found.roc.interval
    assert found.roc.interval.high - found.roc.interval.low < 0.02


def test_blocks_that_are_alike_inside_widen_the_interval():
    generator = np.random.default_rng(2)
    block = np.repeat(np.arange(60), 30)
    level = np.repeat(generator.random(60), 30)
    truth, chance = generator.random(1800) < level, np.clip(generator.normal(0.5, 0.1, 60)[block], 0, 1)
    width = [each.high - each.low for each in (areas(truth, chance, blocks=b).roc.interval for b in (block, None))]
    assert width[0] > 1.5 * width[1]


@pytest.mark.parametrize(
    ("truth", "chance", "message"),
    [
        ([1, 1], [0.2, 0.9], "both classes"),
        ([0, 0], [0.2, 0.9], "not true"),
        ([0, 1], [0.2, np.nan], "row 1"),
        ([0, 1], [0.2, np.inf], "row 1"),
        ([], [], "0 truths"),
    ],
)
def test_one_class_and_what_is_no_probability_are_refused(truth, chance, message):
    with pytest.raises(EvaluationError, match=message):
        areas(truth, chance)


def test_labels_that_fit_no_rows_are_refused():
    with pytest.raises(EvaluationError, match="blocks"):
        areas([0, 1], [0.1, 0.2], blocks=[1, 1])
