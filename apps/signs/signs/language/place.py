"""The country of a place and the languages of its signs, without a network."""

from collections import Counter
from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from signs.records import Language, Place

OFFSHORE = 0.3
"""Degrees from an outline within which a place still belongs to it: harbours, bridges, and what simplifying cut off."""
UNITS = 100

LANGUAGES_OF: dict[str, tuple[Language, ...]] = {
    "JP": ("ja",),
    **dict.fromkeys(("CN", "TW"), ("zh",)),
    **dict.fromkeys(("HK", "MO"), ("zh", "en")),
    **dict.fromkeys(("SG", "MY"), ("en", "zh")),
    **dict.fromkeys(("KR", "KP"), ("ko",)),
    "FR": ("fr",),
    "BE": ("fr", "de"),
    "CH": ("de", "fr"),
    "LU": ("fr", "de"),
    **dict.fromkeys(("DE", "AT", "LI"), ("de",)),
    **dict.fromkeys(("ES", "MX", "GT", "HN", "SV", "NI", "CR", "PA", "CU", "DO", "CO", "VE", "EC"), ("es",)),
    **dict.fromkeys(("PE", "BO", "PY", "UY", "AR", "CL", "GQ"), ("es",)),
    "AD": ("es", "fr"),
    **dict.fromkeys(("PR", "US"), ("en", "es")),
    "CA": ("en", "fr"),
    **dict.fromkeys(("GB", "IE", "AU", "NZ", "JM", "TT", "ZA", "NG", "GH", "KE", "UG", "IN", "PH"), ("en",)),
    **dict.fromkeys(("MC", "HT", "SN", "CI", "ML", "BF", "NE", "TG", "BJ", "GA", "CG", "CD", "GN"), ("fr",)),
    **dict.fromkeys(("PF", "NC", "MA", "DZ", "TN"), ("fr",)),
    "CM": ("fr", "en"),
}
"""ISO 3166-1 alpha-2 → which of the languages that are told apart its signs use, the commonest first."""


def country(place: Place | None) -> str | None:
    """The ISO 3166-1 alpha-2 code of the country of a place; None where there is no place, or it is in the open sea.

    The outlines are Natural Earth's at 1:50 million (public domain), off by up to 0.05 degrees (5 km): beside a
    border, and in a state as small as Monaco, the answer may be the neighbour's. `scripts/countries.py` writes them.

    >>> country(Place(35.68, 139.77)), country(Place(25.03, 121.56)), country(Place(48.86, 2.35))
    ('JP', 'TW', 'FR')
    """
    if place is None or not (-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180):
        return None
    point = np.array([place.longitude, place.latitude])
    codes, low, high, rings = _outlines()
    near = np.flatnonzero(((point >= low - OFFSHORE) & (point <= high + OFFSHORE)).all(axis=1))
    # An enclave is a hole of the country around it: an even number of crossings over all rings counts it out.
    crossings = Counter[str]()
    for index in near:
        crossings[codes[index]] += _crossings(point, rings[index])
    inside = [code for code, times in crossings.items() if times % 2]
    if inside:
        return inside[0]
    distance, nearest = min(((_distance(point, rings[index]), codes[index]) for index in near), default=(360.0, ""))
    return nearest if distance <= OFFSHORE else None


def spoken(code: str | None) -> tuple[Language, ...]:
    """The languages of a country's signs, the commonest first; none where the country is not known."""
    return LANGUAGES_OF.get(code or "", ())


Corners = NDArray[np.float64]


@cache
def _outlines() -> tuple[tuple[str, ...], Corners, Corners, tuple[Corners, ...]]:
    """Of each ring: its country, the corners of its bounding box, and its points `(n, 2)`; degrees, longitude first."""
    text = files("signs.language").joinpath("countries.json").read_bytes()
    countries = msgspec.json.decode(text, type=dict[str, list[list[int]]])
    codes = tuple(code for code, steps in countries.items() for _ in steps)
    rings = tuple(
        np.cumsum(np.array(ring).reshape(-1, 2), axis=0) / UNITS for steps in countries.values() for ring in steps
    )
    low, high = (np.array([reach(ring, axis=0) for ring in rings]) for reach in (np.min, np.max))
    return codes, low, high, rings


def _crossings(point: Corners, ring: Corners) -> int:
    """How often a ray from the point to the east crosses the ring.

    Source: Shimrat, "Algorithm 112: position of point relative to polygon", Communications of the ACM 5 (1962).
    """
    x, y = ring[:, 0], ring[:, 1]
    x_next, y_next = np.roll(x, -1), np.roll(y, -1)
    spans = (y > point[1]) != (y_next > point[1])
    rise = np.where(spans, y_next - y, 1.0)
    return int((spans & (point[0] < x + (point[1] - y) / rise * (x_next - x))).sum())


def _distance(point: Corners, ring: Corners) -> float:
    """Degrees from the point to the ring; a degree of longitude shrinks with the cosine of the latitude."""
    shrink = np.array([float(np.cos(np.radians(point[1]))), 1.0])
    start, away = ring * shrink, point * shrink
    edge = np.roll(start, -1, axis=0) - start
    length = np.maximum((edge**2).sum(axis=1), 1e-12)
    along = np.clip(((away - start) * edge).sum(axis=1) / length, 0.0, 1.0)
    return float(np.hypot(*(start + along[:, None] * edge - away).T).min())
