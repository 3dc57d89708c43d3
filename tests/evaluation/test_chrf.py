import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics import CHRF

from afield.errors import EvaluationError
from afield.evaluation.chrf import chrf

texts = st.lists(
    st.tuples(st.text("ab cé出口", max_size=12), st.text("ab cé出口", max_size=12)), min_size=2, max_size=5
)


@given(texts)
def test_the_score_is_that_of_sacrebleu(pairs):
    said, true = (list(each) for each in zip(*pairs, strict=True))
    expected = CHRF().corpus_score(said, [true]).score
    assert chrf(said, true, resamples=5).value == pytest.approx(expected, abs=1e-6)


def test_a_known_translation_has_its_known_score():
    said, true = ["The exit is on the left", "no smoking please"], ["The exit is left", "No smoking"]
    found = chrf(said, true)
    assert found.value == pytest.approx(CHRF().corpus_score(said, [true]).score)
    assert found.value in found.interval
    assert found.count == 2


@pytest.mark.parametrize(("said", "true"), [([], []), (["a"], ["a", "b"]), (["a"], ["a"])])
def test_texts_without_their_references_or_alone_are_refused(said, true):
    with pytest.raises(EvaluationError):
        chrf(said, true)
