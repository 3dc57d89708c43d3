"""The classifier in use: fitted on few texts, it tells scripts, and place and frame tell what the text cannot."""

from collections.abc import Mapping

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from afield.records.release import Part
from afield.serving.model import Model
from afield.training.train import Trained
from signs.language.classify import languages, probabilities
from signs.language.dictionaries import words
from signs.language.examples import Text, held_out, texts
from signs.language.fitting import fit, score
from signs.records import LANGUAGES, Line, Place, Script
from signs.translation.book import Table, phrases_table

TOKYO, TAIPEI, BERLIN = Place(35.68, 139.77), Place(25.03, 121.56), Place(52.52, 13.40)
BOOK = msgspec.json.decode(phrases_table(), type=Table).languages
FEW = {
    "en": ["exit", "station", "no smoking", "the way"],
    "other": ["Shinjuku", "Sanyo", "Kato", "Tsukuba"],
}


def line(text: str, script: Script = "latin") -> Line:
    box = np.zeros((4, 2), np.float32)
    return Line(box, text, False, 0.9, np.ones(len(text), np.float32), 0.1, 100.0, script, readable=bool(text))


@pytest.fixture(scope="module")
def trained() -> Trained:
    return fit([text for text in texts(BOOK, FEW, seed=0) if not held_out(text.group)], seed=0, frames=1500)


@pytest.fixture(scope="module")
def model(trained: Trained) -> Model:
    return Model(Part("language", trained.features, trained.outputs, trained.recipe), trained.model)


def test_a_language_of_its_own_script_is_told_by_it(model: Model) -> None:
    found = languages([line("お手洗いはこちら"), line("화장실"), line("请勿吸烟")], None, model)
    assert [language for language, _ in found] == ["ja", "ko", "zh"]


def test_the_same_characters_are_japanese_in_tokyo_and_chinese_in_taipei(model: Model) -> None:
    for place, expected in ((TOKYO, "ja"), (TAIPEI, "zh")):
        ((language, sure),) = languages([line("出口")], place, model)
        assert language == expected
        assert sure > 0.7


def test_the_other_lines_tell_where_the_place_is_not_known(model: Model) -> None:
    alone, beside = (probabilities(lines, None, model)[0]["ja"] for lines in ([line("出口")], FRAME))
    assert beside > alone
    assert beside > 0.7


FRAME = [line("出口"), line("きっぷうりば"), line("のりかえ")]


def test_probabilities_of_a_line_add_up_to_one(model: Model) -> None:
    for shares in probabilities(FRAME, BERLIN, model):
        assert tuple(shares) == LANGUAGES
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)


class Silent:
    """Must not be asked."""

    def run(self, matrix: NDArray[np.float32], /) -> Mapping[str, NDArray[np.float64]]:
        raise AssertionError("there is nothing to classify")


def test_what_cannot_be_read_is_korean_if_it_is_hangul_and_no_language_else() -> None:
    found = languages([line("", "hangul"), line("", "other")], TOKYO, Silent())
    assert found == (("ko", 1.0), ("other", 1.0))
    assert languages([], TOKYO, Silent()) == ()


def test_few_frames_are_enough_for_most_phrases_held_out(trained: Trained) -> None:
    held: list[Text] = [text for text in texts(BOOK, FEW, seed=0) if held_out(text.group)]
    found = score(trained, [*held, Text("B2F", "other", "number", phrase=False)], seed=9, frames=500)
    assert found["all"].macro_f1.value > 0.85
    assert set(found) == {"all", "alone", "placed", "framed", "framed and placed"}


@pytest.mark.slow
def test_the_classifier_of_a_release_finds_the_language_of_phrases_held_out() -> None:
    every = texts(BOOK, words(), seed=7)
    fitted = fit([text for text in every if not held_out(text.group)], seed=7)
    found = score(fitted, [text for text in every if held_out(text.group)], seed=9)
    assert found["all"].macro_f1.value > 0.95
    assert found["framed and placed"].macro_f1.value > 0.96
    assert found["all"].calibration.error < 0.03
