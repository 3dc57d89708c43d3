// Not of the page: answers the questions of the tests that compare these parts with Python's, from JSON lines to JSON lines.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { features } from "./confidence.ts";
import { rows } from "./language/features.ts";
import { script, systems } from "./language/script.ts";
import { readingOrder } from "./reading/order.ts";
import { trimmed } from "./reading/recognition.ts";
import { asked } from "./telemetry.ts";
import { Book } from "./translation/book.ts";
import { Words } from "./translation/dictionaries.ts";
import { key } from "./translation/keys.ts";

const opened = (path: string): ArrayBuffer => new Uint8Array(readFileSync(path)).buffer;
let book: Book;
let words: Words;

const ANSWERS: Record<string, (...given: never[]) => unknown> = {
  open: (phrases: string, dictionary: string) => {
    book = new Book(opened(phrases));
    words = new Words(opened(dictionary));
  },
  key,
  script,
  systems,
  book: (text: string, language: string) => book.translate(text, language),
  words: (text: string, language: string) => words.translate(text, language),
  rows: (texts: string[], spoken: string[] | null) => Array.from(rows(texts, spoken).data),
  features,
  asked,
  order: readingOrder,
  trimmed: (characters: string[]) => trimmed({ characters, scores: characters.map(() => 1), entropy: 0, hangul: 0 }).characters.join(""),
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const [name, ...given] = JSON.parse(line) as [string, ...never[]];
  process.stdout.write(`${JSON.stringify(ANSWERS[name](...given) ?? null)}\n`);
});
