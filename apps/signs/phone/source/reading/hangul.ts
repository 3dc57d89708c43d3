// Telling Hangul, which the recogniser does not know, from its doubts: the same as Python's `signs.reading.hangul`.
import table from "../../../signs/reading/hangul.json";

/** Probabilities of one crop (rows of `choices`), and its width over its height → probability of Hangul. */
export type Probe = (probabilities: Float32Array, choices: number, ratio: number) => number;

/** The probe for a recogniser of these characters. */
export function probe(characters: readonly string[]): Probe {
  const places = new Map(characters.map((character, place) => [character, place]));
  const weighed = table.characters.flatMap((character, at): [number, number][] => {
    const place = places.get(character);
    return place === undefined ? [] : [[place, table.weights[at]]];
  });
  return (probabilities, choices, ratio) => {
    const seen = new Float64Array(choices);
    for (let at = 0; at < probabilities.length; at += choices) for (let choice = 1; choice < choices; choice++) seen[choice] += probabilities[at + choice];
    const total = seen.reduce((sum, value) => sum + value, 0);
    const filled = Math.min(total / (2 * Math.max(ratio, 0.1)), 1);
    const believed = weighed.reduce((sum, [place, weight]) => sum + Math.sqrt(seen[place] / (total + 1e-6)) * weight, 0);
    const logit = believed + table.filled * Math.sqrt(filled) + table.bias;
    return 1 / (1 + Math.exp(-Math.max(-50, Math.min(50, logit))));
  };
}
