// The phrasebook of a release: the same as Python's `signs.translation.book`.
import { book, twins } from "../constants.json";
import { DIGITS, key, NUMBERS, numeral } from "./keys.ts";
import { alone, Twins, type Pair } from "./twins.ts";

const { SURE, SURE_OF_TWIN, SCHEMA } = book;
const HOLE = /\{(\d)\}/g;
/** Stands for a number in the key of a phrase. */
const SLOT = "\ue00a";
const EITHER = new RegExp(`[\ue000-\ue009]|${DIGITS}`, "gu");
const NUMBER = [DIGITS, NUMBERS].map((pattern) => new RegExp(pattern, "gu"));

/** English for a line, where it came from, how sure that is, and why. */
export interface Translation { english: string; source: string; sure: number; reason: string }
/** Translates a line, or says nothing. */
export type Translates = (text: string, language: string) => Translation | null;

/** What stands at each slot of a phrase, the name of a hole or "=" and digits, and what it is called. */
interface Holed { slots: string[]; rendering: string }
type Phrase = [spellings: string[], renderings: string[]];
interface Table { languages: Record<string, Phrase[]>; schema: number; twins?: Record<string, Pair> }

export class Book {
  readonly #exact = new Map<string, Map<string, string>>();
  readonly #holed = new Map<string, Map<string, Holed[]>>();
  readonly #twins = new Map<string, Twins>();
  readonly #exactTwins = new Map<string, Map<string, string>>();
  readonly #holedTwins = new Map<string, Map<string, Holed[]>>();

  /** The book in the bytes of `phrases.json`. */
  constructor(raw: ArrayBuffer) {
    const { languages, schema, twins: pairs } = JSON.parse(new TextDecoder().decode(raw)) as Table;
    if (schema > SCHEMA) throw new Error("the phrasebook is of a newer kind than this page reads; reload the page");
    for (const [language, phrases] of Object.entries(languages)) {
      const exact = new Map<string, string>();
      const holed = new Map<string, Holed[]>();
      for (const [spellings, renderings] of phrases) {
        for (const spelling of spellings) {
          const holes = found(spelling);
          const rendering = renderings.find((each) => found(each).every((hole) => holes.includes(hole))) as string;
          if (holes.length) {
            const [frame, slots] = framed(spelling);
            holed.set(frame, [...(holed.get(frame) ?? []), { slots, rendering }]);
          } else if (!exact.has(key(spelling))) exact.set(key(spelling), rendering);
        }
      }
      this.#exact.set(language, exact);
      this.#holed.set(language, holed);
      const pair = pairs?.[language];
      if (!pair) continue;
      const known = new Twins(pair);
      this.#twins.set(language, known);
      this.#exactTwins.set(language, alone(exact, known));
      this.#holedTwins.set(language, alone(holed, known));
    }
  }

  /** The English of a line that is a phrase, or is made of nothing but phrases with space between them. */
  translate(text: string, language: string): Translation | null {
    const whole = this.find(text, language);
    if (whole !== null) return { english: whole, source: "phrasebook", sure: SURE, reason: "a phrase of the phrasebook" };
    const each = parts(text, language).map((part) => this.find(part, language));
    if (!each.length || each.includes(null)) return null;
    return { english: [...new Set(each)].join(", "), source: "phrasebook", sure: SURE ** each.length, reason: "phrases of the phrasebook, one after the other" };
  }

  /** The first rendering of a phrase, its numbers filled in; null where the book does not have it. */
  find(text: string, language: string): string | null {
    const looked = key(text);
    return this.#exact.get(language)?.get(looked) ?? numbered(looked, this.#holed.get(language));
  }

  /** The English of the one phrase that differs from a line in nothing but twins of characters. */
  twin(text: string, language: string): Translation | null {
    const known = this.#twins.get(language);
    if (!known) return null;
    const looked = key(text);
    const english = this.#exactTwins.get(language)?.get(known.form(looked)) ?? numbered(looked, this.#holedTwins.get(language), known);
    return english === null ? null : { english, source: "phrasebook", sure: SURE_OF_TWIN, reason: `a phrase of the phrasebook, ${twins.TWIN}` };
  }
}

/** The rendering of a phrase with numbers in it; its other characters are looked up in the form of their twins. */
function numbered(looked: string, holed: Map<string, Holed[]> | undefined, twins?: Twins): string | null {
  for (const number of NUMBER) {
    const given = looked.match(number);
    if (!given) continue;
    const frame = looked.replace(number, SLOT);
    for (const { slots, rendering } of holed?.get(twins ? twins.form(frame) : frame) ?? []) {
      const filled = fill(slots, given);
      if (filled) return rendering.replace(HOLE, (_, hole: string) => filled.get(hole) as string);
    }
  }
  return null;
}

function found(text: string): string[] {
  return [...text.matchAll(HOLE)].map(([, hole]) => hole);
}

/** The key of a spelling with a slot for each number, and what stands there. */
function framed(spelling: string): [string, string[]] {
  const looked = key(spelling.replace(HOLE, (_, hole: string) => String.fromCharCode(0xe000 + Number(hole))));
  const slots = (looked.match(EITHER) ?? []).map((each) => (each >= "\ue000" ? String(each.charCodeAt(0) - 0xe000) : `=${each}`));
  return [looked.replace(EITHER, SLOT), slots];
}

/** The numbers of a text by the holes that they fill; null where they do not fit. */
function fill(slots: string[], given: string[]): Map<string, string> | null {
  if (slots.length !== given.length) return null;
  const filled = new Map<string, string>();
  for (const [place, slot] of slots.entries()) {
    const number = numeral(given[place]);
    if (slot.startsWith("=") ? number !== slot.slice(1) : (filled.get(slot) ?? number) !== number) return null;
    if (!slot.startsWith("=")) filled.set(slot, number);
  }
  return filled;
}

/** What stands between spaces and bars; beside Chinese characters, English is a translation of them already. */
function parts(text: string, language: string): string[] {
  const all = text.split(/[\s/|／｜・]+/u).filter((part) => key(part));
  if (["ja", "zh", "ko"].includes(language)) return all.filter((part) => /[^\x00-\x7f]/.test(part) || /^\p{Nd}+$/u.test(part));
  return all.length > 1 && !["fr", "de", "es"].includes(language) ? all : [];
}
