// Geometry: connected pixels, the smallest rotated rectangle around them, and the mean inside a rectangle.
import type { Box, Point } from "../records.ts";

/** A rotated rectangle: its middle, two unit vectors along its sides, and their lengths. */
export interface Rectangle { middle: Point; along: Point; across: Point; length: number; breadth: number }

/** Connected pixels: their places, of each row the leftmost and the rightmost, and their bounds. */
export interface Blob { places: Int32Array; ends: Point[]; left: number; top: number; right: number; bottom: number }

/** A blob with its holes filled: its pixels as x, y, x, y …, and the area inside its outline. */
export interface Shape { points: Int32Array; area: number }

/** The 8-connected groups of set pixels of a mask, but for those inside a hole of another group; largest first. */
export function blobs(mask: Uint8Array, width: number, height: number): Blob[] {
  const seen = new Uint8Array(mask.length);
  const queue = new Int32Array(mask.length);
  const found: Blob[] = [];
  for (let start = mask.indexOf(1); start >= 0; start = mask.indexOf(1, start + 1)) {
    if (!seen[start]) found.push(outlined(collected(mask, seen, queue, start, width, height), width));
  }
  const within = (one: Blob, other: Blob): boolean =>
    one.left > other.left && one.right < other.right && one.top > other.top && one.bottom < other.bottom;
  // Only what lies within the bounds of another can lie in a hole of it.
  const suspects = new Set(found.filter((one) => found.some((other) => within(one, other))));
  const outside = suspects.size ? background(mask, width, height) : new Uint8Array();
  const beside = (at: number): boolean => !!(outside[at - 1] || outside[at + 1] || outside[at - width] || outside[at + width]);
  const free = found.filter((one) => !suspects.has(one) || one.places.some(beside));
  return free.sort((one, other) => other.places.length - one.places.length);
}

/** The places of the pixels connected to `start`. */
function collected(mask: Uint8Array, seen: Uint8Array, queue: Int32Array, start: number, width: number, height: number): Int32Array {
  let last = 0;
  queue[last++] = start;
  seen[start] = 1;
  for (let first = 0; first < last; first++) {
    const at = queue[first];
    const x = at % width;
    const y = (at - x) / width;
    const [low, high] = [x > 0 ? -1 : 0, x < width - 1 ? 1 : 0];
    for (let row = y > 0 ? -width : 0; row <= (y < height - 1 ? width : 0); row += width) {
      for (let next = at + row + low; next <= at + row + high; next++) {
        if (mask[next] && !seen[next]) {
          seen[next] = 1;
          queue[last++] = next;
        }
      }
    }
  }
  return queue.slice(0, last);
}

function outlined(places: Int32Array, width: number): Blob {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  for (const at of places) {
    const x = at % width;
    const y = (at - x) / width;
    const known = first.get(y);
    if (known === undefined || x < known) first.set(y, x);
    if (known === undefined || x > (last.get(y) as number)) last.set(y, x);
  }
  const rows = [...first.keys()];
  const ends = rows.flatMap((y): Point[] => [[first.get(y) as number, y], [last.get(y) as number, y]]);
  return {
    places, ends, left: Math.min(...first.values()), right: Math.max(...last.values()), top: Math.min(...rows), bottom: Math.max(...rows),
  };
}

/** A blob of a picture `width` wide with its holes filled. The area follows from its pixels by Pick's theorem. */
export function solid({ places, ...bounds }: Blob, width: number): Shape {
  const [left, top] = [bounds.left - 1, bounds.top - 1];
  const [across, down] = [bounds.right - left + 2, bounds.bottom - top + 2];
  const mask = new Uint8Array(across * down);
  for (const at of places) mask[(Math.floor(at / width) - top) * across + (at % width) - left] = 1;
  const outside = background(mask, across, down);
  const points: number[] = [];
  let outline = 0;
  for (let at = 0; at < mask.length; at++) {
    if (outside[at]) continue;
    points.push((at % across) + left, Math.floor(at / across) + top);
    if (outside[at - 1] || outside[at + 1] || outside[at - across] || outside[at + across]) outline++;
  }
  return { points: Int32Array.from(points), area: Math.max(points.length / 2 - outline / 2 - 1, 0) };
}

/** The mean of the values at the pixels of a shape. */
export function meanOf(values: Float32Array, width: number, { points }: Shape): number {
  let sum = 0;
  for (let at = 0; at < points.length; at += 2) sum += values[points[at + 1] * width + points[at]];
  return sum / (points.length / 2);
}

