// The queue: telemetry and corrections wait on the device until the server has them; each counts once, by its id.
import type { Event, Fact } from "./records.ts";
import * as storage from "./storage.ts";

export type Item = { event: Event } | { fact: Fact };
const BATCH = 100;
/** More than this is not kept: the oldest are dropped, and counted. */
const MOST = 2000;

/** Keep these until they are delivered. */
export async function add(items: Item[]): Promise<void> {
  await storage.append(items);
  const over = (await storage.count("queue")) - MOST;
  if (over > 0) {
    const oldest = await storage.waiting<Item>(over);
    await storage.remove("queue", oldest.map(([key]) => key));
    await drop(oldest.length);
  }
}

/**
 * Deliver what waits, oldest first, until nothing waits or the server cannot be reached.
 *
 * One page at a time delivers. An item leaves the queue only after the server took it, so that an answer that is lost
 * sends it again, with the same id. What the server refuses for good is dropped and counted, and never blocks the rest.
 */
export async function deliver(): Promise<void> {
  await navigator.locks.request("deliver", { ifAvailable: true }, async (lock) => {
    let most = BATCH;
    while (lock) {
      const batch = await storage.waiting<Item>(most);
      if (!batch.length) return;
      const status = await send(batch.map(([, item]) => item));
      if (status === "later") return;
      if (status === "refused" && batch.length > 1) {
        most = 1;
        continue;
      }
      await storage.remove("queue", batch.map(([key]) => key));
      if (status === "refused") await drop(1);
    }
  });
}

export async function counts(): Promise<{ waiting: number; dropped: number }> {
  return { waiting: await storage.count("queue"), dropped: (await storage.get<number>("state", "dropped")) ?? 0 };
}

async function drop(number: number): Promise<void> {
  await storage.put("state", { dropped: ((await storage.get<number>("state", "dropped")) ?? 0) + number });
}

/** Whether the server took all of these, refuses something among them, or should be asked later. */
async function send(items: Item[]): Promise<"taken" | "refused" | "later"> {
  const events = items.flatMap((item) => ("event" in item ? [item.event] : []));
  const facts = items.flatMap((item) => ("fact" in item ? [item.fact] : []));
  const first = events.length ? await post("/v1/telemetry", { events }) : "taken";
  return first === "taken" && facts.length ? post("/v1/events", { facts }) : first;
}

async function post(path: string, body: object): Promise<"taken" | "refused" | "later"> {
  try {
    const headers = { "content-type": "application/json" };
    const { ok, status } = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    if (ok) return "taken";
    return [400, 413, 422].includes(status) ? "refused" : "later";
  } catch {
    return "later";
  }
}
