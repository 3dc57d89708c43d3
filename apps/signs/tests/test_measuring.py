"""Measuring the whole chain: what is chosen was held out, and half of it is in no book."""

from collections.abc import Iterator

import pytest

from signs import measuring
from signs.language.examples import Text as Known
from signs.language.examples import held_out, texts
from signs.measuring import LANGUAGES_RENDERED, chosen, known_words, unknown_texts
from signs.rendering.signs import Text
from signs.translation.book import Book, accepted, phrases_table
from signs.translation.dictionaries import Words, packed
from signs.translation.engine import in_turn

SIGNS = 80
LISTED = {name: [f"{number}番目の語" for number in range(30)] for name in LANGUAGES_RENDERED}


@pytest.fixture(scope="module")
def book() -> Book:
    return Book.opened(phrases_table())


@pytest.fixture(scope="module", autouse=True)
def all_texts(book: Book) -> Iterator[tuple[Known, ...]]:
    """The phrases, and a few words in the place of the dictionaries."""
    known = texts(book.table.languages, LISTED, 1)
    with pytest.MonkeyPatch.context() as patch:
        measuring._held.cache_clear()
        patch.setattr(measuring, "all_texts", lambda: known)
        yield known
    measuring._held.cache_clear()


def words() -> list[Text]:
    return [Text(f"{number}番目の語", name, ("gloss",)) for name in LANGUAGES_RENDERED for number in range(50)]


def test_half_of_the_signs_are_known_and_half_in_no_book(book: Book) -> None:
    found = chosen(book, words(), SIGNS, 1)
    assert len(found) == SIGNS
    assert sum(not text.english for text in found) == SIGNS // 2
    assert sum(text in words() for text in found) == SIGNS // 4


def test_no_chosen_phrase_was_used_to_fit_a_part(book: Book, all_texts: tuple[Known, ...]) -> None:
    used = {(text.text, text.language) for text in all_texts if not held_out(text.group)}
    known = [text for text in chosen(book, (), SIGNS, 2) if text.english]
    assert known
    assert [text for text in known if (text.text, text.language) in used] == []


def test_phrases_come_with_every_accepted_rendering(book: Book) -> None:
    for text in chosen(book, (), SIGNS, 3):
        if text.english:
            assert text.english == accepted(book.table.languages[text.language])[text.text]


def test_the_same_seed_chooses_the_same(book: Book) -> None:
    assert chosen(book, words(), SIGNS, 4) == chosen(book, words(), SIGNS, 4)
    assert chosen(book, words(), SIGNS, 4) != chosen(book, words(), SIGNS, 5)


def test_known_words_have_one_sense_and_were_held_out(book: Book) -> None:
    held, fitted = ([each for each in LISTED["ja"] if held_out(f"word {each}") == out] for out in (True, False))
    entries = [(held[0], "a", "one"), (held[1], "c", "some"), (fitted[0], "a", "seen")]
    dictionary = Words.opened(packed({"ja": entries, "zh": []}))
    assert known_words(book, dictionary) == [Text(held[0], "ja", ("one",))]


@pytest.mark.parametrize("language", LANGUAGES_RENDERED)
def test_the_phrasebook_says_nothing_of_texts_in_no_book(book: Book, language: str) -> None:
    translate = in_turn(book, book.twin)
    assert [text for text in unknown_texts(language) if translate(text, language)] == []  # type: ignore[arg-type]
