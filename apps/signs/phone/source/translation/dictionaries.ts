// The dictionaries of a release: the same as Python's `signs.translation.dictionaries` and `segmentation`.
import { book, dictionaries, entries, segmentation, twins } from "../constants.json";
import type { Translation } from "./book.ts";
import { key } from "./keys.ts";
import { Twins, type Pair } from "./twins.ts";

const SURE: Record<string, number> = dictionaries.SURE;
const REASONS: Record<string, string> = dictionaries.REASONS;
const { AMBIGUOUS, SCHEMA, SURE_SEGMENTED, TRUSTED, TWINS_OF } = dictionaries;
const { LONGEST } = entries;
const { MOST, SHORTEST } = segmentation;
const NEWLINE = 10;

interface Header { begins: Record<string, [number, number]>; schema: number; twins?: Record<string, Pair> }

export class Words {
  readonly #lines: Uint8Array;
  readonly #begins: Record<string, [number, number]>;
  readonly #twins: Map<string, Twins>;
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();

  /** The words in the bytes of `words.bin`. */
  constructor(raw: ArrayBuffer) {
    const all = new Uint8Array(raw);
    const end = all.indexOf(NEWLINE);
    const { begins, schema, twins: pairs } = JSON.parse(this.#decoder.decode(all.subarray(0, end))) as Header;
    if (schema > SCHEMA) throw new Error("the dictionary is of a newer kind than this page reads; reload the page");
    this.#lines = all.subarray(end + 1);
    this.#begins = begins;
    this.#twins = new Map(Object.entries(pairs ?? {}).map(([language, pair]) => [language, new Twins(pair)]));
  }

  /** The English of a line that is a word. */
  whole(text: string, language: string): Translation | null {
    const found = this.find(key(text), language);
    return found && { english: found[1], source: "dictionary", sure: SURE[found[0]], reason: REASONS[found[0]] };
  }

  /** The English of the one word that differs from a line in nothing but twins of characters. */
  twin(text: string, language: string): Translation | null {
    const form = this.#twins.get(language)?.form(key(text));
    if (form === undefined) return null;
    const found = this.find(form, TWINS_OF + language) ?? this.find(form, language);
    if (!found || found[0] === AMBIGUOUS) return null;
    return { english: found[1], source: "dictionary", sure: SURE[found[0]] * book.SURE_OF_TWIN, reason: `${REASONS[found[0]]}, ${twins.TWIN}` };
  }

  /** The English of a line that is a row of words, one after the other. */
  row(text: string, language: string): Translation | null {
    const found = this.#pieces([...key(text)], language);
    if (!found.length) return null;
    return { english: found.join(" "), source: "segmented", sure: SURE_SEGMENTED, reason: "word by word, which may miss the sense" };
  }

  /** Class and gloss of a key, by bisection; null where that part of the file does not have it. */
  find(looked: string, part: string): [string, string] | null {
    const size = [...looked].length;
    let [low, high] = (size > 0 && size <= LONGEST && this.#begins[part]) || [0, 0];
    const wanted = this.#encoder.encode(`${looked}\t`);
    while (low < high) {
      const middle = (low + high) >> 1;
      let start = middle;
      while (start > low && this.#lines[start - 1] !== NEWLINE) start--;
      let end = this.#lines.indexOf(NEWLINE, start);
      if (end < 0 || end > high) end = high;
      const side = compared(this.#lines.subarray(start, end), wanted);
      if (side === 0) {
        const [, kind, gloss] = this.#decoder.decode(this.#lines.subarray(start, end)).split("\t");
        return [kind, gloss];
      }
      if (side < 0) low = end + 1;
      else high = start;
    }
    return null;
  }

  /** What the fewest words that make up a text mean, in order; none where some of it is no word. */
  #pieces(text: string[], language: string): string[] {
    const best: (string[] | null)[] = [[], ...text.map(() => null)];
    for (let end = SHORTEST; end <= text.length; end++) {
      for (let start = Math.max(0, end - LONGEST); start <= end - SHORTEST; start++) {
        const before = best[start];
        if (!before || before.length >= MOST) continue;
        const held = best[end];
        if (held && held.length <= before.length + 1) continue;
        const found = this.find(text.slice(start, end).join(""), language);
        if (found && TRUSTED.includes(found[0])) best[end] = [...before, found[1]];
      }
    }
    return best[text.length] ?? [];
  }
}

/** -1, 0 or 1: whether a line stands before what it may begin with, begins with it, or stands behind it. */
function compared(line: Uint8Array, wanted: Uint8Array): number {
  for (let at = 0; at < wanted.length; at++) {
    if (at >= line.length || line[at] < wanted[at]) return -1;
    if (line[at] > wanted[at]) return 1;
  }
  return 0;
}
