// Pixels: scaling, cutting out a rotated rectangle, and the tensors of the networks. The arithmetic is OpenCV's.
import type { Box, Frame, Point } from "../records.ts";

/** RGB, row by row, three bytes a pixel. */
export interface Pixels { width: number; height: number; data: Uint8ClampedArray }

/** Python's `round`: halves to the even neighbour. */
export function rounded(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
}

/** A frame without its opacity. */
export function rgb(frame: Frame): Pixels {
  const data = new Uint8ClampedArray(frame.width * frame.height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = frame.data[from];
    data[to + 1] = frame.data[from + 1];
    data[to + 2] = frame.data[from + 2];
  }
  return { width: frame.width, height: frame.height, data };
}

/** `pixels` at another size, bilinear (`cv2.INTER_LINEAR`): each row is stretched once, then rows are mixed. */
export function resized(pixels: Pixels, width: number, height: number): Pixels {
  if (width === pixels.width && height === pixels.height) return pixels;
  const data = new Uint8ClampedArray(width * height * 3);
  const across = neighbours(pixels.width, width);
  const down = neighbours(pixels.height, height);
  const stretched = new Map<number, Float32Array>();
  const row = (y: number): Float32Array => {
    let known = stretched.get(y);
    if (!known) {
      stretched.set(y, (known = widened(pixels, y, across)));
      for (const other of stretched.keys()) if (other < y - 1) stretched.delete(other);
    }
    return known;
  };
  for (let y = 0, to = 0; y < height; y++) {
    const upper = row(down.first[y]);
    const lower = row(down.second[y]);
    const share = down.share[y];
    for (let x = 0; x < upper.length; x++, to++) data[to] = upper[x] + (lower[x] - upper[x]) * share;
  }
  return { width, height, data };
}

function widened({ width, data }: Pixels, y: number, { first, second, share }: Neighbours): Float32Array {
  const row = new Float32Array(first.length * 3);
  for (let x = 0, to = 0; x < first.length; x++, to += 3) {
    const left = (y * width + first[x]) * 3;
    const right = (y * width + second[x]) * 3;
    row[to] = data[left] + (data[right] - data[left]) * share[x];
    row[to + 1] = data[left + 1] + (data[right + 1] - data[left + 1]) * share[x];
    row[to + 2] = data[left + 2] + (data[right + 2] - data[left + 2]) * share[x];
  }
  return row;
}

/** The two source places of each target place, and the share of the second. */
interface Neighbours { first: Int32Array; second: Int32Array; share: Float64Array }

function neighbours(from: number, to: number): Neighbours {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const share = new Float64Array(to);
  for (let place = 0; place < to; place++) {
    const at = Math.min(Math.max(((place + 0.5) * from) / to - 0.5, 0), from - 1);
    first[place] = Math.floor(at);
    second[place] = Math.min(first[place] + 1, from - 1);
    share[place] = at - first[place];
  }
  return { first, second, share };
}

/** Write pixels as the networks take them, planes of blue, green and red in [-1, 1], into rows of `stride` columns. */
export function fill(tensor: Float32Array, start: number, stride: number, pixels: Pixels): void {
  const { width, height, data } = pixels;
  const plane = stride * height;
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0, to = start + y * stride; x < width; x++, to++, from += 3) {
      tensor[to] = (data[from + 2] - 127.5) / 127.5;
      tensor[to + plane] = (data[from + 1] - 127.5) / 127.5;
      tensor[to + 2 * plane] = (data[from] - 127.5) / 127.5;
    }
  }
}

/** The parallelogram whose upper left, upper right and lower left are `box[0]`, `box[1]` and `box[3]`, upright. */
export function straightened(pixels: Pixels, [[x0, y0], [x1, y1], , [x3, y3]]: Box, width: number, height: number): Pixels {
  return sampled(pixels, width, height, (x, y) => [
    x0 + ((x1 - x0) * x) / width + ((x3 - x0) * y) / height,
    y0 + ((y1 - y0) * x) / width + ((y3 - y0) * y) / height,
  ]);
}

