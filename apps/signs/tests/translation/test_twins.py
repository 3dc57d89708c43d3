"""Twins: what a reader puts for a character leads back to the phrase, where only one phrase can be meant."""

import pytest

from signs.translation.book import SURE, Book, Phrase, Table
from signs.translation.twins import LATIN, chinese, japanese, twins


def book(language: str, *spellings: str) -> Book:
    phrases = tuple(Phrase((each,), (f"meaning of {each}",)) for each in spellings)
    return Book(Table({language: phrases}, twins={language: twins(language, spellings)}))


@pytest.mark.parametrize(
    ("language", "spelling", "read"),
    [
        ("ja", "エレベーター", "エレべーター"),
        ("ja", "ラーメン", "ラ一メン"),
        ("ja", "トイレット", "トイレツト"),
        ("ja", "出口", "出ロ"),
        ("ja", "関係者専用", "关係者专用"),
        ("ja", "毎日営業", "每日營業"),
        ("zh", "专用车道", "専用車道"),
        ("zh", "專用車道", "专用车道"),
        ("zh", "携带宠物", "携帯宠物"),
        ("zh", "出口", "出ロ"),
        ("fr", "Entrée réservée", "ENTREE RESERVEE"),
        ("es", "Baños", "BANOS"),
    ],
)
def test_a_text_with_twins_is_the_phrase(language: str, spelling: str, read: str) -> None:
    known = book(language, spelling)
    found = known.twin(read, language)  # type: ignore[arg-type]
    assert known.find(read, language) is None
    assert found is not None
    assert found.english == f"meaning of {spelling}"
    assert found.sure < SURE
    assert "looks alike" in found.reason


def test_a_text_that_may_be_two_phrases_is_neither() -> None:
    known = book("ja", "エロ", "工口")
    assert known.twin("工ロ", "ja") is None
    assert known.find("工口", "ja") == "meaning of 工口"


def test_numbers_are_kept_beside_twins() -> None:
    phrases = (Phrase(("約{1}メートル",), ("About {1} metres",)),)
    known = Book(Table({"ja": phrases}, twins={"ja": twins("ja", ["約メートル"])}))
    found = known.twin("約100メ一トル", "ja")
    assert found is not None
    assert found.english == "About 100 metres"


def test_characters_in_common_use_are_no_twins_of_each_other() -> None:
    table = japanese()
    assert table["專"] == table["专"] == "専"
    assert "著" not in table
    assert "着" not in table


def test_each_character_stands_for_one_that_stands_for_itself() -> None:
    for table in (japanese(), chinese()):
        assert {each: table[form] for each, form in table.items() if table.get(form, form) != form} == {}


@pytest.mark.parametrize("language", ["ja", "zh", *LATIN, "ko", "en"])
def test_twins_are_made_of_what_the_texts_have_and_are_the_same_each_time(language: str) -> None:
    texts = ["専用", "专用", "專用", "エレベーター", "réservé", "Tür", "口"]
    characters, forms = twins(language, texts)
    assert len(characters) == len(forms) == len(set(characters))
    assert twins(language, texts[::-1]) == (characters, forms)
    assert twins(language, []) == ("", "")
