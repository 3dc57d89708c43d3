// The server's reading of a frame, asked for where the device is unsure.
import type { Content, Mode } from "./records.ts";

const PATIENCE = 8000;

export interface Answer { id: string; release: string; mode: Mode; reason: string; content?: Content[] }

/** The server's answer about a picture (base64), or null where it cannot be had in time. */
export async function asked(device: string, at: string, image: string): Promise<Answer | null> {
  try {
    const body = JSON.stringify({ device, at, place: null, image });
    const headers = { "content-type": "application/json" };
    const response = await fetch("/v1/read", { method: "POST", headers, body, signal: AbortSignal.timeout(PATIENCE) });
    return response.ok ? ((await response.json()) as Answer) : null;
  } catch {
    return null;
  }
}
