"""Scripts: what a text is written in, and whose Han characters it uses."""

import pytest

from signs.language.script import script, systems
from signs.records import Script


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("現金のみ", "kana"),
        ("トイレ", "kana"),
        ("ｱｲｽ", "kana"),
        ("出口", "han"),
        ("出口 EXIT", "latin"),
        ("禁止吸烟 No", "han"),
        ("出口 A", "han"),
        ("출구", "hangul"),
        ("Sortie de secours", "latin"),
        ("Größe", "latin"),
        ("\uff33\uff21\uff2c\uff25", "latin"),
        ("12:30–18:00", "none"),
        ("", "none"),
        ("Выход", "other"),
        ("ทางออก", "other"),
    ],
)
def test_the_script_is_that_of_most_letters_and_any_kana_makes_it_kana(text: str, expected: Script) -> None:
    assert script(text) == expected


@pytest.mark.parametrize(("character", "only"), [("駅", {"japanese"}), ("闭", {"simplified"}), ("廁", {"traditional"})])
def test_a_character_of_one_country_tells_it(character: str, only: set[str]) -> None:
    assert systems(character) == only


def test_a_character_of_all_tells_nothing() -> None:
    assert len(systems("出")) == 3
