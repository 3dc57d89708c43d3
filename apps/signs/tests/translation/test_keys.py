"""Keys: what does not matter to a reader of signs does not matter to the key, and numbers come back as digits."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from signs.translation.keys import ENDS, NUMERALS, key, numeral

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=20)


@given(TEXTS)
def test_a_key_needs_no_folding_again(text: str) -> None:
    assert key(key(text)) == key(text)


@given(TEXTS)
def test_a_key_has_no_white_space_and_no_capitals(text: str) -> None:
    assert not any(each.isspace() for each in key(text))
    assert key(text) == key(text).casefold()


@given(st.text("出口EXIT入場料", min_size=1, max_size=8), st.text(ENDS, max_size=3), st.text(ENDS, max_size=3))
def test_marks_around_a_text_do_not_count(text: str, before: str, after: str) -> None:
    assert key(f"{before}{text}{after}") == key(text)


@given(st.text("abcXYZ0189!?", max_size=12))
def test_full_width_letters_are_letters(text: str) -> None:
    wide = "".join(chr(ord(each) + 0xFEE0) for each in text)
    assert unicodedata.normalize("NFKC", wide) == text
    assert key(wide) == key(text)


@given(st.integers(1, 9999))
def test_a_number_in_chinese_numerals_comes_back(value: int) -> None:
    assert numeral(_written(value)) == str(value)


@given(st.integers(0, 99999))
def test_a_number_digit_by_digit_comes_back(value: int) -> None:
    digits = "".join(list(NUMERALS)[int(each)] for each in str(value))
    assert numeral(digits) == str(value)


def test_a_dash_before_a_text_is_dropped_and_after_it_kept() -> None:
    assert key("〜10時") == "10時"
    assert key("10時〜") == "10時-"


def _written(value: int) -> str:
    """The number as it is written with 十, 百 and 千."""
    names, found = list(NUMERALS), ""
    for scale, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // scale % 10
        if digit:
            found += ("" if digit == 1 and sign else names[digit]) + sign
    return found
