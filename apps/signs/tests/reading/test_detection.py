"""Detection: how a frame is made ready, and which boxes come out of a map of probabilities."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signs.reading.detection import EXPANSION, KEPT, LONG_SIDE, MOST, prepared, regions, tensor


def rectangle(angle: float = 0.0, size: tuple[float, float] = (120.0, 20.0)) -> np.ndarray:
    probabilities = np.zeros((200, 200), np.float32)
    corners = cv2.boxPoints(((100.0, 100.0), size, angle))
    return cv2.fillPoly(probabilities, [corners.round().astype(np.int32)], 0.9)


@settings(max_examples=25, deadline=None)
@given(st.integers(8, 2500), st.integers(8, 2500))
def test_the_network_gets_sides_of_whole_steps_and_no_more_than_the_longest(width: int, height: int) -> None:
    _, depth, rows, columns = prepared(np.zeros((height, width, 3), np.uint8)).shape
    assert depth == 3
    assert rows % 32 == columns % 32 == 0
    assert 32 <= min(rows, columns) <= max(rows, columns) <= LONG_SIDE


def test_pixels_become_blue_green_red_between_minus_one_and_one() -> None:
    pixel = tensor(np.array([[[255, 0, 51]]], np.uint8))
    assert pixel.shape == (1, 3, 1, 1)
    assert pixel[0, :, 0, 0] == pytest.approx([-0.6, -1.0, 1.0], abs=1e-6)


@pytest.mark.parametrize("angle", [0.0, 12.0, -25.0, 40.0])
def test_a_slanted_text_has_a_slanted_box_grown_by_the_closed_form(angle: float) -> None:
    (found,) = regions(rectangle(angle), 200, 200)
    width, height = (np.linalg.norm(found.box[place] - found.box[0]) for place in (1, 3))
    grown = 2 * 120 * 20 * EXPANSION / (2 * (120 + 20))
    assert width == pytest.approx(120 + grown, abs=4)
    assert height == pytest.approx(20 + grown, abs=4)
    along = found.box[1] - found.box[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(angle, abs=1.5)
    assert found.score == pytest.approx(0.9, abs=0.07)


@given(st.floats(-44, 44), st.floats(30, 150), st.floats(10, 28))
def test_corners_run_clockwise_from_the_upper_left(angle: float, width: float, height: float) -> None:
    for found in regions(rectangle(angle, (width, height)), 200, 200):
        first, second, third, fourth = found.box
        assert (second[0] - first[0]) * (third[1] - second[1]) > (second[1] - first[1]) * (third[0] - second[0])
        assert first[0] + first[1] <= third[0] + third[1]
        assert second[0] > fourth[0] or second[1] < fourth[1]


def test_boxes_are_in_pixels_of_the_frame() -> None:
    (small,), (large,) = regions(rectangle(), 200, 200), regions(rectangle(), 800, 400)
    assert large.box == pytest.approx(small.box * (4, 2), abs=1e-3)


def test_what_the_network_hardly_believes_is_no_text() -> None:
    assert regions(rectangle() * np.float32((KEPT - 0.1) / 0.9), 200, 200) == []


def test_specks_are_no_text() -> None:
    assert regions(rectangle(size=(2.0, 2.0)), 200, 200) == []


def test_of_very_many_boxes_the_largest_are_kept() -> None:
    probabilities = np.zeros((512, 512), np.float32)
    for row in range(0, 512, 12):
        for column in range(0, 512, 12):
            probabilities[row : row + 6, column : column + 6] = 0.9
    probabilities[:9, :11] = 0.9
    found = regions(probabilities, 512, 512)
    assert len(found) == MOST
    assert found[0].box.min() < 1
