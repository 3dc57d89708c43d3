// Text along a circle: the same as Python's `signs.reading.arcs`.
import type { Shape } from "./geometry.ts";
import { sampled, type Pixels } from "./image.ts";

const BENT = 0.75;
const FILLED = 0.7;
const LONGEST = 1.5 * Math.PI;

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

/** The ring segment that a shape fills (Kåsa's circle through its pixels), or null where it is straight or none. */
export function fitted({ points, area }: Shape, rectangle: number): Arc | null {
  if (area > BENT * rectangle) return null;
  const count = points.length / 2;
  let [left, top] = [0, 0];
  for (let at = 0; at < points.length; at += 2) {
    left += points[at] / count;
    top += points[at + 1] / count;
  }
  let [xx, xy, yy, xz, yz, z] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at < points.length; at += 2) {
    const [x, y] = [points[at] - left, points[at + 1] - top];
    const square = x * x + y * y;
    xx += x * x;
    xy += x * y;
    yy += y * y;
    xz += x * square;
    yz += y * square;
    z += square;
  }
  const determinant = xx * yy - xy * xy;
  if (determinant <= 1e-9 * (xx + yy) ** 2) return null;
  const [cx, cy] = [(xz * yy - yz * xy) / determinant / 2, (yz * xx - xz * xy) / determinant / 2];
  const radius = Math.sqrt(z / count + cx * cx + cy * cy);
  let [sine, cosine, off] = [0, 0, 0];
  const angles = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const [x, y] = [points[2 * at] - left - cx, points[2 * at + 1] - top - cy];
    angles[at] = Math.atan2(y, x);
    sine += Math.sin(angles[at]) / count;
    cosine += Math.cos(angles[at]) / count;
    off += Math.abs(Math.hypot(x, y) - radius) / count;
  }
  const middle = Math.atan2(sine, cosine);
  let [first, last] = [Infinity, -Infinity];
  for (const angle of angles) {
    const turned = modulo(angle - middle + Math.PI, 2 * Math.PI) - Math.PI;
    first = Math.min(first, turned);
    last = Math.max(last, turned);
  }
  const arc = { x: cx + left, y: cy + top, radius, middle: middle + (first + last) / 2, span: last - first, thickness: 4 * off };
  return isText(arc, count) ? arc : null;
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
    arc.span <= LONGEST && arc.radius > arc.thickness && length(arc) >= 3 * arc.thickness && rise >= arc.thickness / 2 &&
    area >= FILLED * length(arc) * arc.thickness
  );
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