/** The unset pixels that are 4-connected to the border of the mask. */
function background(mask: Uint8Array, width: number, height: number): Uint8Array {
  const outside = new Uint8Array(width * height);
  const stack = new Int32Array(width * height);
  let top = 0;
  const visit = (at: number): void => {
    if (!mask[at] && !outside[at]) {
      outside[at] = 1;
      stack[top++] = at;
    }
  };
  for (let x = 0; x < width; x++) visit(x), visit((height - 1) * width + x);
  for (let y = 0; y < height; y++) visit(y * width), visit(y * width + width - 1);
  while (top) {
    const at = stack[--top];
    const x = at % width;
    if (x > 0) visit(at - 1);
    if (x < width - 1) visit(at + 1);
    if (at >= width) visit(at - width);
    if (at < width * (height - 1)) visit(at + width);
  }
  return outside;
}

/** The rectangle of the smallest area around points: one of its sides lies on a side of their convex hull. */
export function smallestRectangle(points: Point[]): Rectangle {
  const corners = hull(points);
  let best: Rectangle | undefined;
  for (let place = 0; place < corners.length; place++) {
    const [x0, y0] = corners[place];
    const [x1, y1] = corners[(place + 1) % corners.length];
    const size = Math.hypot(x1 - x0, y1 - y0) || 1;
    const along: Point = corners.length > 1 ? [(x1 - x0) / size, (y1 - y0) / size] : [1, 0];
    const across: Point = [-along[1], along[0]];
    let [low, high, near, far] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const [x, y] of corners) {
      const one = x * along[0] + y * along[1];
      const other = x * across[0] + y * across[1];
      low = Math.min(low, one);
      high = Math.max(high, one);
      near = Math.min(near, other);
      far = Math.max(far, other);
    }
    const [length, breadth] = [high - low, far - near];
    if (best && length * breadth >= best.length * best.breadth) continue;
    const [one, other] = [(low + high) / 2, (near + far) / 2];
    best = { middle: [one * along[0] + other * across[0], one * along[1] + other * across[1]], along, across, length, breadth };
  }
  return best as Rectangle;
}

/** The convex hull of points, in order (Andrew's monotone chain). */
function hull(points: Point[]): Point[] {
  const sorted = [...points].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const half = (all: Point[]): Point[] => {
    const chain: Point[] = [];
    for (const point of all) {
      while (chain.length > 1 && turn(chain[chain.length - 2], chain[chain.length - 1], point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  const around = [...half(sorted), ...half(sorted.reverse())];
  return around.length ? around : sorted.slice(0, 1);
}

function turn(one: Point, two: Point, three: Point): number {
  return (two[0] - one[0]) * (three[1] - one[1]) - (two[1] - one[1]) * (three[0] - one[0]);
}

/** The corners of a rectangle whose sides are longer by `grown`. */
export function corners({ middle, along, across, length, breadth }: Rectangle, grown = 0): Box {
  const one = (length + grown) / 2;
  const other = (breadth + grown) / 2;
  const at = (a: number, b: number): Point => [middle[0] + a * along[0] + b * across[0], middle[1] + a * along[1] + b * across[1]];
  return [at(-one, -other), at(one, -other), at(one, other), at(-one, other)];
}

/** Corners clockwise on the screen, from the upper of the two leftmost ones. */
export function clockwise(box: Box): Box {
  const x = box.reduce((sum, point) => sum + point[0], 0) / 4;
  const y = box.reduce((sum, point) => sum + point[1], 0) / 4;
  const around = [...box].sort((one, other) => Math.atan2(one[1] - y, one[0] - x) - Math.atan2(other[1] - y, other[0] - x));
  const [left, second] = [0, 1, 2, 3].sort((one, other) => around[one][0] - around[other][0]);
  const first = around[left][1] <= around[second][1] ? left : second;
  return [...around.slice(first), ...around.slice(0, first)] as Box;
}

/** The mean of the values of the pixels of a rectangle, its outline included. */
export function meanInside(values: Float32Array, width: number, height: number, box: Box): number {
  const whole = (value: number): number => Math.trunc(value);
  const offset = (place: 0 | 1): number => Math.floor(Math.min(...box.map((point) => point[place])));
  const left = Math.min(Math.max(offset(0), 0), width - 1);
  const top = Math.min(Math.max(offset(1), 0), height - 1);
  const points = box.map(([x, y]): Point => [left + whole(x - left), top + whole(y - top)]);
  const low = new Map<number, number>();
  const high = new Map<number, number>();
  points.forEach(([x0, y0], place) => {
    const [x1, y1] = points[(place + 1) % 4];
    const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
    for (let step = 0; step <= steps; step++) {
      const x = Math.round(x0 + ((x1 - x0) * step) / steps);
      const y = Math.round(y0 + ((y1 - y0) * step) / steps);
      if (x < (low.get(y) ?? Infinity)) low.set(y, x);
      if (x > (high.get(y) ?? -Infinity)) high.set(y, x);
    }
  });
  let sum = 0;
  let count = 0;
  for (const [y, from] of low) {
    if (y < 0 || y >= height) continue;
    for (let x = Math.max(from, 0); x <= Math.min(high.get(y) as number, width - 1); x++, count++) sum += values[y * width + x];
  }
  return count ? sum / count : 0;
}
