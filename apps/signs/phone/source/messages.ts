// Messages between the page and the worker that holds the models.
import type { Content, Frame } from "./records.ts";
import type { Part } from "./release.ts";

/** A release as the worker opens it: models and tables by name. */
export interface Opened {
  parts: Part[];
  thresholds: Record<string, number>;
  models: Record<string, ArrayBuffer>;
  tables: Record<string, ArrayBuffer>;
}

/** A line with what it means; `features` are those of the confidence model, in its order. */
export interface Understood extends Omit<Content, "id"> { readable: boolean; features: number[] }
/** What was found in one frame, and how long that took. */
export interface Found { lines: Understood[]; milliseconds: number }

export type Request = { id: number } & ({ open: Opened } | { read: Frame });
export type Reply = { id: number } & ({ done: Found | null } | { failed: string });