/** The mean of each `fold` × `fold` pixels. */
export function averaged(drawn: Pixels, fold: number): Pixels {
  if (fold === 1) return drawn;
  const [width, height] = [drawn.width / fold, drawn.height / fold];
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++, to++) {
        let sum = 0;
        for (let row = 0; row < fold; row++)
          for (let column = 0; column < fold; column++) sum += drawn.data[((y * fold + row) * drawn.width + x * fold + column) * 3 + channel];
        data[to] = sum / (fold * fold);
      }
    }
  }
  return { width, height, data };
}

/** A picture turned upside down. */
export function turned({ width, height, data }: Pixels): Pixels {
  const other = new Uint8ClampedArray(data.length);
  for (let from = 0, to = data.length - 3; to >= 0; from += 3, to -= 3) other.set(data.subarray(from, from + 3), to);
  return { width, height, data: other };
}

/** A picture of `width` × `height` whose pixels lie at `place(x, y)` of another, by cubic interpolation. */
export function sampled(pixels: Pixels, width: number, height: number, place: (x: number, y: number) => Point): Pixels {
  const data = new Uint8ClampedArray(width * height * 3);
  const columns = new Float64Array(4);
  const rows = new Float64Array(4);
  const offsets = new Int32Array(4);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const [atX, atY] = place(x, y);
      const left = Math.floor(atX);
      const top = Math.floor(atY);
      cubic(atX - left, columns);
      cubic(atY - top, rows);
      for (let tap = 0; tap < 4; tap++) offsets[tap] = 3 * Math.min(Math.max(left - 1 + tap, 0), pixels.width - 1);
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let row = 0; row < 4; row++) {
        const start = 3 * pixels.width * Math.min(Math.max(top - 1 + row, 0), pixels.height - 1);
        for (let tap = 0; tap < 4; tap++) {
          const at = start + offsets[tap];
          const weight = rows[row] * columns[tap];
          red += weight * pixels.data[at];
          green += weight * pixels.data[at + 1];
          blue += weight * pixels.data[at + 2];
        }
      }
      data[to] = red;
      data[to + 1] = green;
      data[to + 2] = blue;
    }
  }
  return { width, height, data };
}

/** Weights of four neighbours at `share` between the second and the third (Keys, 1981, with a = -0.75). */
function cubic(share: number, weights: Float64Array): void {
  const a = -0.75;
  const far = share + 1;
  const rest = 1 - share;
  weights[0] = ((a * far - 5 * a) * far + 8 * a) * far - 4 * a;
  weights[1] = ((a + 2) * share - (a + 3)) * share * share + 1;
  weights[2] = ((a + 2) * rest - (a + 3)) * rest * rest + 1;
  weights[3] = 1 - weights[0] - weights[1] - weights[2];
}

/** Variance of the Laplacian of a picture's grey: small where it is blurred. */
export function sharpness(pixels: Pixels): number {
  const { width, height, data } = pixels;
  const grey = new Uint8ClampedArray(width * height);
  for (let at = 0, from = 0; at < grey.length; at++, from += 3)
    grey[at] = 0.299 * data[from] + 0.587 * data[from + 1] + 0.114 * data[from + 2];
  const mirrored = (place: number, size: number): number => (size === 1 ? 0 : place < 0 ? 1 : place >= size ? size - 2 : place);
  let sum = 0;
  let squares = 0;
  for (let y = 0; y < height; y++) {
    const above = mirrored(y - 1, height) * width;
    const below = mirrored(y + 1, height) * width;
    for (let x = 0; x < width; x++) {
      const sides = grey[y * width + mirrored(x - 1, width)] + grey[y * width + mirrored(x + 1, width)];
      const value = grey[above + x] + grey[below + x] + sides - 4 * grey[y * width + x];
      sum += value;
      squares += value * value;
    }
  }
  return squares / grey.length - (sum / grey.length) ** 2;
}

export function distance(one: Point, other: Point): number {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}
