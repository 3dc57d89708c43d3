import random

import cv2
import numpy as np
import pytest

from signs.rendering.cameras import DAY, RAIN_AND_NIGHT, Conditions, Regime
from signs.rendering.pictures import picture
from signs.rendering.signs import Sign, Text

SIGNS = (
    Sign((Text("現金のみ", "ja", ("Cash only",)), Text("EXIT", "en"))),
    Sign((Text("本日休業", "ja"),), vertical=True),
)


def decoded(content: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)


def test_the_same_seed_makes_the_same_file_and_truth() -> None:
    one, other = picture(SIGNS, 7), picture(SIGNS, 7)
    assert one.content == other.content
    assert all(np.array_equal(a.box, b.box) for a, b in zip(one.lines, other.lines, strict=True))
    assert picture(SIGNS, 8).content != one.content


@pytest.mark.parametrize("seed", range(6))
def test_every_line_lies_wholly_in_the_picture(seed: int) -> None:
    taken = picture(SIGNS, seed, size=(480, 640))
    assert decoded(taken.content).shape == (640, 480, 3)
    for line in taken.lines:
        assert (line.box >= 0).all()
        assert (line.box <= (480, 640)).all()


@pytest.mark.parametrize("seed", range(6))
def test_boxes_run_clockwise_from_the_corner_before_the_first_character(seed: int) -> None:
    for line in picture(SIGNS, seed).lines:
        assert cv2.contourArea(line.box, oriented=True) > 0
        ahead = line.box[3] - line.box[0] if line.vertical else line.box[1] - line.box[0]
        assert ahead[1 if line.vertical else 0] > 0


def test_a_long_text_is_made_to_fit() -> None:
    (line,) = picture((Sign((Text("Le stationnement est interdit devant cette porte " * 2, "fr"),)),), 3).lines
    assert line.box[:, 0].max() < 640


def test_a_sign_without_room_is_neither_drawn_nor_in_the_truth() -> None:
    assert len(picture(SIGNS * 40, 1).lines) < 3 * 40


def test_night_is_darker_than_day_and_a_large_picture_can_be_made() -> None:
    night = decoded(picture(SIGNS, 5, Conditions(light=0.3), (2400, 300)).content)
    day = decoded(picture(SIGNS, 5, Conditions(light=1.0), (2400, 300)).content)
    assert night.mean() < 0.5 * day.mean()


def test_a_crowd_hides_an_end_and_the_truth_has_the_line_whole() -> None:
    clear, hidden = (picture(SIGNS[:1], 4, Conditions(crowd=crowd)) for crowd in (0.0, 1.0))
    assert [line.text for line in hidden.lines] == [line.text for line in clear.lines]
    assert hidden.content != clear.content


@pytest.mark.parametrize("regime", [DAY, RAIN_AND_NIGHT])
@pytest.mark.parametrize("seed", range(6))
def test_every_regime_makes_pictures(regime: Regime, seed: int) -> None:
    conditions = regime.draw(random.Random(seed))
    assert decoded(picture(SIGNS, seed, conditions).content).shape == (480, 640, 3)
