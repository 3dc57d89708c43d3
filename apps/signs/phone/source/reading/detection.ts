// Where text is: the same as Python's `signs.reading.detection`.
import { detection } from "../constants.json";
import type { Box, Point } from "../records.ts";
import { fitted, grown, type Arc } from "./arcs.ts";
import { blobs, clockwise, corners, meanInside, meanOf, smallestRectangle, solid } from "./geometry.ts";
import { fill, resized, rounded, type Pixels } from "./image.ts";

const { EXPANSION, INSIDE, KEPT, LONG_SIDE, MOST, MULTIPLE, SHORT_SIDE, SMALLEST } = detection;

/** Numbers of any shape. */
export interface Tensor { data: Float32Array; shape: readonly number[] }
/** A network of one input and one output. */
export type Network = (input: Tensor) => Promise<Tensor>;

/** A rotated rectangle that holds one line, the mean probability inside before it was expanded, and the arc it follows. */
export interface Region { box: Box; score: number; arc: Arc | null }

/**
 * A frame as the detector takes it: `(1, 3, h, w)`, sides multiples of 32.
 *
 * Python averages frames that become less than half as large; the page takes none of that size.
 */
export function prepared(pixels: Pixels): Tensor {
  const { width, height } = pixels;
  const scale = Math.min(Math.max(1, SHORT_SIDE / Math.min(height, width)), LONG_SIDE / Math.max(height, width));
  const [across, down] = [width, height].map((side) => Math.max(MULTIPLE, rounded((side * scale) / MULTIPLE) * MULTIPLE));
  const data = new Float32Array(3 * down * across);
  fill(data, 0, across, resized(pixels, across, down));
  return { data, shape: [1, 3, down, across] };
}

/** The boxes of a map of probabilities, in pixels of a frame of this width and height; largest first. */
export function regions({ data, shape }: Tensor, width: number, height: number): Region[] {
  const [high, wide] = shape.slice(-2);
  const mask = new Uint8Array(wide * high);
  for (let at = 0; at < mask.length; at++) mask[at] = data[at] > INSIDE ? 1 : 0;
  const found: Region[] = [];
  for (const blob of blobs(mask, wide, high).slice(0, MOST)) {
    const rectangle = smallestRectangle(blob.ends);
    const { length, breadth } = rectangle;
    if (Math.min(length, breadth) < SMALLEST) continue;
    const whole = solid(blob, wide);
    const arc = fitted(whole, length * breadth);
    const score = arc ? meanOf(data, wide, whole) : meanInside(data, wide, high, corners(rectangle));
    if (score < KEPT) continue;
    const more = (length * breadth * EXPANSION) / (length + breadth);
    const box = corners(rectangle, more).map(([x, y]): Point => [(x * width) / wide, (y * height) / high]) as Box;
    found.push({ box: clockwise(box), score, arc: arc && scaled(grown(arc, EXPANSION), width / wide, height / high) });
  }
  return found;
}

/** The arc in pixels of the frame; both sides are stretched alike but for rounding, so it stays a circle. */
function scaled(arc: Arc, across: number, down: number): Arc {
  const both = (across + down) / 2;
  return { ...arc, x: arc.x * across, y: arc.y * down, radius: arc.radius * both, thickness: arc.thickness * both };
}
