// Downloads in stretches: what arrived stays on the device, and the rest is asked for where it broke off.
import * as storage from "./storage.ts";

const CHUNK = 1 << 20;
const RANGE = /^bytes (\d+)-\d+\/(\d+)$/;

/**
 * All `size` bytes of the file at `path`, which never changes; gathered under `key` until `forget` is called.
 *
 * @throws TypeError the network or the server failed; what arrived is kept for the next call.
 */
export async function gathered(path: string, key: string, size: number): Promise<ArrayBuffer> {
  let here = (await storage.get<Blob>("files", part(key))) ?? new Blob();
  if (here.size > size) here = new Blob();
  while (here.size < size) {
    const before = here.size;
    here = await further(path, key, here);
    if (here.size === before) throw new TypeError("the server sends nothing");
    if (here.size > size) {
      await forget(key);
      throw new TypeError("the server sends more than the release lists");
    }
  }
  return here.arrayBuffer();
}

/** Drop what was gathered under `key`. */
export async function forget(key: string): Promise<void> {
  await storage.remove("files", [part(key)]);
}

/** What was gathered under `key` lies here; `adopt` of a release drops it with the other files that nobody needs. */
export function part(key: string): string {
  return `${key}.part`;
}

/** One more stretch behind what is here; whatever arrives of it is kept. A server without ranges sends all of it. */
async function further(path: string, key: string, here: Blob): Promise<Blob> {
  const headers = { range: `bytes=${here.size}-${here.size + CHUNK - 1}` };
  const response = await fetch(path, { headers, cache: "no-store" });
  if (!response.ok || !response.body) throw new TypeError(`the server answered ${response.status}`);
  const [, start] = RANGE.exec(response.headers.get("content-range") ?? "") ?? [];
  if (response.status === 206 && Number(start) !== here.size) throw new TypeError("the server sends another part");
  const pieces: BlobPart[] = response.status === 206 ? [here] : [];
  const reader = response.body.getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) pieces.push(piece.value);
  } finally {
    here = new Blob(pieces);
    await storage.put("files", { [part(key)]: here });
  }
  return here;
}
