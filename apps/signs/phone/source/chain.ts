// The chain: a frame's lines, their languages, what they mean, and how surely each may be shown.
import type { Opened, Understood } from "./messages.ts";
import type { Network } from "./reading/detection.ts";
import { Reader } from "./reading/chain.ts";
import type { Frame } from "./records.ts";

export class Chain {
  readonly #reader: Reader;

  constructor(networks: Record<string, Network>, release: Opened) {
    const characters = JSON.parse(new TextDecoder().decode(release.tables.characters)) as string[];
    this.#reader = new Reader(networks.detection, networks.recognition, characters);
  }

  /** The lines of a frame as they may be shown. */
  async read(frame: Frame): Promise<Understood[]> {
    const lines = await this.#reader.read(frame);
    return lines.map((line) => ({
      box: line.box, text: line.text, script: line.script, vertical: line.vertical, readable: line.readable,
      language: "other", english: null, source: null, confidence: 0, mode: "off", reason: "", features: [],
    }));
  }
}
