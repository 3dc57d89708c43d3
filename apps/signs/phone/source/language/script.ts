// The script of a text, and the writing systems of its Han characters: the same as Python's `signs.language.script`.
import type { Script } from "../records.ts";

const RANGES: readonly (readonly [number, number, Script])[] = [
  [0x0041, 0x005a, "latin"], [0x0061, 0x007a, "latin"], [0x00aa, 0x00aa, "latin"], [0x00ba, 0x00ba, "latin"], [0x00c0, 0x00d6, "latin"],
  [0x00d8, 0x00f6, "latin"], [0x00f8, 0x024f, "latin"], [0x1e00, 0x1eff, "latin"], [0xff21, 0xff3a, "latin"], [0xff41, 0xff5a, "latin"],
  [0x3005, 0x3007, "han"], [0x3400, 0x4dbf, "han"], [0x4e00, 0x9fff, "han"], [0xf900, 0xfaff, "han"], [0x20000, 0x323af, "han"],
  [0x3041, 0x3096, "kana"], [0x309d, 0x309f, "kana"], [0x30a1, 0x30fa, "kana"], [0x30fc, 0x30ff, "kana"], [0x31f0, 0x31ff, "kana"],
  [0xff66, 0xff9d, "kana"], [0x1100, 0x11ff, "hangul"], [0x3130, 0x318f, "hangul"], [0xa960, 0xa97f, "hangul"], [0xac00, 0xd7ff, "hangul"],
];

export type System = "japanese" | "simplified" | "traditional";
/** Writing system → a character set, and where in it the Han characters in everyday use begin and end. */
const CHARSETS: [System, string, number, number][] = [
  ["japanese", "shift_jis", 0x889f, 0x9872], ["simplified", "gb18030", 0xb0a1, 0xd7f9], ["traditional", "big5", 0xa440, 0xc67e],
];
export const SYSTEMS = CHARSETS.map(([name]) => name);
const everyday = CHARSETS.map(([name, charset, first, last]) => [name, decoded(charset, first, last)] as const);

/** `kana` where any kana is in the text, else the script of most of its letters; `none` without letters. */
export function script(text: string): Script {
  const counts = new Map<Script, number>();
  for (const character of text) {
    const found = ofCharacter(character);
    if (found !== "none") counts.set(found, (counts.get(found) ?? 0) + 1);
  }
  if (counts.has("kana")) return "kana";
  let most: [Script, number] = ["none", 0];
  for (const entry of counts) if (entry[1] > most[1]) most = entry;
  return most[0];
}

/** The script of one character; `none` for digits, signs and white space. */
export function ofCharacter(character: string): Script {
  const point = character.codePointAt(0) as number;
  const range = RANGES.find(([first, last]) => first <= point && point <= last);
  return range ? range[2] : /\p{L}/u.test(character) ? "other" : "none";
}

/** The systems that write a Han character every day. */
export function systems(character: string): System[] {
  return everyday.flatMap(([name, characters]) => (characters.has(character) ? [name] : []));
}

function decoded(charset: string, first: number, last: number): Set<string> {
  const decoder = new TextDecoder(charset);
  const found = new Set<string>();
  for (let code = first; code <= last; code++) {
    // GB 2312 has only these second bytes; its successors added others between them.
    if (charset === "gb18030" && (code & 0xff) < 0xa1) continue;
    const text = decoder.decode(Uint8Array.of(code >> 8, code & 0xff));
    if ([...text].length === 1 && text !== "\ufffd") found.add(text);
  }
  return found;
}
