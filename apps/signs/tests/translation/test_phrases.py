"""The phrasebooks: enough phrases, two columns, no spelling with two meanings, numbers that fit, nothing left blank."""

import re
from collections import defaultdict
from importlib.resources import files

import msgspec
import pytest

from signs.translation.book import HOLE, Phrase, Table, phrases_table, read
from signs.translation.keys import key

LEAST = {"ja": 250, "zh": 250, "ko": 150, "fr": 150, "es": 150, "de": 150}
FOLDER = files("signs").joinpath("phrases")
UNKNOWN = ("ja", "zh")


def phrases(language: str) -> list[Phrase]:
    return list(read(FOLDER.joinpath(f"{language}.tsv").read_text("utf-8"), f"{language}.tsv"))


@pytest.mark.parametrize("language", LEAST)
def test_a_book_has_enough_phrases(language: str) -> None:
    assert len(phrases(language)) >= LEAST[language]


@pytest.mark.parametrize("language", LEAST)
def test_a_spelling_has_one_meaning(language: str) -> None:
    meanings = defaultdict(set)
    for number, phrase in enumerate(phrases(language)):
        for spelling in phrase.spellings:
            meanings[key(spelling)].add(number)
    assert {spelling: rows for spelling, rows in meanings.items() if len(rows) > 1} == {}


@pytest.mark.parametrize("language", LEAST)
def test_holes_fit_in_every_spelling_and_rendering(language: str) -> None:
    wrong = []
    for phrase in phrases(language):
        wanted = {frozenset(HOLE.findall(each)) for each in phrase.renderings}
        wrong += [each for each in phrase.spellings if frozenset(HOLE.findall(each)) not in wanted]
        wrong += [each for each in (*phrase.spellings, *phrase.renderings) if re.search(r"[{}]", HOLE.sub("", each))]
    assert wrong == []


@pytest.mark.parametrize("language", LEAST)
def test_every_spelling_and_rendering_is_clean(language: str) -> None:
    for phrase in phrases(language):
        for each in (*phrase.spellings, *phrase.renderings):
            assert each == " ".join(each.split()), each
            assert "|" not in each, each
        assert all(key(each) for each in phrase.spellings), phrase
        assert all(re.search("[A-Za-z0-9{]", each) and each.isprintable() for each in phrase.renderings), phrase


@pytest.mark.parametrize("language", LEAST)
def test_no_rendering_is_written_twice(language: str) -> None:
    for phrase in phrases(language):
        assert len({each.casefold() for each in phrase.renderings}) == len(phrase.renderings), phrase


@pytest.mark.parametrize("language", UNKNOWN)
def test_what_is_called_unknown_stands_in_no_book(language: str) -> None:
    unknown = FOLDER.joinpath(f"unknown_{language}.txt").read_text("utf-8").split()
    spelled = {key(spelling) for phrase in phrases(language) for spelling in phrase.spellings}
    assert len(unknown) >= 125
    assert [text for text in unknown if key(text) in spelled] == []


def test_the_table_of_a_release_holds_every_book() -> None:
    table = msgspec.json.decode(phrases_table(), type=Table)
    assert {language: len(table.languages[language]) for language in LEAST} == {
        language: len(phrases(language)) for language in LEAST
    }
    assert phrases_table() == phrases_table()
