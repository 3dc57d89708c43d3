"""Features of language: their shape, what each says, and that a line's n-grams do not depend on its spelling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signs.language.features import BUCKETS, FEATURES, SLOTS, TOKENS, rows, tokens
from signs.records import Place

TOKYO, ZURICH = Place(35.68, 139.77), Place(47.37, 8.54)


def one(texts: list[str], place: Place | None = None, line: int = 0) -> dict[str, float]:
    return dict(zip((*FEATURES, *TOKENS), rows(texts, place)[line].tolist(), strict=True))


@given(st.lists(st.text(max_size=300), max_size=5))
def test_any_text_has_finite_features_and_tokens_within_the_buckets(texts: list[str]) -> None:
    found = rows(texts, None)
    assert found.shape == (len(texts), len(FEATURES) + len(TOKENS))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    marks = found[:, len(FEATURES) :]
    assert ((marks >= 0) & (marks <= BUCKETS)).all()


def test_shares_of_scripts_are_of_the_characters_that_are_no_space() -> None:
    found = one(["現金 のみ"])
    assert (found["han"], found["kana"], found["latin"]) == (0.5, 0.5, 0.0)


@pytest.mark.parametrize(
    ("text", "only"), [("駅", "only_japanese"), ("关闭", "only_simplified"), ("營業", "only_traditional")]
)
def test_characters_of_one_country_are_noticed(text: str, only: str) -> None:
    assert one([text])[only] > 0


def test_the_place_says_which_languages_its_signs_use() -> None:
    assert one(["出口"], TOKYO)["place_ja"] == 1
    found = one(["Ausgang"], ZURICH)
    assert (found["place_de"], found["place_fr"], found["place_known"]) == (1, 0.5, 1)
    assert one(["出口"])["place_known"] == 0


def test_a_line_is_told_of_the_others_and_not_of_itself() -> None:
    frame = ["出口", "きっぷ", "EXIT only", "駅"]
    found = one(frame)
    assert found["others"] == pytest.approx(np.log(4))
    assert found["others_kana"] == found["others_en"] == found["others_only_japanese"] == pytest.approx(1 / 3)
    assert one(frame, line=1)["others_kana"] == 0
    assert one(["きっぷ"])["others_kana"] == one(["きっぷ"])["others"] == 0


def test_width_case_and_digits_do_not_change_the_tokens() -> None:
    assert tokens("\uff33ale 10:00") == tokens("SALE 99:59")
    assert tokens("Größe") != tokens("Grosse")


def test_a_long_line_has_as_many_tokens_as_there_is_room_for() -> None:
    assert len(tokens("".join(chr(0x4E00 + number) for number in range(400)))) == SLOTS
    assert tokens("") == ()


def test_a_token_is_the_checksum_of_its_utf_8_so_that_a_phone_finds_the_same() -> None:
    # CRC-32 of each, modulo the buckets, plus 1: fixed here, for a released model knows no other numbers.
    assert tokens("口") == (15760, 5312, 32074)
