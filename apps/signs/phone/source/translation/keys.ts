// What two spellings of the same sign have in common: the same as Python's `signs.translation.keys`.
import { keys } from "../constants.json";

const ENDS = new Set(keys.ENDS);
const DASHES = new Set(keys.DASHES);
const NUMERALS = "〇一二三四五六七八九";
const SCALES: Record<string, number> = { 十: 10, 百: 100, 千: 1000 };
/** Numbers in digits, and numbers in digits or Chinese numerals, as patterns. */
export const DIGITS = "\\p{Nd}(?:[\\p{Nd}.,:]*\\p{Nd})?";
export const NUMBERS = `${DIGITS}|[〇一二三四五六七八九十百千]+`;

/** The text in NFKC, without case, white space, or punctuation around it. */
export function key(text: string): string {
  // NFKC once more: case and space may have kept letter and accent apart.
  const joined = [...folded(text).replace(/\s+/gu, "").normalize("NFKC")];
  const bare = stripped(joined.map((each) => (DASHES.has(each) ? "-" : each)).join(""), ENDS);
  // A dash at the end says "from" or "up to", unless the text stands between two.
  return bare.startsWith("-") ? stripped(stripped(bare, new Set("-")), ENDS) : bare;
}

function stripped(text: string, ends: Set<string>): string {
  const letters = [...text];
  while (letters.length && ends.has(letters[0])) letters.shift();
  while (letters.length && ends.has(letters[letters.length - 1])) letters.pop();
  return letters.join("");
}

/** The text in NFKC and without case. */
export function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll("ß", "ss").replaceAll("ς", "σ");
}

/** A number as digits, whichever way it was written. */
export function numeral(text: string): string {
  const digits = [...text];
  if (!digits.some((each) => NUMERALS.includes(each) || each in SCALES)) return text;
  if (!digits.some((each) => each in SCALES)) return digits.map((each) => NUMERALS.indexOf(each)).join("");
  let [total, held] = [0, 0];
  for (const each of digits) {
    if (each in SCALES) {
      total += Math.max(held, 1) * SCALES[each];
      held = 0;
    } else held = NUMERALS.indexOf(each);
  }
  return String(total + held);
}
