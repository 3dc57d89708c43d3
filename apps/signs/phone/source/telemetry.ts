// What the device tells of its answers and of what people say of them: numbers and corrections, never pictures.
import { sights } from "./constants.json";
import * as clock from "./clock.ts";
import { crc32 } from "./crc32.ts";
import type { Found } from "./messages.ts";
import * as queue from "./queue.ts";
import { local, type Content, type How, type Mode } from "./records.ts";

const { ASKED } = sights;

/** An answer as it is shown, and what telemetry has to know of it. */
export interface Shown { id: string; at: string; release: string; mode: Mode; lines: Content[]; server: boolean }

export interface Correction { text?: string; english?: string }

/** Whether the traveller is asked about the line of this id; as Python's `signs.sights.asked`. */
export function asked(id: string): boolean {
  return crc32(`ask ${id}`) < ASKED * 2 ** 32;
}

/** Record one answer of the device: its event, and of each line what the confidence model saw. */
export async function answered(device: string, { id, at, release, mode, lines }: Shown, found: Found): Promise<void> {
  const shown = lines.filter(({ mode }) => mode === "automate").length;
  const output = { lines: lines.length, shown: lines.length ? shown / lines.length : 0, milliseconds: found.milliseconds };
  const event = { id, unit: device, arm: "champion", release, tick: at, inclusion: 1, assignment: 1, policy: "phone", rows: "", output, at, mode };
  const facts = lines.map(({ id: line, script, language, mode }, place) => {
    const features = JSON.stringify(found.lines[place].features);
    return { fact: { id: line, kind: "line" as const, at, fields: { device, script, language, place: "", shown: mode, features } } };
  });
  await queue.add([{ event: { ...event, kind: "answer" } }, ...facts]);
}

/**
 * Record what a person says of a line; saying the same of it again changes nothing.
 *
 * The line was read right where the person says so, or puts only its English right. Taking the picture again answers no
 * question, and so is never counted as one that was asked.
 */
export async function judged(line: Content, how: How, { text, english }: Correction = {}): Promise<void> {
  const right = how === "tapped_right" || (how === "edited" && !!text && text === line.text) ? 1 : 0;
  const asked = line.ask && how !== "retaken";
  const fields = { line: line.id, right, how, asked, ...(text && { text }), ...(english && { english }) };
  await queue.add([{ fact: { id: `${line.id}:${how}`, kind: "verdict", at: local(clock.now()), fields } }]);
}

/** What a person put instead of a line's reading and English; the reading goes with the English. */
export function correction(line: Content, text: string, english: string): Correction | null {
  if (english && english !== line.english) return { text: text || line.text, english };
  return text && text !== line.text ? { text } : null;
}
