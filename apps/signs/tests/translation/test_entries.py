"""Entries of dictionaries: glosses as a sign would say them, and classes by how far one gloss can be trusted."""

import pytest

from afield.errors import DataError
from signs.translation.dictionaries import Words, words_table
from signs.translation.entries import Row, classed, installed, plain


def row(text: str, entry: str = "1", common: bool = True, glosses: tuple[str, ...] = ("thing",), **more: bool) -> Row:
    return Row(text, entry, common, glosses, **{"single": True, **more})


@pytest.mark.parametrize(
    ("meaning", "said"),
    [
        ("to enter (a room)", "enter"),
        ("a post", "post"),
        ("a la mode", "a la mode"),
        ("corn (Zea mays)", "corn"),
        ("Nauru, island country", "Nauru"),
        ("Taihe district of Jinzhou city 錦州市", "Taihe district of Jinzhou city"),
        ("variant of 電|电[dian4]", ""),
        ("CL:輛|辆[liang4]", ""),
        ("(literary)", ""),
    ],
)
def test_a_gloss_is_said_as_on_a_sign(meaning: str, said: str) -> None:
    assert plain(meaning) == said


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([row("自販機")], "a"),
        ([row("自販機", common=False)], "a"),
        ([row("広場")], "b"),
        ([row("广场", whole=True)], "a"),
        ([row("广场", whole=True, glosses=("square", "plaza"))], "b"),
        ([row("入口", single=False)], "c"),
        ([row("入口", single=False, common=False)], "d"),
        ([row("駅")], "d"),
        ([row("自販機"), row("自販機", "2")], "d"),
        ([row("自販機"), row("自販機", "2", common=False)], "a"),
        ([row("自販機", glosses=("machine that sells things to people",))], "d"),
    ],
)
def test_the_class_says_how_far_a_gloss_can_be_trusted(rows: list[Row], kind: str) -> None:
    assert [found[1] for found in classed(rows)] == [kind]


def test_a_gloss_that_is_no_meaning_gives_way_to_the_next() -> None:
    assert list(classed([row("自販機", glosses=("see 機", "vending machine"))])) == [("自販機", "a", "vending machine")]
    assert list(classed([row("自販機", glosses=("see 機",))])) == []


def test_latin_letters_are_no_entry() -> None:
    assert list(classed([row("CD-ROM")])) == []


def test_a_dictionary_that_is_missing_is_named() -> None:
    with pytest.raises(DataError, match="make setup"):
        installed("no_such_package", "file")
    with pytest.raises(DataError, match=r"lacks no\.db"):
        installed("jamdict_data", "no.db")


@pytest.mark.slow
def test_the_dictionaries_as_installed_know_words_of_signs() -> None:
    raw = words_table()
    words = Words.opened(raw)
    known = {
        ("自動販売機", "ja"): "vending machine",
        ("消火器", "ja"): "fire extinguisher",
        ("灭火器", "zh"): "fire extinguisher",
    }
    found = {(text, language): words.whole(text, language) for text, language in known}  # type: ignore[arg-type]
    assert {pair: each and each.english for pair, each in found.items()} == known
    assert len(raw) < 20_000_000
