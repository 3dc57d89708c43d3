"""Arcs: which parts of a map are ring segments, and how they are laid straight."""

import math

import cv2
import numpy as np
import pytest

from signs.reading.arcs import Arc, fitted, unrolled


def ring(first: float, last: float, radius: float = 80, thickness: float = 16) -> np.ndarray:
    mask = np.zeros((240, 240), np.uint8)
    rows, columns = np.mgrid[:240, :240] - 120
    turned = (np.degrees(np.arctan2(rows, columns)) - first) % 360
    mask[(np.abs(np.hypot(rows, columns) - radius) <= thickness / 2) & (turned <= last - first)] = 1
    return mask


def fit(mask: np.ndarray) -> Arc | None:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contour = max(contours, key=cv2.contourArea)
    _, (one, other), _ = cv2.minAreaRect(contour)
    return fitted(contour, one * other)


@pytest.mark.parametrize(("first", "last"), [(200, 340), (30, 150), (180, 360), (-60, 60), (150, 390)])
def test_a_ring_segment_is_found_with_its_circle(first: float, last: float) -> None:
    arc = fit(ring(first, last))
    assert arc is not None
    assert (arc.x, arc.y) == pytest.approx((120, 120), abs=2)
    assert arc.radius == pytest.approx(80, abs=2)
    assert arc.thickness == pytest.approx(16, abs=3)
    assert math.degrees(arc.span) == pytest.approx(last - first, abs=4)
    assert math.cos(arc.middle - math.radians((first + last) / 2)) == pytest.approx(1, abs=0.01)


def test_a_straight_text_is_no_arc() -> None:
    mask = np.zeros((240, 240), np.uint8)
    assert fit(cv2.line(mask, (20, 200), (220, 60), 1, 15)) is None


def test_a_whole_ring_is_no_arc() -> None:
    assert fit(ring(0, 359)) is None


def test_an_angle_is_no_arc() -> None:
    mask = np.zeros((240, 240), np.uint8)
    mask[20:220, 20:36] = mask[204:220, 20:220] = 1
    assert fit(mask) is None


def test_growing_adds_as_much_at_the_ends_as_at_the_sides() -> None:
    arc = Arc(0, 0, 100, 0, 1.2, 20)
    grown = arc.grown(1.5)
    assert grown.length - arc.length == pytest.approx(grown.thickness - arc.thickness)
    assert grown.radius == arc.radius


@pytest.mark.parametrize(("middle", "outwards"), [(-90, True), (90, False), (0, True), (180, True), (30, True)])
def test_letters_stand_outwards_but_inwards_along_the_bottom(middle: float, outwards: bool) -> None:
    rows, columns = np.mgrid[:240, :240] - 120
    distance = np.hypot(rows, columns)
    pixels = np.repeat(np.clip(distance, 0, 255).astype(np.uint8)[..., None], 3, 2)
    crop = unrolled(pixels, Arc(120, 120, 80, math.radians(middle), 1.5, 30), 100, 48).astype(int)
    assert (crop[2, 50, 0] > crop[45, 50, 0]) == outwards
    assert crop[24, :, 0] == pytest.approx(80, abs=2)


def test_text_runs_from_left_to_right_at_the_top_and_at_the_bottom() -> None:
    columns = np.repeat(np.arange(240, dtype=np.uint8)[None, :, None], 240, 0).repeat(3, 2)
    for middle in (-90, 90):
        crop = unrolled(columns, Arc(120, 120, 80, math.radians(middle), 1.5, 30), 100, 48).astype(int)
        assert crop[24, 5, 0] < crop[24, 50, 0] < crop[24, 95, 0]
