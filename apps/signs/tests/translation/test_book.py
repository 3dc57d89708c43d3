"""The phrasebook: a spelling is found however it is set, numbers come back, and no text makes it fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import DataError
from signs.records import LANGUAGES, Language
from signs.translation.book import Book, Phrase, Table, accepted, phrases_table, read

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40)
SMALL = Book(
    Table(
        {
            "ja": (
                Phrase(("出口", "でぐち"), ("Exit", "Way out")),
                Phrase(("{1}時から{2}時まで",), ("From {1} to {2}",)),
                Phrase(("約{1}m先",), ("About {1} m ahead",)),
                Phrase(("24時間営業",), ("Open 24 hours",)),
                Phrase(("{1}時間営業",), ("Open {1} hours",)),
                Phrase(("現金のみ",), ("Cash only",)),
            ),
            "fr": (Phrase(("Sortie de secours",), ("Emergency exit",)), Phrase(("Poussez",), ("Push",))),
        }
    )
)


@pytest.fixture(scope="module")
def book() -> Book:
    return Book.opened(phrases_table())


@given(
    st.sampled_from(["出口", "Sortie de secours"]),
    st.sampled_from(["", " ", "！", "。", " →", "」"]),
    st.sampled_from([str.upper, str.title, str]),
    st.sampled_from(["", " ", "\u3000"]),
)
def test_a_spelling_is_found_whatever_its_case_spaces_and_end_marks(
    text: str, end: str, cased: type[str], space: str
) -> None:
    language: Language = "fr" if text.isascii() else "ja"
    found = SMALL(space.join(cased(text)) + end, language)
    assert found is not None
    assert found.english == {"ja": "Exit", "fr": "Emergency exit"}[language]
    assert found.source == "phrasebook"


@given(st.integers(0, 9999), st.sampled_from(["{}", " {} ", "wide"]))
def test_a_number_comes_back(value: int, form: str) -> None:
    written = "".join(chr(ord(each) + 0xFEE0) for each in str(value)) if form == "wide" else form.format(value)
    found = SMALL(f"約{written}m先", "ja")
    assert found is not None
    assert found.english == f"About {value} m ahead"


def test_numbers_stand_where_they_stood() -> None:
    found = SMALL("9時から十七時まで", "ja")
    assert found is not None
    assert found.english == "From 9 to 17"


def test_a_phrase_of_its_own_goes_before_one_with_a_hole() -> None:
    assert SMALL.find("24時間営業", "ja") == "Open 24 hours"
    assert SMALL.find("12時間営業", "ja") == "Open 12 hours"


def test_phrases_beside_each_other_are_each_translated() -> None:
    found = SMALL("出口 現金のみ", "ja")
    assert found is not None
    assert found.english == "Exit, Cash only"
    assert found.sure < 1


def test_english_beside_it_is_left_out() -> None:
    found = SMALL("出口 EXIT", "ja")
    assert found is not None
    assert found.english == "Exit"


def test_a_phrase_beside_what_is_none_is_not_translated() -> None:
    assert SMALL("出口 銀座三丁目", "ja") is None
    assert SMALL("出口", "zh") is None
    assert SMALL("", "ja") is None


def test_what_is_no_phrasebook_is_refused() -> None:
    with pytest.raises(DataError, match="build the release again"):
        Book.opened(b"[]")
    with pytest.raises(DataError, match="newer than"):
        Book.opened(b'{"languages": {}, "schema": 99}')


def test_a_line_of_one_column_is_refused_by_its_number() -> None:
    with pytest.raises(DataError, match=r"x\.tsv, line 2: 1 columns"):
        list(read("# title\n出口 Exit\n", "x.tsv"))


def test_a_rendering_with_a_number_that_the_spelling_lacks_is_refused() -> None:
    with pytest.raises(DataError, match="lacks a number"):
        list(read("約m先\tAbout {1} m ahead\n", "x.tsv"))


def test_a_spelling_is_called_only_what_its_numbers_allow() -> None:
    phrases = read("約{1}m | すぐ\tAbout {1} m | Near\n", "x.tsv")
    assert accepted(phrases) == {"約{1}m": ("About {1} m", "Near"), "すぐ": ("Near",)}


@given(TEXTS, st.sampled_from(LANGUAGES))
def test_no_text_makes_the_book_fail(book: Book, text: str, language: Language) -> None:
    found = book(text, language)
    assert found is None or (found.english and "{" not in found.english)


def test_every_spelling_of_the_book_is_found_with_an_accepted_rendering(book: Book) -> None:
    wrong = []
    for language, phrases in book.table.languages.items():
        for spelling, renderings in accepted(phrases).items():
            filled = {f"{{{hole}}}": f"{hole + 2}" for hole in range(1, 6)}
            found = book.find(_filled(spelling, filled), language)
            if found not in {_filled(each, filled) for each in renderings}:
                wrong.append((language, spelling, found))
    assert not wrong


def _filled(text: str, numbers: dict[str, str]) -> str:
    for hole, number in numbers.items():
        text = text.replace(hole, number)
    return text
