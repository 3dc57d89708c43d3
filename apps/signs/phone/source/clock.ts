// The time, where the device's own clock may be wrong: put right by what the server says of it.
import * as storage from "./storage.ts";

/** What the server says has whole seconds and was some seconds on its way: less is no error of the clock, ms. */
const TOLERANCE = 30_000;

let offset = 0;

/** Go on from what was learned before this start. */
export async function remember(): Promise<void> {
  offset = (await storage.get<number>("state", "clock")) ?? 0;
}

/** A server's answer says what time it is. */
export async function heard(response: Response): Promise<void> {
  const said = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(said)) return;
  const behind = said - Date.now();
  const found = Math.abs(behind) > TOLERANCE ? behind : 0;
  if (Math.abs(found - offset) <= TOLERANCE) return;
  offset = found;
  await storage.put("state", { clock: offset });
}

/** The time that it is. */
export function now(): Date {
  return new Date(Date.now() + offset);
}
