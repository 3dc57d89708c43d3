"""Dictionaries: every word of the file is found, nothing else is, and rows of words are hardly trusted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import DataError
from signs.records import LANGUAGES, Language
from signs.translation.book import SURE_OF_TWIN
from signs.translation.dictionaries import SURE, SURE_SEGMENTED, Words, forms, packed

ENTRIES = {
    "ja": [
        ("駅前", "b", "in front of station"),
        ("広場", "b", "plaza"),
        ("駅", "d", "station"),
        ("自動販売機", "a", "vending machine"),
        ("入口", "c", "entrance"),
        ("コーヒー", "a", "coffee"),
    ],
    "zh": [("地铁站", "a", "subway station"), ("專用", "a", "exclusive"), ("东京", "a", "Tokyo")],
}
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40)
WORDS = Words.opened(packed(ENTRIES))


@pytest.mark.parametrize(("language", "entry"), [(name, each) for name, listed in ENTRIES.items() for each in listed])
def test_every_word_is_found_with_its_class(language: Language, entry: tuple[str, str, str]) -> None:
    text, kind, gloss = entry
    found = WORDS(text, language)
    assert found is not None
    assert (found.english, found.source, found.sure) == (gloss, "dictionary", SURE[kind])


@given(st.dictionaries(st.text("あいう口出駅前", min_size=1, max_size=4), st.sampled_from("abcd"), max_size=30), TEXTS)
def test_what_is_in_the_file_is_found_and_nothing_else(kinds: dict[str, str], other: str) -> None:
    words = Words.opened(packed({"ja": [(text, kind, f"gloss of {text}") for text, kind in kinds.items()]}))
    for text, kind in kinds.items():
        assert words.find(text, "ja") == (kind, f"gloss of {text}")
    assert (words.find(other, "ja") is not None) == (other in kinds)


@given(TEXTS, st.sampled_from(LANGUAGES))
def test_no_text_makes_the_words_fail(text: str, language: Language) -> None:
    for ask in (WORDS, WORDS.whole, WORDS.twin, WORDS.row):
        found = ask(text, language)
        assert found is None or found.english


def test_a_row_of_words_is_hardly_trusted() -> None:
    found = WORDS("駅前広場", "ja")
    assert found is not None
    assert (found.english, found.source) == ("in front of station plaza", "segmented")
    assert found.sure == SURE_SEGMENTED < 0.5


def test_words_of_several_meanings_make_no_row() -> None:
    assert WORDS("駅前入口", "ja") is None


def test_a_word_is_found_by_the_twins_of_its_characters() -> None:
    found = WORDS.twin("コ一ヒー", "ja")
    assert found is not None
    assert found.english == "coffee"
    assert found.sure == SURE["a"] * SURE_OF_TWIN
    assert WORDS.twin("专用", "zh") == WORDS.twin("専用", "zh") != None  # noqa: E711 - one chain


def test_forms_of_several_words_lead_to_none() -> None:
    alike = [("工口", "a", "first"), ("エ口", "a", "second")]
    assert forms(alike, ("工口", "エロ")) == [("エロ", "-", "")]
    words = Words.opened(packed({"ja": alike}))
    assert words.twin("工ロ", "ja") is None


def test_the_same_entries_give_the_same_bytes() -> None:
    assert packed(ENTRIES) == packed({name: listed[::-1] for name, listed in ENTRIES.items()})


def test_what_is_no_such_file_is_refused() -> None:
    with pytest.raises(DataError, match="build the release again"):
        Words.opened(b"nothing")
    with pytest.raises(DataError, match="newer than"):
        Words.opened(b'{"begins": {}, "schema": 99}\n')
