// Which lines speak of safety: shown as sure only where the phrasebook or a person says what they mean; as Python's `signs.safety`.
import { safety } from "./constants.json";
import type { Translation } from "./translation/book.ts";
import { key } from "./translation/keys.ts";

const { WORDS, PARTS, SOURCES } = safety;
const ENGLISH = new RegExp(`(?<![a-z0-9])(?:${WORDS.join("|")})(?![a-z0-9])`);

/** Whether a line, or what it is taken to mean, speaks of safety. */
export function ofSafety(text: string, english: string): boolean {
  return ENGLISH.test(english.toLowerCase()) || PARTS.some((part) => key(text).includes(part));
}

/** Whether a translation may stand without a question mark as far as safety goes. */
export function vouched(text: string, translation: Translation): boolean {
  return SOURCES.includes(translation.source) || !ofSafety(text, translation.english);
}
