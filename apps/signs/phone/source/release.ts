// A release as the device trusts it: its statement verified by Ed25519, its manifest and files by SHA-256.
import { sha256, unhex } from "./digest.ts";

export const APPLICATION = "signs";
const SCHEMA = 1;
const DIGEST = /^[0-9a-f]{64}$/;
const SIGNED = /^\{"key":"([0-9a-f]{16})","signature":"([0-9a-f]{128})","statement":(\{.*\})\}$/s;

export interface File { name: string; digest: string; size: number }
export interface Part { name: string; features: string[]; outputs: string[]; constants: Record<string, number> }

export interface Manifest {
  application: string;
  sequence: number;
  schema: number;
  parts: Part[];
  files: File[];
}

interface Statement { kind: string; application: string; release: string; sequence: number; schema: number }

/** Public keys that are trusted: id → raw key, both in hex. */
export type Keys = Record<string, string>;

/** A release that was refused, and why. */
export class ReleaseError extends Error {
  override name = "ReleaseError";
}

export interface Verified { manifest: Manifest; sequence: number }

/**
 * The manifest in a server's answer, once everything about it was verified.
 *
 * @param release the digest that was asked for.
 * @param answer `{"manifest":…,"signature":…}`, as the server wrote it: digests and signatures are over its bytes.
 * @param seen the highest sequence accepted before; an older release needs a newer signed rollback, `order`.
 */
export async function verify(release: string, answer: string, keys: Keys, seen: number, order = ""): Promise<Verified> {
  if (!DIGEST.test(release)) throw new ReleaseError("the server names no release digest");
  const cut = answer.lastIndexOf(',"signature":{');
  const start = '{"manifest":';
  if (!answer.startsWith(start) || cut < 0) throw new ReleaseError("the server's answer holds no signed manifest");
  const raw = answer.slice(start.length, cut);
  const statement = await signed(answer.slice(cut + ',"signature":'.length, -1), keys);
  if ((await sha256(new TextEncoder().encode(raw))) !== release) throw new ReleaseError("the manifest has been changed");
  const manifest = JSON.parse(raw) as Manifest;
  if (manifest.schema > SCHEMA) throw new ReleaseError("the release is of a newer kind than this page reads; reload the page");
  if (manifest.application !== APPLICATION) throw new ReleaseError(`the release is of ${manifest.application}, not of ${APPLICATION}`);
  if (!fits(statement, "release", release) || statement.sequence !== manifest.sequence)
    throw new ReleaseError("the release is signed for another release or sequence");
  let sequence = manifest.sequence;
  if (order) sequence = Math.max(sequence, await ordered(order, release, keys));
  if (sequence < seen) throw new ReleaseError(`the release has sequence ${sequence}, older than ${seen} already seen`);
  return { manifest, sequence };
}

/** The sequence of a signed order to go (back) to a release. */
export async function ordered(order: string, release: string, keys: Keys): Promise<number> {
  const rollback = await signed(order, keys);
  if (!fits(rollback, "rollback", release)) throw new ReleaseError("the rollback is signed for another release");
  return rollback.sequence;
}

/** `content`, if it is what the manifest lists. */
export async function verifyFile(file: File, content: ArrayBuffer): Promise<ArrayBuffer> {
  if (content.byteLength !== file.size || (await sha256(content)) !== file.digest)
    throw new ReleaseError(`${file.name} has been changed or cut short`);
  return content;
}

/** The statement in a signed statement, once a trusted key's signature over its bytes has been found good. */
async function signed(text: string, keys: Keys): Promise<Statement> {
  const [, key, signature, statement] = SIGNED.exec(text) ?? [];
  if (!key || !signature || !statement) throw new ReleaseError("the signature is malformed");
  const trusted = keys[key];
  if (!trusted) throw new ReleaseError(`signed by the key ${key}, which this page does not trust`);
  const held = await crypto.subtle.importKey("raw", unhex(trusted), "Ed25519", false, ["verify"]);
  const good = await crypto.subtle.verify("Ed25519", held, unhex(signature), new TextEncoder().encode(statement));
  if (!good) throw new ReleaseError(`the signature by key ${key} does not fit: what was signed has been changed`);
  const read = JSON.parse(statement) as Statement;
  if (read.schema > SCHEMA) throw new ReleaseError("signed in a newer form than this page reads; reload the page");
  return read;
}

function fits(statement: Statement, kind: string, release: string): boolean {
  return statement.kind === kind && statement.application === APPLICATION && statement.release === release;
}
