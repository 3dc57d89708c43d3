"""Lines that speak of safety are shown as sure only where the phrasebook or a person says what they mean."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.records.traffic import Mode
from signs.concluding import how
from signs.kit import Found
from signs.records import Line, Translation
from signs.safety import PARTS, SOURCES, WORDS, of_safety

LINE = Line(np.array([[0, 0], [90, 0], [90, 20], [0, 20]], np.float32), "駅", False, 0.9, np.ones(1), 0.0, 9.0, "han")


def shown(text: str, english: str, source: str, mode: Mode = "automate", confidence: float = 1.0) -> Mode:
    translation = Translation(english, source, 0.99, "a test")
    return how(Found(replace(LINE, text=text), "ja", 1.0, translation), confidence, mode)


@pytest.mark.parametrize("word", ["danger", "exit", "poison", "allergy"])
def test_the_words_that_matter_most_are_on_the_list(word: str) -> None:
    assert word in WORDS


@pytest.mark.parametrize(
    ("text", "english", "speaks"),
    [
        ("駅", "Station", False),
        ("駅", "DANGER: falling rocks", True),
        ("駅", "Fireworks and existing dangers", False),
        ("有毒", "possession", True),
        ("〈立入 禁止〉", "standing", True),
        ("위험", "?", True),
    ],
)
def test_a_line_speaks_of_safety_by_its_english_or_by_its_own_text(text: str, english: str, speaks: bool) -> None:
    assert of_safety(text, english) == speaks


@pytest.mark.parametrize("source", ["dictionary", "segmented", "an engine"])
def test_what_a_machine_says_of_safety_is_shown_with_a_question_mark_however_sure(source: str) -> None:
    assert shown("駅", "Poison", source) == "prompt"
    assert shown("毒", "Antique", source) == "prompt"
    assert shown("駅", "Station", source) == "automate"


@pytest.mark.parametrize("source", SOURCES)
def test_what_the_phrasebook_or_a_person_says_stands(source: str) -> None:
    assert shown("毒", "Poison", source) == "automate"


@given(
    st.sampled_from([*PARTS, "駅", ""]), st.sampled_from([*WORDS, "Station"]),
    st.sampled_from(["dictionary", *SOURCES]),    st.sampled_from(["automate", "prompt", "off"]), st.floats(0, 1),
)  # fmt: skip
def test_safety_never_makes_a_line_more_forceful(
    text: str, english: str, source: str, mode: Mode, confidence: float
) -> None:
    order = ("off", "prompt", "automate")
    usual = how(Found(LINE, "ja", 1.0, Translation("Station", source, 0.99, "a test")), confidence, mode)
    assert order.index(shown(text, english, source, mode, confidence)) <= order.index(usual)
