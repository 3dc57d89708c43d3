// The chain: a frame's lines, their languages, what they mean, and how surely each may be shown; as Python's `signs.kit` and `signs.concluding`.
import { features } from "./confidence.ts";
import { concluding, kit, slicing } from "./constants.json";
import { LANGUAGES, rows, type Language } from "./language/features.ts";
import type { Opened, Understood } from "./messages.ts";
import type { Tensor } from "./reading/detection.ts";
import { Reader } from "./reading/chain.ts";
import { cautious, type Frame, type Line, type Mode, type Modes } from "./records.ts";
import type { Part } from "./release.ts";
import { ofSafety, vouched } from "./safety.ts";
import type { Translates, Translation } from "./translation/book.ts";
import { translator } from "./translation/engine.ts";

/** A model: its outputs by name. */
export type Model = (input: Tensor) => Promise<Record<string, Tensor>>;

const { SURE, DOUBTFUL, TRUSTED } = concluding;
const { LEAST, ENGLISH, SILENT } = kit;
const { SAFETY, GUESSED } = slicing;

export type Shares = Record<Language, number>;

/** A line with its language, how sure its translation is as far as the language goes, the translation, the confidence from which it is certain that it was read right, and the most that its slices let it be shown as. */
export interface Found { line: Line; language: Language; sure: number; translation: Translation | null; certain: number; most: Mode }

export class Chain {
  readonly #reader: Reader;
  readonly #models: Record<string, Model>;
  readonly #confidence: Part;
  readonly #translate: Translates;

  /** The chain of a release, whose models these are. */
  constructor(models: Record<string, Model>, { parts, tables }: Opened) {
    const only = (name: string) => async (input: Tensor) => Object.values(await models[name](input))[0];
    const characters = JSON.parse(new TextDecoder().decode(tables["characters.json"])) as string[];
    this.#reader = new Reader(only("detection"), only("recognition"), characters);
    this.#models = models;
    this.#confidence = parts.find(({ name }) => name === "confidence") as Part;
    this.#translate = translator(tables["phrases.json"], tables["words.bin"]);
  }

