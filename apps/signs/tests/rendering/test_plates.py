import random

import numpy as np
import pytest

from signs.rendering.plates import plate
from signs.rendering.signs import Sign, Text

CLOSED, ASIDE = Text("本日休業", "ja"), Text("定休日", "ja")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("vertical", [False, True])
def test_ink_lies_in_the_boxes_and_the_boxes_on_the_plate(seed: int, vertical: bool) -> None:
    drawn = plate(Sign((CLOSED, ASIDE), vertical), 40, random.Random(seed))
    height, width = drawn.pixels.shape[:2]
    assert drawn.mask.shape == (height, width)
    for box in drawn.boxes:
        (left, top), (right, bottom) = box[0].astype(int), box[2].astype(int)
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        inside = drawn.pixels[top:bottom, left:right].astype(int)
        assert np.ptp(inside.sum(axis=2)) > 60
        # No ink runs out of the box: beside it the paint is even.
        rim = drawn.pixels[top:bottom, left - 3 : left].astype(int).sum(axis=2)
        assert np.ptp(rim, axis=1).max() < 30


def test_columns_stand_from_right_to_left_and_rows_from_top_to_bottom() -> None:
    columns = plate(Sign((CLOSED, ASIDE), vertical=True), 40, random.Random(1)).boxes
    rows = plate(Sign((CLOSED, ASIDE)), 40, random.Random(1)).boxes
    assert columns[0, 0, 0] > columns[1, 1, 0]
    assert rows[0, 3, 1] < rows[1, 0, 1]


def test_a_column_is_taller_than_wide() -> None:
    (box,) = plate(Sign((CLOSED,), vertical=True), 40, random.Random(2)).boxes
    assert box[3, 1] - box[0, 1] > 3 * (box[1, 0] - box[0, 0])
