"""Examples of languages: groups that hold together, frames of the texts given, the same for the same seed."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from signs.language.examples import HOMES, Text, examples, held_out, texts
from signs.language.features import FEATURES, TOKENS
from signs.language.place import LANGUAGES_OF
from signs.records import LANGUAGES


@dataclass(frozen=True)
class Phrase:
    spellings: tuple[str, ...]
    renderings: tuple[str, ...]


BOOK = {
    "ja": [Phrase(("出口", "でぐち"), ("Exit", "Way out")), Phrase(("約{1}m先",), ("About {1} m ahead",))],
    "zh": [Phrase(("出口",), ("Way out",)), Phrase(("AED",), ("Defibrillator",))],
    "ko": [Phrase(("출구",), ("Exit",))],
    "fr": [Phrase(("Défense de fumer",), ("No smoking",))],
    "de": [Phrase(("Ausgang",), ("Exit",))],
    "es": [Phrase(("Salida",), ("Exit",))],
}
WORDS = {"ja": ["出口", "駅"], "en": ["exit", "station"], "other": ["Shinjuku"]}


def by_text() -> dict[tuple[str, str], Text]:
    return {(each.text, each.language): each for each in texts(BOOK, WORDS, seed=0)}


def test_a_phrase_is_of_one_group_in_all_languages_and_with_its_english() -> None:
    found = by_text()
    pairs = [("出口", "ja"), ("でぐち", "ja"), ("出口", "zh"), ("출구", "ko"), ("Ausgang", "de"), ("Way out", "en")]
    assert {found[pair].group for pair in pairs} == {"exit"}


def test_a_word_that_is_a_phrase_is_left_to_the_phrases() -> None:
    found = by_text()
    assert found["出口", "ja"].phrase
    assert ("exit", "en") not in found
    assert not found["駅", "ja"].phrase


def test_numbers_stand_where_the_phrase_has_holes() -> None:
    ahead = [text for text, language in by_text() if language == "ja" and text.startswith("約")]
    assert ahead[0][1:-2].isdecimal()


def test_latin_letters_in_a_chinese_book_are_not_chinese() -> None:
    assert ("AED", "zh") not in by_text()


def test_about_a_fifth_of_the_groups_is_held_out_and_always_the_same() -> None:
    held = [held_out(f"group {number}") for number in range(2000)]
    assert np.mean(held) == pytest.approx(0.2, abs=0.03)
    assert held == [held_out(f"group {number}") for number in range(2000)]


def test_frames_hold_only_the_texts_given_and_are_the_same_for_the_same_seed() -> None:
    some = texts(BOOK, WORDS, seed=0)
    found = examples(some, 60, seed=3)
    assert set(found.columns) > {*FEATURES, *TOKENS, "truth", "group", "weight"}
    assert set(found["group"]) <= {each.group for each in some}
    assert set(found["truth"]) <= set(LANGUAGES)
    assert found.equals(examples(some, 60, seed=3))
    assert not found.equals(examples(some, 60, seed=4))


def test_the_rarer_languages_weigh_more_in_a_row() -> None:
    found = examples(texts(BOOK, WORDS, seed=0), 200, seed=0).group_by("truth").agg(pl.len(), pl.col("weight").first())
    ordered = found.sort("len")["weight"].to_list()
    assert ordered == sorted(ordered, reverse=True)


def test_every_home_of_a_language_speaks_it() -> None:
    for language, countries in HOMES.items():
        assert sum(countries.values()) == pytest.approx(1)
        assert all(language in LANGUAGES_OF[code] for code in countries)
