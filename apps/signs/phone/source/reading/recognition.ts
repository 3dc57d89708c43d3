// What text says: the same as Python's `signs.reading.recognition`.
import { recognition } from "../constants.json";
import type { Box } from "../records.ts";
import type { Network } from "./detection.ts";
import { length, unrolled, type Arc } from "./arcs.ts";
import type { Probe } from "./hangul.ts";
import { averaged, distance, fill, rounded, straightened, type Pixels } from "./image.ts";

export const { HEIGHT, SURE } = recognition;
const { LARGEST_CALL, NARROWEST, STEP, WIDEST } = recognition;
const POINTER = new RegExp(`[\\s\u2190-\u21ff${recognition.POINTERS}]`, "u");

/**
 * What a crop says: its characters, the probability of each, the mean entropy of those choices in nats, and the
 * probability that it shows Hangul, where it is doubtful.
 */
export interface Reading { characters: string[]; scores: number[]; entropy: number; hangul: number }

/** Mean probability of a reading's characters; 0 without any. */
export function score({ scores }: Reading): number {
  return scores.length ? scores.reduce((sum, value) => sum + value, 0) / scores.length : 0;
}

/** A reading without spaces and arrows at either end: an arrow beside a text is a pictogram and not part of it. */
export function trimmed(reading: Reading): Reading {
  const { characters, scores } = reading;
  const first = characters.findIndex((character) => !POINTER.test(character));
  if (first < 0) return { ...reading, characters: [], scores: [] };
  const last = characters.findLastIndex((character) => !POINTER.test(character)) + 1;
  return { ...reading, characters: characters.slice(first, last), scores: scores.slice(first, last) };
}

/** The rectangle of a frame, turned upright and scaled to 48 px height: drawn larger first, then averaged. */
export function cut(pixels: Pixels, box: Box): Pixels {
  const across = Math.max(distance(box[0], box[1]), 1);
  const down = Math.max(distance(box[0], box[3]), 1);
  const fold = Math.max(1, Math.floor(down / HEIGHT));
  return averaged(straightened(pixels, box, wide(across, down) * fold, HEIGHT * fold), fold);
}

/** The ring segment of a frame, laid straight and scaled to 48 px height. */
export function cutArc(pixels: Pixels, arc: Arc): Pixels {
  const fold = Math.max(1, Math.floor(arc.thickness / HEIGHT));
  return averaged(unrolled(pixels, arc, wide(length(arc), arc.thickness) * fold, HEIGHT * fold), fold);
}

function wide(across: number, down: number): number {
  return Math.min(Math.max(rounded((across * HEIGHT) / down), 1), WIDEST);
}

/** What each crop says, in the order given; crops of the same padded width share a call. */
export async function read(crops: Pixels[], recognise: Network, characters: readonly string[], probe: Probe): Promise<Reading[]> {
  const groups = new Map<number, number[]>();
  crops.forEach((one, place) => {
    const width = Math.max(NARROWEST, Math.ceil(one.width / STEP) * STEP);
    groups.set(width, [...(groups.get(width) ?? []), place]);
  });
  const found: Reading[] = [];
  for (const [width, places] of groups) {
    const together = Math.max(1, Math.floor(LARGEST_CALL / width));
    for (let start = 0; start < places.length; start += together) {
      const part = places.slice(start, start + together);
      const data = new Float32Array(part.length * 3 * HEIGHT * width);
      part.forEach((place, row) => fill(data, row * 3 * HEIGHT * width, width, crops[place]));
      const output = await recognise({ data, shape: [part.length, 3, HEIGHT, width] });
      const [, columns, choices] = output.shape;
      part.forEach((place, row) => {
        const size = columns * choices;
        const probabilities = output.data.subarray(row * size, (row + 1) * size);
        found[place] = decoded(probabilities, choices, characters);
        if (score(found[place]) < SURE) found[place].hangul = probe(probabilities, choices, crops[place].width / HEIGHT);
      });
    }
  }
  return found;
}

/** The text of one crop: the likeliest character of each column, repeats and blanks left out. */
export function decoded(probabilities: Float32Array, choices: number, characters: readonly string[]): Reading {
  const reading: Reading = { characters: [], scores: [], entropy: 0, hangul: 0 };
  let before = 0;
  for (let start = 0; start < probabilities.length; start += choices) {
    let best = 0;
    for (let choice = 1; choice < choices; choice++) if (probabilities[start + choice] > probabilities[start + best]) best = choice;
    if (best !== 0 && best !== before) {
      reading.characters.push(characters[best]);
      reading.scores.push(probabilities[start + best]);
      for (let choice = 0; choice < choices; choice++) {
        const likely = probabilities[start + choice];
        if (likely > 1e-6) reading.entropy -= likely * Math.log(likely);
      }
    }
    before = best;
  }
  if (reading.scores.length) reading.entropy /= reading.scores.length;
  return reading;
}
