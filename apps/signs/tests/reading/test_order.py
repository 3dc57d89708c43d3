"""Reading order: rows, slants, columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from signs.reading.order import reading_order


def box(left: float, top: float, width: float, height: float, angle: float = 0.0) -> NDArray[np.float32]:
    corners = np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]])
    turn = np.radians(angle)
    return (corners @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]).astype(np.float32)


def order(*boxes: NDArray[np.float32], vertical: tuple[int, ...] = ()) -> list[int]:
    return reading_order(boxes, [place in vertical for place in range(len(boxes))])


def test_nothing_has_no_order() -> None:
    assert reading_order([], []) == []


def test_rows_run_down_and_each_from_left_to_right() -> None:
    assert order(box(100, 62, 50, 20), box(0, 0, 200, 30), box(10, 60, 50, 20)) == [1, 2, 0]


@pytest.mark.parametrize("angle", [-30, -10, 10, 30])
def test_rows_of_a_slanted_sign_are_rows(angle: float) -> None:
    boxes = [box(x, y, 80, 20, angle) for y in (0, 40, 80) for x in (0, 100, 200)]
    assert order(*boxes) == list(range(9))


def test_small_lines_beside_a_large_one_keep_their_rows() -> None:
    # 西 愚园路 东 over 315 and 309: the large name stands between both rows.
    large, west, east = box(160, 72, 320, 90), box(87, 79, 56, 47), box(512, 82, 51, 42)
    assert order(box(512, 120, 61, 36), large, box(76, 124, 62, 30), west, east) == [3, 1, 4, 2, 0]


def test_columns_are_read_from_right_to_left() -> None:
    columns = [box(x, 0, 30, 200) for x in (0, 40, 80)]
    assert order(*columns, vertical=(0, 1, 2)) == [2, 1, 0]


def test_columns_stand_as_one_text_in_their_row() -> None:
    title, *columns, foot = box(0, 0, 120, 20), box(0, 40, 30, 200), box(40, 40, 30, 190), box(0, 260, 120, 20)
    assert order(foot, *columns, title, vertical=(1, 2)) == [3, 2, 1, 0]


def test_columns_far_apart_are_texts_of_their_own() -> None:
    assert order(box(0, 0, 30, 200), box(300, 0, 30, 200), vertical=(0, 1)) == [0, 1]


@given(st.lists(st.tuples(*[st.floats(0, 500)] * 2, *[st.floats(1, 200)] * 2, st.booleans()), max_size=12))
def test_every_line_is_read_once(lines: list[tuple[float, float, float, float, bool]]) -> None:
    found = reading_order([box(*line[:4]) for line in lines], [line[4] for line in lines])
    assert sorted(found) == list(range(len(lines)))