  /** The lines of a frame as they may be shown; `spoken`: languages of the country's signs, null where it is not known; `modes`: what people set. */
  async read(frame: Frame, spoken: readonly string[] | null, { mode, slices }: Modes): Promise<Understood[]> {
    const lines = await this.#reader.read(frame);
    const shares = await this.#languages(lines, spoken);
    const certain = this.#confidence.constants.certain ?? 0;
    const found = lines.map((line, place) => bounded(understood(line, shares[place], this.#translate, certain), slices));
    const asked = found.map(({ line, translation }) => {
      const named = features(line, translation !== null);
      return this.#confidence.features.map((name) => named[name]);
    });
    const confident = await this.#confident(asked);
    return found.map((each, place) => told(each, confident[place], asked[place], mode));
  }

  async #languages(lines: Line[], spoken: readonly string[] | null): Promise<Shares[]> {
    const read = lines.filter(({ text }) => text);
    const { data, columns } = rows(read.map(({ text }) => text), spoken);
    const outputs = read.length ? await this.#models.language({ data, shape: [read.length, columns] }) : {};
    let row = 0;
    return lines.map(({ text, script }) => {
      const at = text ? row++ : 0;
      const unread = script === "hangul" ? "ko" : "other";
      const share = (language: Language): number => (text ? outputs[language].data[at] : Number(language === unread));
      return Object.fromEntries(LANGUAGES.map((language) => [language, share(language)])) as Shares;
    });
  }

  async #confident(asked: number[][]): Promise<number[]> {
    if (!asked.length) return [];
    const input = { data: Float32Array.from(asked.flat()), shape: [asked.length, asked[0].length] };
    const [output] = Object.values(await this.#models.confidence(input));
    return [...output.data].map((value) => Math.min(Math.max(value, 0), 1));
  }
}

/** A line in the language whose phrase or word it most likely is; see `signs.kit`. */
export function understood(line: Line, shares: Shares, translate: Translates, certain: number): Found {
  const likeliest = best(LANGUAGES, (language) => shares[language]);
  const unknown = { line, language: likeliest, sure: shares[likeliest], translation: null, certain, most: "automate" as const };
  if (!line.readable || (likeliest === "en" && shares.en >= ENGLISH)) return unknown;
  const known = LANGUAGES.flatMap((language): [Language, Translation][] => {
    const translation = shares[language] >= LEAST ? translate(line.text, language) : null;
    return translation ? [[language, translation]] : [];
  });
  if (!known.length) return unknown;
  const [language, translation] = best(known, ([each, { sure }]) => shares[each] * sure);
  const other = known.filter(([, { english }]) => english.toLowerCase() !== translation.english.toLowerCase());
  const against = other.reduce((sum, [each]) => sum + shares[each], 0);
  const speaking = known.map(([each]) => each);
  const silent = LANGUAGES.reduce((sum, each) => sum + (speaking.includes(each) ? 0 : shares[each]), 0);
  return { line, language, sure: 1 - against - SILENT * silent, translation, certain, most: "automate" };
}

/** A line within the most cautious mode of the slices that hold it; see `signs.slicing`. */
export function bounded(found: Found, slices: Record<string, Mode>): Found {
  return { ...found, most: Object.entries(slices).reduce((most, [name, mode]) => (inside(name, found) ? cautious(most, mode) : most), found.most) };
}

function inside(slice: string, { line, language, translation }: Found): boolean {
  if (slice === SAFETY) return ofSafety(line.text, translation?.english ?? "");
  if (slice === GUESSED) return translation !== null && translation.source !== "phrasebook";
  return line.script === slice || language === slice;
}

/** One line, as the page is told of it. */
function told(found: Found, confidence: number, asked: number[], inForce: Mode): Understood {
  const { line, language, translation } = found;
  const mode = how(found, confidence, inForce);
  const shown = mode === "off" ? null : translation;
  return {
    box: line.box, text: line.text, script: line.script, vertical: line.vertical, readable: line.readable, language,
    english: shown && shown.english, source: shown && shown.source, confidence, mode, reason: why(found, confidence, mode, inForce), features: asked,
  };
}

/** The mode of one line: what its confidence and what it speaks of allow, and never more than the mode in force. */
export function how({ line, sure, translation, certain, most }: Found, confidence: number, inForce: Mode): Mode {
  const mode = cautious(inForce, most);
  if (!translation || mode === "off") return "off";
  const all = confidence * translation.sure * sure;
  const trusted = translation.sure >= TRUSTED && vouched(line.text, translation) && confidence >= certain;
  if (all >= SURE && trusted && mode === "automate") return "automate";
  return all >= DOUBTFUL ? "prompt" : "off";
}

/** One line that a person can read. */
export function why({ line, language, sure, translation, certain, most }: Found, confidence: number, mode: Mode, inForce: Mode): string {
  const share = `${Math.round(100 * confidence)}%`;
  if (!line.readable && line.script === "other") return "in a script that cannot be read yet";
  if (!line.readable) return `unreadable script: ${line.script[0].toUpperCase()}${line.script.slice(1)}`;
  if (!translation && language === "en" && sure >= ENGLISH) return "English already";
  if (!translation) return "read, but in neither the phrasebook nor the dictionary";
  if (inForce === "off") return "translations are switched off at the moment";
  if (most === "off") return "translations of such lines are switched off at the moment";
  if (mode === "off") return `not sure enough that it was read right (${share})`;
  const reason = `${translation.reason}; read right with ${share}`;
  if (mode === "prompt" && !vouched(line.text, translation)) return `${reason}; about safety, where only the phrasebook is shown as sure`;
  if (mode === "prompt" && most === "prompt") return `${reason}; such lines are only suggested at the moment`;
  return mode === "prompt" && confidence < certain ? `${reason}, and certain only from ${Math.min(Math.ceil(100 * certain), 100)}%` : reason;
}

function best<Item>(items: readonly Item[], worth: (item: Item) => number): Item {
  return items.reduce((one, other) => (worth(other) > worth(one) ? other : one));
}
