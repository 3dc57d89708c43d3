// Not of the page: answers the questions of the tests that compare these parts with Python's, from JSON lines to JSON lines.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { bounded, how, understood, why, type Found, type Shares } from "./chain.ts";
import { features } from "./confidence.ts";
import constants from "./constants.json";
import { rows } from "./language/features.ts";
import { script, systems } from "./language/script.ts";
import { readingOrder } from "./reading/order.ts";
import { trimmed } from "./reading/recognition.ts";
import type { Line, Mode } from "./records.ts";
import { asked, correction } from "./telemetry.ts";
import { Book, type Translates } from "./translation/book.ts";
import { translator } from "./translation/engine.ts";
import { key } from "./translation/keys.ts";

const opened = (path: string): ArrayBuffer => new Uint8Array(readFileSync(path)).buffer;
let book: Book;
let translate: Translates;

const ANSWERS: Record<string, (...given: never[]) => unknown> = {
  open: (phrases: string, dictionary: string) => {
    book = new Book(opened(phrases));
    translate = translator(opened(phrases), opened(dictionary));
  },
  key,
  script,
  systems,
  book: (text: string, language: string) => book.translate(text, language),
  translate: (text: string, language: string) => translate(text, language),
  understood: (line: Line, shares: Shares, certain: number) => understood(line, shares, translate, certain),
  bounded: (found: Found, slices: Record<string, Mode>) => bounded(found, slices),
  shown: (found: Found, confidence: number, inForce: Mode) => {
    const mode = how(found, confidence, inForce);
    return [mode, why(found, confidence, mode, inForce)];
  },
  rows: (texts: string[], spoken: string[] | null) => Array.from(rows(texts, spoken).data),
  features,
  asked,
  correction,
  constants: () => constants,
  order: readingOrder,
  trimmed: (characters: string[]) => trimmed({ characters, scores: characters.map(() => 1), entropy: 0, hangul: 0 }).characters.join(""),
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const [name, ...given] = JSON.parse(line) as [string, ...never[]];
  process.stdout.write(`${JSON.stringify(ANSWERS[name](...given) ?? null)}\n`);
});
