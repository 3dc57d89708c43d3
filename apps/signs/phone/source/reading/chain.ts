// The reader: a frame's lines of text in reading order; the same as Python's `signs.reading.chain`.
import { chain } from "../constants.json";
import { script } from "../language/script.ts";
import type { Box, Frame, Line, Script } from "../records.ts";
import { prepared, regions, type Network, type Region } from "./detection.ts";
import { probe, type Probe } from "./hangul.ts";
import { distance, rgb, sharpness, turned, type Pixels } from "./image.ts";
import { readingOrder } from "./order.ts";
import { cut, cutArc, HEIGHT, read, score, SURE, trimmed, type Reading } from "./recognition.ts";

const { HANGUL, LEAST, TALL, TEXT, UPRIGHT, WIDE } = chain;
const LONE: Record<string, number> = chain.LONE;

/** A region, how it is looked at, and its crop. */
interface View { region: Region; vertical: boolean; crop: Pixels }

export class Reader {
  readonly #detect: Network;
  readonly #recognise: Network;
  readonly #characters: readonly string[];
  readonly #probe: Probe;

  constructor(detect: Network, recognise: Network, characters: readonly string[]) {
    this.#detect = detect;
    this.#recognise = recognise;
    this.#characters = characters;
    this.#probe = probe(characters);
  }

  /** The lines of a frame in reading order. */
  async read(frame: Frame): Promise<Line[]> {
    const pixels = rgb(frame);
    const found = regions(await this.#detect(prepared(pixels)), pixels.width, pixels.height);
    const views = found.map((region) => view(pixels, region, !region.arc && ratio(region.box) >= TALL));
    const readings = await this.#read(views);
    await this.#lookAgain(pixels, views, readings);
    const lines = views.flatMap((seen, place) => line(seen, trimmed(readings[place])) ?? []);
    const order = readingOrder(lines.map(({ box }): Box => box), lines.map(({ vertical }) => vertical));
    return order.map((place) => lines[place]);
  }

  #read(views: View[]): Promise<Reading[]> {
    return read(views.map(({ crop }) => crop), this.#recognise, this.#characters, this.#probe);
  }

  /** Read doubtful tall boxes in other ways too, and keep the surest, in place. */
  async #lookAgain(pixels: Pixels, views: View[], readings: Reading[]): Promise<void> {
    const others: [number, View][] = [];
    views.forEach((seen, place) => {
      if (!seen.vertical || score(readings[place]) >= SURE) return;
      others.push([place, { ...seen, crop: turned(seen.crop) }]);
      if (ratio(seen.region.box) <= UPRIGHT) others.push([place, view(pixels, seen.region, false)]);
    });
    const again = await this.#read(others.map(([, seen]) => seen));
    others.forEach(([place, seen], at) => {
      if (score(again[at]) <= Math.max(score(readings[place]), LEAST) || !again[at].characters.join("").trim()) return;
      views[place] = seen;
      readings[place] = again[at];
    });
  }
}

/** The line of one region; null where it is no text. */
function line({ region, vertical, crop }: View, reading: Reading): Line | null {
  const certain = score(reading);
  const hangul = reading.hangul >= HANGUL;
  const narrow = crop.width < WIDE * HEIGHT || (vertical && region.score < TEXT);
  if ((hangul || certain < LEAST) && narrow) return null;
  const blank: Omit<Line, "script"> = {
    box: region.box, text: "", vertical, detection: region.score, scores: [], entropy: reading.entropy, blur: sharpness(crop), readable: false,
  };
  if (hangul) return { ...blank, script: "hangul" };
  if (certain < LEAST) return region.score < TEXT ? null : { ...blank, script: "other" };
  const text = reading.characters.join("");
  const written: Script = script(text);
  if (reading.characters.length < 2 && certain < (LONE[written] ?? LEAST)) return null;
  return { ...blank, text, vertical: vertical && reading.characters.length !== 1, scores: reading.scores, script: written, readable: true };
}

/** A region at 48 px height; a vertical one lies on its side, as the recogniser has learned to read it. */
function view(pixels: Pixels, region: Region, vertical: boolean): View {
  const [a, b, c, d] = region.box;
  const crop = region.arc ? cutArc(pixels, region.arc) : cut(pixels, vertical ? [b, c, d, a] : [a, b, c, d]);
  return { region, vertical, crop };
}

/** Height over width. */
function ratio([a, b, , d]: Box): number {
  return distance(a, d) / Math.max(distance(a, b), 1e-6);
}
