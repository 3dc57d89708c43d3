// What the language of a line is told by: the same as Python's `signs.language.features`.
import { crc32 } from "../crc32.ts";
import { folded } from "../translation/keys.ts";
import { ofCharacter, script, systems, SYSTEMS } from "./script.ts";

export const LANGUAGES = ["ja", "zh", "ko", "fr", "de", "es", "en", "other"] as const;
export type Language = (typeof LANGUAGES)[number];

const SCRIPTS = ["latin", "han", "kana", "hangul", "other"] as const;
const SPOKEN = LANGUAGES.slice(0, -1);
const MARKS: Record<string, Set<string>> = {
  fr: new Set("le la les des du au aux et en de sur pour est vous ne à une".split(" ")),
  de: new Set("der die das und den dem ein eine für bitte nicht nur im zum mit".split(" ")),
  es: new Set("el la los las de del y en por para se con su al un una no".split(" ")),
  en: new Set("the and of to for in is on at no not only please do you your".split(" ")),
};
const LETTERS: Record<string, string> = { fr: "çœèêàùâîôûë", de: "äöüß", es: "ñ¿¡áíóú", en: "" };
const SLOTS = 144;
const BUCKETS = 1 << 15;

/** The inputs of the lines of one frame: rows of `columns` numbers. */
export function rows(texts: string[], spoken: readonly string[] | null): { data: Float32Array; columns: number } {
  const marks = texts.map(shown);
  const all = texts.map((text, place): number[] => {
    const others = marks.filter((_, other) => other !== place);
    const mean = marks[place].map((_, column) => (others.length ? others.reduce((sum, mark) => sum + mark[column], 0) / others.length : 0));
    const numbers = tokens(text);
    return [...own(text), ...ofPlace(spoken), Math.log1p(others.length), ...mean, ...numbers, ...Array<number>(SLOTS - numbers.length).fill(0)];
  });
  return { data: Float32Array.from(all.flat()), columns: all[0]?.length ?? 0 };
}

/** Numbers of the text's words and n-grams of characters, each once. */
export function tokens(text: string): number[] {
  const grams = new Set<string>();
  for (const word of folded(text).replace(/\p{Nd}/gu, "0").split(/\s+/u).filter(Boolean)) {
    const alphabetic = ["latin", "other", "none"].includes(script(word));
    const around = [" ", ...word, " "];
    if (alphabetic) grams.add(around.join(""));
    for (const size of alphabetic ? [2, 3, 4] : [1, 2])
      for (let at = 0; at + size <= around.length; at++) grams.add(around.slice(at, at + size).join(""));
  }
  grams.delete(" ");
  return [...grams].slice(0, SLOTS).map((gram) => (crc32(gram) % BUCKETS) + 1);
}

function own(text: string): number[] {
  const characters = [...text].filter((character) => !/\s/u.test(character));
  const number = Math.max(characters.length, 1);
  const kinds = characters.map(ofCharacter);
  const written = characters.filter((_, place) => kinds[place] === "han").map(systems);
  const share = (test: (those: string[]) => boolean): number => written.filter(test).length / Math.max(written.length, 1);
  return [
    ...SCRIPTS.map((name) => kinds.filter((kind) => kind === name).length / number),
    characters.filter((character) => /\p{Nd}/u.test(character)).length / number,
    Math.log1p(characters.length),
    ...SYSTEMS.map((system) => share((those) => those.includes(system))),
    ...SYSTEMS.map((system) => share((those) => those.length === 1 && those[0] === system)),
  ];
}

/** What a text shows the other lines of its frame. */
function shown(text: string): number[] {
  const name = script(text);
  const only = new Set([...text].map(systems).filter((those) => those.length === 1).map(([system]) => system));
  const cased = text.toLowerCase().replaceAll("ß", "ss");
  const words = cased.split(/\s+/u);
  return [
    ...SCRIPTS.map((each) => Number(name === each)),
    ...SYSTEMS.map((system) => Number(only.has(system))),
    ...Object.keys(MARKS).map((each) => Number(words.some((word) => MARKS[each].has(word)) || [...cased].some((letter) => LETTERS[each].includes(letter)))),
  ];
}

/** Of the languages of a country's signs, the commonest first; null where the country is not known. */
function ofPlace(spoken: readonly string[] | null): number[] {
  return [Number(spoken !== null), ...SPOKEN.map((language) => [1, 0.5][Math.min(spoken?.indexOf(language) ?? -1, 1)] ?? 0)];
}
