"""The kit: a line is taken for the language that knows it, and doubt between languages counts against it."""

from collections.abc import Mapping

import numpy as np
import pytest

from afield.records.release import Part
from afield.serving.model import Model
from apps.signs.tests.colours import models, parts, tables
from signs.kit import CERTAIN, ENGLISH, LEAST, SILENT, Found, Kit, prepare
from signs.records import Language, Line, Translation

SAID = {
    ("出口", "ja"): "Exit",
    ("出口", "zh"): "Exit",
    ("手紙", "ja"): "letter",
    ("手紙", "zh"): "toilet paper",
    ("Ausgang", "de"): "Exit",
    ("menu", "fr"): "Menu",
    ("夢", "ko"): "Dream",
}


def translate(text: str, language: Language, /) -> Translation | None:
    english = SAID.get((text, language))
    return Translation(english, "phrasebook", 0.99, "known") if english else None


def line(text: str, readable: bool = True) -> Line:
    box = np.array([[0, 0], [10, 0], [10, 5], [0, 5]], np.float32)
    return Line(box, text, False, 0.9, np.ones(len(text), np.float32), 0.1, 9.0, "han", readable)


def understood(some: Line, shares: Mapping[Language, float]) -> Found:
    kit = object.__new__(Kit)
    kit.translate, kit.certain = translate, 0.0
    return kit._found(some, shares)


def test_a_language_that_knows_a_text_speaks_for_itself() -> None:
    found = understood(line("Ausgang"), {"fr": 0.5, "de": 0.4, "en": 0.1})
    assert found.language == "de"
    assert found.translation is not None
    assert found.language_sure == pytest.approx(1 - SILENT * 0.6)


def test_languages_that_say_the_same_do_not_speak_against_each_other() -> None:
    found = understood(line("出口"), {"ja": 0.55, "zh": 0.45})
    assert found.language == "ja"
    assert found.language_sure == pytest.approx(1.0)


def test_a_language_that_says_something_else_speaks_against_it() -> None:
    found = understood(line("手紙"), {"ja": 0.6, "zh": 0.4})
    assert found.translation is not None
    assert found.translation.english == "letter"
    assert found.language_sure == pytest.approx(0.6)


def test_a_language_that_is_hardly_likely_is_not_asked() -> None:
    found = understood(line("夢"), {"ja": 1 - LEAST / 2, "ko": LEAST / 2})
    assert found.translation is None
    assert found.language == "ja"


def test_english_needs_no_translation() -> None:
    shares: dict[Language, float] = {"en": ENGLISH + 0.05, "fr": 0.25 - ENGLISH / 10}
    assert understood(line("menu"), shares).translation is None


def test_what_cannot_be_read_is_not_translated() -> None:
    assert understood(line("出口", readable=False), {"ja": 1.0}).translation is None


def test_a_text_that_nobody_knows_is_not_translated() -> None:
    found = understood(line("銀座三丁目"), {"ja": 0.9, "zh": 0.1})
    assert (found.translation, found.language, found.language_sure) == (None, "ja", 0.9)


def test_a_kit_knows_from_which_confidence_a_line_is_certain_and_needs_no_model_of_confidence() -> None:
    graphs = models()
    made = {part.name: Model(part, graphs[part.name]) for part in parts()}
    fitted = made["confidence"]
    known = Part("confidence", fitted.features, ("probability",), "by hand", {CERTAIN: 0.8})
    assert prepare({**made, "confidence": Model(known, graphs["confidence"])}, tables().__getitem__).certain == 0.8
    assert prepare(made, tables().__getitem__).certain == 0.0
    del made["confidence"]
    assert prepare(made, tables().__getitem__).certain == 0.0
