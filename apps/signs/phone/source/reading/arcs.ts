// Text along a circle: the same as Python's `signs.reading.arcs`.
import { arcs } from "../constants.json";
import type { Shape } from "./geometry.ts";
import { sampled, type Pixels } from "./image.ts";

const { BENT, FILLED, LONG, LONGEST, STEPS } = arcs;

/** A ring segment, in pixels; angles in radians, clockwise on the screen from the right. */
export interface Arc { x: number; y: number; radius: number; middle: number; span: number; thickness: number }

export function length({ radius, span }: Arc): number {
  return radius * span;
}

/** The arc expanded on each side by `area · ratio / perimeter`, as a straight box is. */
export function grown(arc: Arc, ratio: number): Arc {
  const more = (length(arc) * arc.thickness * ratio) / (length(arc) + arc.thickness);
  return { ...arc, span: arc.span + more / arc.radius, thickness: arc.thickness + more };
}

/** The ring segment that a shape fills, or null where it is straight or no such. */
export function fitted({ points, area }: Shape, rectangle: number): Arc | null {
  if (area > BENT * rectangle) return null;
  const found = circle(points);
  if (!found) return null;
  const [x, y, radius] = found;
  const count = points.length / 2;
  let [sine, cosine, off] = [0, 0, 0];
  const angles = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const [across, down] = [points[2 * at] - x, points[2 * at + 1] - y];
    angles[at] = Math.atan2(down, across);
    sine += Math.sin(angles[at]) / count;
    cosine += Math.cos(angles[at]) / count;
    off += Math.abs(Math.hypot(across, down) - radius) / count;
  }
  const middle = Math.atan2(sine, cosine);
  let [first, last] = [Infinity, -Infinity];
  for (const angle of angles) {
    const turned = modulo(angle - middle + Math.PI, 2 * Math.PI) - Math.PI;
    first = Math.min(first, turned);
    last = Math.max(last, turned);
  }
  const arc = { x, y, radius, middle: middle + (first + last) / 2, span: last - first, thickness: 4 * off };
  return isText(arc, count) ? arc : null;
}

/**
 * Centre and radius of the circle of least squared distance to points: Kåsa's, then Gauss-Newton steps; null where
 * they lie on a line.
 */
function circle(points: Int32Array): [number, number, number] | null {
  const count = points.length / 2;
  let [left, top] = [0, 0];
  for (let at = 0; at < points.length; at += 2) {
    left += points[at] / count;
    top += points[at + 1] / count;
  }
  const algebraic = leastSquares(points, (x, y) => [x, y, x * x + y * y], left, top);
  if (!algebraic) return null;
  let [a, b] = [algebraic[0] / 2, algebraic[1] / 2];
  let radius = Math.sqrt(Math.max(algebraic[2] + a * a + b * b, 0));
  for (let step = 0; step < STEPS; step++) {
    const change = leastSquares(points, (x, y) => {
      const away = Math.max(Math.hypot(x - a, y - b), 1e-9);
      return [(x - a) / away, (y - b) / away, away - radius];
    }, left, top);
    if (!change) break;
    a += change[0];
    b += change[1];
    radius += change[2];
  }
  return [a + left, b + top, radius];
}

/**
 * The p, q, r for which `p·u + q·v + r` is nearest to w at all points, by the normal equations; null without one.
 *
 * `row` gives u, v and w of a point whose place is counted from `left` and `top`.
 */
function leastSquares(
  points: Int32Array, row: (x: number, y: number) => [number, number, number], left: number, top: number,
): [number, number, number] | null {
  let [uu, uv, u, vv, v, uw, vw, w] = [0, 0, 0, 0, 0, 0, 0, 0];
  const n = points.length / 2;
  for (let at = 0; at < points.length; at += 2) {
    const [p, q, value] = row(points[at] - left, points[at + 1] - top);
    uu += p * p;
    uv += p * q;
    u += p;
    vv += q * q;
    v += q;
    uw += p * value;
    vw += q * value;
    w += value;
  }
  // With the third unknown taken out: spreads around the means.
  const [suu, suv, svv] = [uu - (u * u) / n, uv - (u * v) / n, vv - (v * v) / n];
  const [suw, svw] = [uw - (u * w) / n, vw - (v * w) / n];
  const determinant = suu * svv - suv * suv;
  if (determinant <= 1e-12 * (suu + svv) ** 2) return null;
  const [p, q] = [(suw * svv - svw * suv) / determinant, (svw * suu - suw * suv) / determinant];
  return [p, q, (w - p * u - q * v) / n];
}

/** The arc as a straight crop; letters stand outwards, but inwards along the lower quarter of the circle. */
export function unrolled(pixels: Pixels, arc: Arc, width: number, height: number): Pixels {
  const inwards = Math.sin(arc.middle) > Math.sqrt(0.5);
  return sampled(pixels, width, height, (x, y) => {
    const along = ((x + 0.5) / width - 0.5) * arc.span;
    const across = (0.5 - (y + 0.5) / height) * arc.thickness;
    const angle = inwards ? arc.middle - along : arc.middle + along;
    const radius = inwards ? arc.radius - across : arc.radius + across;
    return [arc.x + radius * Math.cos(angle), arc.y + radius * Math.sin(angle)];
  });
}

function isText(arc: Arc, area: number): boolean {
  const rise = arc.radius * (1 - Math.cos(Math.min(arc.span, Math.PI) / 2));
  return (
    arc.span <= LONGEST && arc.radius > arc.thickness && length(arc) >= LONG * arc.thickness && rise >= arc.thickness / 2 &&
    area >= FILLED * length(arc) * arc.thickness
  );
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
