"""Write the outlines of countries that Signs ships, from the npm packages world-atlas and i18n-iso-countries.

Run `npm pack world-atlas@2.0.2 i18n-iso-countries@7.14.0`, unpack both, and give the two files: `python -m
scripts.countries countries-50m.json codes.json`. The outlines are Natural Earth's (public domain), at 1:50 million.
"""

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TARGET = Path(__file__).resolve().parent.parent / "apps" / "signs" / "signs" / "language" / "countries.json"
FINENESS = 0.05
"""Degrees by which a simplified outline may be off."""
UNITS = 100
"""Of a degree, in which corners are stored."""

Points = NDArray[np.float64]


def main() -> None:
    """Write `countries.json`: ISO 3166-1 alpha-2 → rings: longitude and latitude of a corner, then steps."""
    atlas, codes = (json.loads(Path(name).read_text()) for name in sys.argv[1:3])
    names = {number: alpha for alpha, _, number, *_ in codes}
    exact = [_degrees(arc, atlas["transform"]) for arc in atlas["arcs"]]
    arcs = [simplified(arc) for arc in exact]
    countries: dict[str, list[list[int]]] = {}
    for each in atlas["objects"]["countries"]["geometries"]:
        if each.get("id") in names:
            polygons = each["arcs"] if each["type"] == "MultiPolygon" else [each["arcs"]]
            parts = [part for polygon in polygons for part in polygon]
            rings = [ring for ring in (_ring(part, arcs) for part in parts) if len(ring) >= 6]
            countries.setdefault(names[each["id"]], []).extend(rings or [_ring(part, exact) for part in parts])
    text = json.dumps(dict(sorted(countries.items())), separators=(",", ":")).replace('"],', '"],\n')
    TARGET.write_text(text.replace(']],"', ']],\n"') + "\n", encoding="utf-8")


def simplified(line: Points) -> Points:
    """The line with fewer points, nowhere off by more than `FINENESS`.

    Source: Douglas and Peucker, "Algorithms for the reduction of the number of points required to represent a
    digitized line", Cartographica 10 (1973).
    """
    if len(line) < 3:
        return line
    chord = line[-1] - line[0]
    away = line[1:-1] - line[0]
    length = float(np.hypot(*chord))
    if length:
        distance = np.abs(chord[0] * away[:, 1] - chord[1] * away[:, 0]) / length
    else:
        distance = np.hypot(away[:, 0], away[:, 1])
    farthest = int(distance.argmax())
    if distance[farthest] <= FINENESS:
        return line[[0, -1]]
    return np.vstack([simplified(line[: farthest + 2])[:-1], simplified(line[farthest + 1 :])])


def _degrees(arc: list[list[int]], transform: dict[str, list[float]]) -> Points:
    return np.cumsum(np.array(arc, float), axis=0) * transform["scale"] + transform["translate"]


def _ring(numbers: list[int], arcs: list[Points]) -> list[int]:
    """Corners of the ring that the arcs make; a negative number is the arc's complement, run backwards."""
    parts = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in numbers]
    corners = np.vstack([part[:-1] for part in parts])
    steps = np.diff(np.rint(corners * UNITS), axis=0, prepend=0)
    return [int(value) for value in steps.ravel()]


if __name__ == "__main__":
    main()
