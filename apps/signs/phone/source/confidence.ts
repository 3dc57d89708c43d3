// What tells whether a line was read right: the same as Python's `signs.confidence`.
import { confidence } from "./constants.json";
import { distance } from "./reading/image.ts";
import type { Line } from "./records.ts";

const { DOUBT, SCRIPTS, SMALLEST } = confidence;

/** The features of a line by name; all finite, also of a line without text. */
export function features(line: Line, known: boolean): Record<string, number> {
  const scores = line.scores.length ? [...line.scores].sort((one, other) => one - other) : [0];
  const characters = [...line.text];
  const [a, b, c] = line.box;
  const length = distance(a, b);
  return {
    mean_score: scores.reduce((sum, score) => sum + score, 0) / scores.length,
    low_score: scores[Math.floor((scores.length - 1) / 10)],
    lowest_score: scores[0],
    log_score: scores.reduce((sum, score) => sum + Math.log(Math.max(score, SMALLEST)), 0),
    doubtful: scores.filter((score) => score < DOUBT).length,
    entropy: line.entropy,
    detection: line.detection,
    height: Math.log(Math.max(line.vertical ? length : distance(b, c), 1)),
    blur: Math.log(Math.max(line.blur, SMALLEST)),
    length: Math.log1p(characters.length),
    digits: characters.filter((character) => /\p{Nd}/u.test(character)).length / Math.max(characters.length, 1),
    vertical: Number(line.vertical),
    slant: Math.min(Math.abs(b[0] - a[0]), Math.abs(b[1] - a[1])) / Math.max(length, SMALLEST),
    known: Number(known),
    ...Object.fromEntries(SCRIPTS.map((name) => [`script_${name}`, Number(line.script === name)])),
  };
}
