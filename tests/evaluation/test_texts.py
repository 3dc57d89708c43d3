import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.evaluation.texts import (
    character_error_estimate,
    character_error_rate,
    character_errors,
    distance,
    folded,
    rate,
)

texts = st.text(max_size=12)


def wide(text):
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{wide('CASH')}\u3000{wide('ONLY')}", "cash only"),
        ("  Défense\n de  fumer ", "défense de fumer"),
        ("港 区 MINATO CITY", "港区 minato city"),
        ("ｶﾀｶﾅ", "カタカナ"),
        ("30℃", "30°c"),
        ("Straße", "strasse"),
        ("", ""),
    ],
)
def test_differences_that_do_not_count_are_folded_away(text, expected):
    assert folded(text) == expected


@given(texts)
def test_folding_twice_changes_nothing_more(text):
    assert folded(folded(text)) == folded(text)


@given(texts, texts)
def test_the_distance_is_the_same_both_ways(first, second):
    assert distance(first, second) == distance(second, first)


@given(texts, texts)
def test_the_distance_is_nothing_only_between_equal_texts(first, second):
    assert (distance(first, second) == 0) == (first == second)
    assert abs(len(first) - len(second)) <= distance(first, second) <= max(len(first), len(second))


@given(texts, texts, texts)
def test_a_detour_is_never_shorter(first, second, third):
    assert distance(first, third) <= distance(first, second) + distance(second, third)


def test_case_and_width_are_no_errors():
    assert character_errors("No Parking", wide("NO") + "  PARKING") == 0
    assert character_errors("No Parking", "NOPARKING") == 1


def test_the_rate_counts_the_characters_of_all_texts_together():
    found = character_error_rate([("abcd", "abxd"), ("ab", "ab")])
    assert (found.count, found.total) == (1, 6)


def test_the_interval_is_wilsons():
    # R: prop.test(10, 100, correct = FALSE)
    found = rate(10, 100).interval
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.0552, 0.1744)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_interval_holds_its_share(count, more):
    found = rate(count, count + more)
    if count + more:
        assert found.interval is not None
        assert 0 <= found.interval.low <= found.value <= found.interval.high <= 1


def test_a_share_of_nothing_is_none():
    assert rate(0, 0).value is None


def test_more_errors_than_characters_have_no_interval():
    found = rate(5, 4)
    assert (found.value, found.interval) == (1.25, None)


@pytest.mark.parametrize(("count", "total", "level"), [(-1, 2, 0.95), (1, -2, 0.95), (1, 2, 1.0)])
def test_a_rate_without_meaning_is_refused(count, total, level):
    with pytest.raises(EvaluationError, match="counts are"):
        rate(count, total, level)


def test_the_characters_of_one_picture_are_drawn_together():
    pairs = [("exit", "exit")] * 30 + [("exit", "axat")] * 10
    alone, together = (
        character_error_estimate(pairs, blocks) for blocks in (None, [place // 10 for place in range(40)])
    )
    assert alone.value == together.value == character_error_rate(pairs).value
    assert together.interval.high - together.interval.low > alone.interval.high - alone.interval.low


@pytest.mark.parametrize("pairs", [[], [("", "x"), ("", "y")]])
def test_truths_without_a_character_have_no_error_rate(pairs):
    with pytest.raises(EvaluationError, match="no character"):
        character_error_estimate(pairs)
