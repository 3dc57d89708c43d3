"""Text along a circle, as on plaques and badges: a ring segment fitted to what the detector found, and its crop."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

BENT = 0.75  # what fills less of its rectangle than this may be an arc
FILLED = 0.7  # what fills less of its ring segment than this is none
LONG = 5.0  # times its thickness; what is shorter is one bent letter
STEPS = 5  # of the circle's fit: enough to find a segment of sixty degrees to a pixel
LONGEST = 1.5 * math.pi  # radians; more is a ring, whose beginning cannot be told


@dataclass(frozen=True, slots=True)
class Arc:
    """A ring segment, in pixels; angles in radians, clockwise on the screen from the right.

    Attributes:
        x: of the circle's centre.
        y: of the circle's centre.
        radius: of the middle of the text.
        middle: angle at the middle of the text.
        span: angle from its beginning to its end.
        thickness: of the text.
    """

    x: float
    y: float
    radius: float
    middle: float
    span: float
    thickness: float

    @property
    def length(self) -> float:
        """Along its middle."""
        return self.radius * self.span

    def grown(self, ratio: float) -> "Arc":
        """Expanded on each side by `area · ratio / perimeter`, as a straight box is."""
        more = 2 * self.length * self.thickness * ratio / (2 * (self.length + self.thickness))
        return Arc(self.x, self.y, self.radius, self.middle, self.span + more / self.radius, self.thickness + more)


def fitted(contour: NDArray[np.int32], rectangle: float) -> Arc | None:
    """The ring segment that a connected part of the detector's map fills, or None where it is straight or no such.

    The circle is the one of least squared distance to all pixels inside the contour.

    Args:
        contour: shape `(n, 1, 2)`.
        rectangle: area of the smallest rectangle around it.
    """
    if cv2.contourArea(contour) > BENT * rectangle:
        return None
    left, top, width, height = cv2.boundingRect(contour)
    mask = np.zeros((height, width), np.uint8)
    cv2.drawContours(mask, [contour], -1, 1, cv2.FILLED, offset=(-left, -top))
    rows, columns = np.nonzero(mask)
    points = np.stack([columns, rows], 1).astype(np.float64)
    circle = _circle(points)
    if circle is None:
        return None
    x, y, radius = circle
    away = np.hypot(points[:, 0] - x, points[:, 1] - y)
    angles = np.arctan2(points[:, 1] - y, points[:, 0] - x)
    middle = math.atan2(float(np.sin(angles).mean()), float(np.cos(angles).mean()))
    turned = (angles - middle + math.pi) % (2 * math.pi) - math.pi
    first, last = float(turned.min()), float(turned.max())
    # A band of even thickness has a quarter of it as its mean distance from the middle.
    thickness = 4 * float(np.abs(away - radius).mean())
    arc = Arc(x + left, y + top, radius, middle + (first + last) / 2, last - first, thickness)
    return arc if _is_text(arc, points.shape[0]) else None


def _circle(points: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """Centre and radius of the circle of least squared distance to the points, or None where they lie on a line.

    Starts from the circle of least algebraic error, which is too small for a thick band, and takes Gauss-Newton steps.

    Source: Kåsa, "A circle fitting procedure and its error analysis", IEEE Transactions on Instrumentation and
    Measurement 25 (1976); Gander, Golub and Strebel, "Least-squares fitting of circles and ellipses", BIT 34 (1994).
    """
    shift = points.mean(0)
    x, y = (points - shift).T
    design = np.stack([x, y, np.ones_like(x)], 1)
    (across, down, rest), _, rank, _ = np.linalg.lstsq(design, x * x + y * y, rcond=None)
    if rank < 3:
        return None
    a, b = across / 2, down / 2
    radius = math.sqrt(max(rest + a * a + b * b, 0.0))
    for _ in range(STEPS):
        away = np.maximum(np.hypot(x - a, y - b), 1e-9)
        slopes = np.stack([(x - a) / away, (y - b) / away, np.ones_like(x)], 1)
        change = np.linalg.lstsq(slopes, away - radius, rcond=None)[0]
        a, b, radius = a + change[0], b + change[1], radius + change[2]
    return float(a + shift[0]), float(b + shift[1]), float(radius)


def unrolled(pixels: NDArray[np.uint8], arc: Arc, width: int, height: int) -> NDArray[np.uint8]:
    """The arc as a straight crop; letters stand outwards, but inwards along the lower quarter of the circle.

    Args:
        pixels: RGB, shape `(h, w, 3)`.
        arc: in pixels of this frame.
        width: of the crop, pixels.
        height: of the crop, pixels.
    """
    along = ((np.arange(width) + 0.5) / width - 0.5) * arc.span
    across = (0.5 - (np.arange(height) + 0.5) / height) * arc.thickness
    inwards = math.sin(arc.middle) > math.sqrt(0.5)
    angle = arc.middle - along if inwards else arc.middle + along
    radius = arc.radius - across if inwards else arc.radius + across
    columns = arc.x + radius[:, None] * np.cos(angle)[None]
    rows = arc.y + radius[:, None] * np.sin(angle)[None]
    drawn = cv2.remap(
        pixels, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(drawn, np.uint8)


def _is_text(arc: Arc, area: int) -> bool:
    """Whether the segment is long, clearly bent, no whole ring, and filled."""
    rise = arc.radius * (1 - math.cos(min(arc.span, math.pi) / 2))
    return (
        arc.span <= LONGEST
        and arc.radius > arc.thickness
        and arc.length >= LONG * arc.thickness
        and rise >= arc.thickness / 2
        and area >= FILLED * arc.length * arc.thickness
    )
