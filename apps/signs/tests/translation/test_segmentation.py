"""Segmentation: the fewest words, without a gap, none of a single character."""

from hypothesis import given
from hypothesis import strategies as st

from signs.translation.segmentation import MOST, SHORTEST, pieces

WORDS = {"駅前": "in front of station", "広場": "plaza", "駅前広": "?", "中央": "central", "口": "mouth"}


@given(st.text("駅前広場中央口", max_size=12))
def test_what_is_found_covers_the_text_with_known_words(text: str) -> None:
    found = pieces(text, WORDS.get, 8)
    assert len(found) <= MOST
    if found:
        back = {english: word for word, english in WORDS.items()}
        assert "".join(back[each] for each in found) == text
        assert all(len(back[each]) >= SHORTEST for each in found)


def test_the_fewest_words_win() -> None:
    assert pieces("駅前広場", {**WORDS, "駅前広場": "station plaza"}.get, 8) == ["station plaza"]


def test_a_gap_is_no_translation() -> None:
    assert pieces("駅前の広場", WORDS.get, 8) == []
    assert pieces("中央口", WORDS.get, 8) == []


def test_nothing_is_made_of_nothing() -> None:
    assert pieces("", WORDS.get, 8) == []
