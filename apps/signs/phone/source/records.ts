// Records: a line as the chain reads it, an answer as the page shows it, and what goes over the wire.

export type Point = [number, number];
export type Box = [Point, Point, Point, Point];
export type Script = "latin" | "han" | "kana" | "hangul" | "other" | "none";
export const MODES = ["automate", "prompt", "off"] as const;
export type Mode = (typeof MODES)[number];

/** What people set: the mode in force, and the most that the lines of a slice may be shown as. */
export interface Modes { mode: Mode; slices: Record<string, Mode> }

/** The more cautious of two modes. */
export function cautious(one: Mode, other: Mode): Mode {
  return MODES[Math.max(MODES.indexOf(one), MODES.indexOf(other))];
}

/** A picture: RGBA, row by row. */
export interface Frame { width: number; height: number; data: Uint8ClampedArray }

/** One line of text in a frame; the same fields as Python's `signs.records.Line`. */
export interface Line {
  box: Box;
  text: string;
  vertical: boolean;
  detection: number;
  scores: number[];
  entropy: number;
  blur: number;
  script: Script;
  readable: boolean;
}

/** One line of an answer, of the device or of the server. */
export interface Content {
  id: string;
  box: Box;
  text: string;
  language: string;
  english: string | null;
  source: string | null;
  reason: string;
  confidence: number;
  mode: Mode;
  vertical: boolean;
  script: Script;
  /** Whether the traveller is asked if it is right, by lot. */
  ask: boolean;
}

export interface Event {
  id: string; unit: string; arm: string; release: string; tick: string; inclusion: number; assignment: number; policy: string; rows: string;
  output: Record<string, number>; at: string; mode: Mode; kind: "answer";
}

/** What a person did to say whether a line is right. */
export type How = "tapped_wrong" | "tapped_right" | "edited" | "retaken";

export interface Fact { id: string; kind: "line" | "verdict"; at: string; fields: Record<string, string | number | boolean> }

/** Domain time: local, without a zone. */
export function local(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
