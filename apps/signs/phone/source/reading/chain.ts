// The reader: a frame's lines of text in reading order; the same as Python's `signs.reading.chain`.
import type { Box, Frame, Line } from "../records.ts";
import { prepared, regions, type Network, type Region } from "./detection.ts";
import { distance, rgb, sharpness, type Pixels } from "./image.ts";
import { readingOrder } from "./order.ts";
import { cut, cutArc, read, score, type Reading } from "./recognition.ts";
import { script } from "../language/script.ts";

const TALL = 1.5;
const LEAST = 0.5;
const LONE: Record<string, number> = { latin: 0.6, none: 0.6, han: 0.95, kana: 0.95, other: 0.95 };
const TEXT = 0.6;

export class Reader {
  readonly #detect: Network;
  readonly #recognise: Network;
  readonly #characters: readonly string[];

  constructor(detect: Network, recognise: Network, characters: readonly string[]) {
    this.#detect = detect;
    this.#recognise = recognise;
    this.#characters = characters;
  }

  /** The lines of a frame in reading order. */
  async read(frame: Frame): Promise<Line[]> {
    const pixels = rgb(frame);
    const found = regions(await this.#detect(prepared(pixels)), pixels.width, pixels.height);
    const tall = found.map(({ arc, box }) => !arc && distance(box[0], box[3]) >= TALL * distance(box[0], box[1]));
    const crops = found.map((region, place) => crop(pixels, region, tall[place]));
    const readings = await read(crops, this.#recognise, this.#characters);
    const lines = found.flatMap((region, place) => line(region, tall[place], crops[place], readings[place]) ?? []);
    const order = readingOrder(lines.map(({ box }): Box => box), lines.map(({ vertical }) => vertical));
    return order.map((place) => lines[place]);
  }
}

/** The region at 48 px height; a vertical one lies on its side, as the recogniser has learned to read it. */
function crop(pixels: Pixels, { arc, box: [a, b, c, d] }: Region, vertical: boolean): Pixels {
  if (arc) return cutArc(pixels, arc);
  return cut(pixels, vertical ? [b, c, d, a] : [a, b, c, d]);
}

/** The line of one region; null where it is no text. */
function line({ box, score: detection }: Region, vertical: boolean, pixels: Pixels, reading: Reading): Line | null {
  const blur = sharpness(pixels);
  const certain = score(reading);
  if (certain < LEAST) {
    if (detection < TEXT) return null;
    return { box, text: "", vertical, detection, scores: [], entropy: reading.entropy, blur, script: "hangul", readable: false };
  }
  const written = script(reading.text);
  if ([...reading.text.trim()].length < 2 && certain < (LONE[written] ?? LEAST)) return null;
  return { box, ...reading, vertical, detection, blur, script: written, readable: true };
}
