// What the device tells of its answers and of what people say of them: numbers and corrections, never pictures.
import { crc32 } from "./crc32.ts";
import type { Found } from "./messages.ts";
import * as queue from "./queue.ts";
import { local, type Content, type Mode, type Outcome } from "./records.ts";

/** Share of the translated lines at which the traveller is asked whether they are right, by lot: an unbiased sample. */
const ASKED = 0.6;

/** An answer as it is shown, and what telemetry has to know of it. */
export interface Shown { id: string; at: string; release: string; lines: Content[]; server: boolean }

/** Whether the traveller is asked about the line of this id; as Python's `signs.operating.asked`. */
export function asked(id: string): boolean {
  return crc32(`ask ${id}`) < ASKED * 2 ** 32;
}

/** Record one answer of the device: its event, and of each line what the confidence model saw. */
export async function answered(device: string, { id, at, release, lines }: Shown, found: Found): Promise<void> {
  const shown = lines.filter(({ mode }) => mode === "automate").length;
  const output = { lines: lines.length, shown: lines.length ? shown / lines.length : 0, milliseconds: found.milliseconds };
  const mode: Mode = "automate";
  const event = { id, unit: device, arm: "champion", release, tick: at, inclusion: 1, assignment: 1, policy: "phone", rows: "", output, at, mode };
  const facts = lines.map(({ id: line, script, language, mode }, place) => {
    const features = JSON.stringify(found.lines[place].features);
    return { fact: { id: line, kind: "line" as const, at, fields: { device, script, language, place: "", shown: mode, features } } };
  });
  await queue.add([{ event: { ...event, kind: "answer" } }, ...facts]);
}

/** Record what a person says of a line; saying the same of it again changes nothing. */
export async function judged(shown: Shown, line: Content, how: Outcome["source"], instead: { text?: string; english?: string } = {}): Promise<void> {
  const right = how === "tapped_right" ? 1 : 0;
  const id = `${line.id}:${how}`;
  const known = local(new Date());
  const outcome: Outcome = {
    id, key: line.id, event_time: shown.at, known_at: known, source: how, value: right,
    ...(how === "edited" && { supersedes: `${line.id}:tapped_wrong` }),
  };
  const fact = { id, kind: "verdict" as const, at: known, fields: { line: line.id, right, how, asked: line.ask ?? false, ...instead } };
  await queue.add([{ outcome }, { fact }]);
}
