// Messages between the page and the worker that holds the models.
import type { Content, Frame, Modes } from "./records.ts";
import type { Part } from "./release.ts";

/** A release as the worker opens it: models by the name of their part, tables by that of their file. */
export interface Opened {
  parts: Part[];
  models: Record<string, ArrayBuffer>;
  tables: Record<string, ArrayBuffer>;
}

/** A line with what it means; `features`: of the confidence model, in its order. */
export interface Understood extends Omit<Content, "id" | "ask"> { readable: boolean; features: number[] }
/** What was found in one frame, and how long that took. */
export interface Found { lines: Understood[]; milliseconds: number }

/** What the page asks: to open a release, or to read a frame taken where these languages are on signs, with these modes in force. */
export type Asked = { open: Opened } | { read: Frame; spoken: string[] | null; modes: Modes };
export type Request = { id: number } & Asked;
export type Reply = { id: number } & ({ done: Found | null } | { failed: string });
