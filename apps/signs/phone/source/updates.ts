// Releases and the mode on the device: the release in force, and the next one, fetched whole and verified before it may take over.
import type { Opened } from "./messages.ts";
import { MODES, type Mode, type Modes } from "./records.ts";
import * as clock from "./clock.ts";
import * as downloads from "./downloads.ts";
import { ordered, ReleaseError, verify, verifyFile, type File, type Keys, type Manifest } from "./release.ts";
import * as storage from "./storage.ts";

/** A release that the device has, verified. */
export interface Held { release: string; manifest: Manifest; sequence: number }

const MODELS = ["detection", "recognition", "confidence", "language"];
const TABLES = ["phrases.json", "words.bin", "characters.json"];

/** The release in force on this device, with its content, verified again as it is read. */
export async function inForce(): Promise<[Held, Opened] | null> {
  const held = await storage.get<Held>("state", "release");
  return held ? [held, await opened(held)] : null;
}

/** The modes in force: the last ones that the server told, however long ago. */
export async function modes(): Promise<Modes> {
  const mode = (await storage.get<Mode>("state", "mode")) ?? "automate";
  return { mode, slices: (await storage.get<Modes["slices"]>("state", "slices")) ?? {} };
}

/**
 * The server's champion where it is not the release in force: fetched and verified, but not in force before `adopt`. The
 * modes that the server tells with it are kept at once.
 *
 * @throws ReleaseError it is not what a trusted key signed; TypeError the server cannot be reached.
 */
export async function fetched(): Promise<[Held, Opened] | null> {
  const champion = (await (await asked("/v1/bundles/champion")).json()) as { release: string; mode?: Mode; slices?: Record<string, string>; order?: string };
  const told = known(champion.mode);
  const slices = Object.fromEntries(Object.entries(champion.slices ?? {}).flatMap(([name, one]) => known(one) ? [[name, one]] : []));
  if (told) await storage.put("state", { mode: told, slices });
  const held = await storage.get<Held>("state", "release");
  const keys = await trusted();
  if (held && champion.release === held.release) {
    await settle(held, champion.order, keys);
    return null;
  }
  const answer = await (await asked(`/v1/bundles/${encodeURIComponent(champion.release)}`)).text();
  const { manifest, sequence } = await verify(champion.release, answer, keys, held?.sequence ?? 0, champion.order);
  for (const [, file] of wanted(manifest)) await bring(champion.release, file);
  const next = { release: champion.release, manifest, sequence };
  return [next, await opened(next)];
}

function known(mode: string | undefined): Mode | undefined {
  return MODES.find((one) => one === mode);
}

/** An order to stay with the release in force counts as well: what was in between is a downgrade from now on. */
async function settle(held: Held, order: string | undefined, keys: Keys): Promise<void> {
  const sequence = order ? await ordered(order, held.release, keys) : 0;
  if (sequence > held.sequence) await storage.put("state", { release: { ...held, sequence } });
}

/** Put a release in force and drop the files that only others need. */
export async function adopt(next: Held): Promise<void> {
  await storage.put("state", { release: next });
  const needed = new Set(wanted(next.manifest).map(([, file]) => file.digest));
  await storage.remove("files", (await storage.keys("files")).filter((digest) => !needed.has(String(digest))));
}

/**
 * The keys whose signatures count: those that the server named at the first visit, and kept from then on, so that a
 * server that is taken over later cannot name its own.
 */
async function trusted(): Promise<Keys> {
  const known = await storage.get<Keys>("state", "keys");
  if (known) return known;
  const { keys } = (await (await asked("/v1/keys")).json()) as { keys: Keys };
  await storage.put("state", { keys });
  return keys;
}

async function bring(release: string, file: File): Promise<void> {
  if (await storage.get<ArrayBuffer>("files", file.digest)) return;
  const content = await downloads.gathered(`/v1/bundles/${release}/${file.digest}`, file.digest, file.size);
  try {
    await storage.put("files", { [file.digest]: await verifyFile(file, content) });
  } finally {
    await downloads.forget(file.digest);
  }
}

async function opened({ manifest }: Held): Promise<Opened> {
  const release: Opened = { parts: manifest.parts, models: {}, tables: {} };
  for (const [name, file] of wanted(manifest)) {
    const content = await storage.get<ArrayBuffer>("files", file.digest);
    if (!content) throw new ReleaseError(`${file.name} is missing on this device; connect to fetch it again`);
    const kind = file.name.startsWith("parts/") ? release.models : release.tables;
    kind[name] = await verifyFile(file, content);
  }
  return release;
}

/** The files that the device needs, with the names of their models and tables. */
function wanted({ files }: Manifest): [string, File][] {
  return files.flatMap((file): [string, File][] => {
    const [, model] = /^parts\/(.+)\/model\.onnx$/.exec(file.name) ?? [];
    const [, table] = /^tables\/(.+)$/.exec(file.name) ?? [];
    const name = MODELS.find((one) => one === model) ?? TABLES.find((one) => one === table);
    return name ? [[name, file]] : [];
  });
}

async function asked(path: string): Promise<Response> {
  const response = await fetch(path);
  await clock.heard(response);
  if (!response.ok) throw new TypeError(`the server answered ${response.status}`);
  return response;
}
