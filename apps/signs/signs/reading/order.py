"""The order in which a person reads the lines of a frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR = 0.5  # lines are of one row where their middles differ by at most this share of the smaller height
GAP = 1.5  # columns are of one text where the gap between them is at most this many column widths


@dataclass(frozen=True, slots=True)
class _Unit:
    """A horizontal line, or the columns of one vertical text: upright bounds and the places of its lines."""

    left: float
    top: float
    right: float
    bottom: float
    places: tuple[int, ...]


def reading_order(boxes: Sequence[NDArray[np.float32]], vertical: Sequence[bool]) -> list[int]:
    """Places of the boxes in reading order.

    Everything is turned back by the median slant of the horizontal lines. Rows run from top to bottom and from left
    to right within. Neighbouring vertical columns make one text, read from right to left, which takes the place in
    its row that its bounds have. Text set in several horizontal columns is read across them.

    Args:
        boxes: corners, shape `(4, 2)` each: clockwise from the upper left of the upright box.
        vertical: whether each runs from top to bottom.
    """
    if not boxes:
        return []
    corners = np.stack(boxes).astype(np.float64)
    lying = ~np.array(vertical, bool)
    along = corners[lying, 1] - corners[lying, 0]
    slant = float(np.median(np.arctan2(along[:, 1], along[:, 0]))) if len(along) else 0.0
    turn = np.array([[np.cos(slant), -np.sin(slant)], [np.sin(slant), np.cos(slant)]])
    turned = corners @ turn
    bounds = np.concatenate([turned.min(1), turned.max(1)], 1)
    units = [_unit(bounds, [place]) for place in np.flatnonzero(lying).tolist()]
    units += _columns(bounds, np.flatnonzero(~lying).tolist())
    return [place for row in _rows(units) for unit in row for place in unit.places]


def _columns(bounds: NDArray[np.float64], places: list[int]) -> list[_Unit]:
    """Vertical lines as texts of neighbouring columns, each read from right to left."""
    waiting = sorted(places, key=lambda place: -bounds[place, 2])
    texts: list[list[int]] = []
    for place in waiting:
        for text in texts:
            if _beside(bounds[text[-1]], bounds[place]):
                text.append(place)
                break
        else:
            texts.append([place])
    return [_unit(bounds, text) for text in texts]


def _unit(bounds: NDArray[np.float64], places: list[int]) -> _Unit:
    left, top = bounds[places, :2].min(0)
    right, bottom = bounds[places, 2:].max(0)
    return _Unit(float(left), float(top), float(right), float(bottom), tuple(places))


def _beside(right: NDArray[np.float64], left: NDArray[np.float64]) -> bool:
    """Whether two upright bounds are neighbouring columns: a narrow gap, and half the shorter one side by side."""
    width = max(right[2] - right[0], left[2] - left[0])
    shared = min(right[3], left[3]) - max(right[1], left[1])
    return bool(right[0] - left[2] <= GAP * width and shared >= NEAR * min(right[3] - right[1], left[3] - left[1]))


def _rows(units: list[_Unit]) -> list[list[_Unit]]:
    """Rows from top to bottom, each from left to right."""
    rows: list[list[_Unit]] = []
    for unit in sorted(units, key=lambda unit: (unit.top + unit.bottom, unit.left)):
        if rows and _in_row(rows[-1], unit):
            rows[-1].append(unit)
        else:
            rows.append([unit])
    return [sorted(row, key=lambda unit: unit.left) for row in rows]


def _in_row(row: list[_Unit], unit: _Unit) -> bool:
    """Whether the middle of a unit is near that of the row."""
    middle = sum(member.top + member.bottom for member in row) / (2 * len(row))
    height = sum(member.bottom - member.top for member in row) / len(row)
    smaller = min(height, unit.bottom - unit.top)
    return abs((unit.top + unit.bottom) / 2 - middle) <= NEAR * smaller
