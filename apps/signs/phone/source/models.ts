// The models of a release as the page uses them: a worker that opened it, asked by messages.
import type { Asked, Found, Opened, Reply, Request } from "./messages.ts";
import type { Frame, Modes } from "./records.ts";

export class Models {
  readonly #worker = new Worker(new URL("worker.js", document.baseURI), { type: "module" });
  readonly #waiting = new Map<number, { done: (found: Found | null) => void; failed: (error: Error) => void }>();
  #last = 0;

  private constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      const asked = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("failed" in data) asked?.failed(new Error(data.failed));
      else asked?.done(data.done);
    };
    this.#worker.onerror = (event) => {
      for (const { failed } of this.#waiting.values()) failed(new Error(event.message || "the reader stopped"));
      this.#waiting.clear();
    };
  }

  /** Models of a release, once they have answered an empty frame. */
  static async open(release: Opened): Promise<Models> {
    const models = new Models();
    try {
      await models.#ask({ open: release }, [...Object.values(release.models), ...Object.values(release.tables)]);
    } catch (error) {
      models.close();
      throw error;
    }
    return models;
  }

  async read(frame: Frame, spoken: string[] | null, modes: Modes): Promise<Found> {
    return (await this.#ask({ read: frame, spoken, modes }, [])) as Found;
  }

  close(): void {
    this.#worker.terminate();
  }

  #ask(asked: Asked, handed: Transferable[]): Promise<Found | null> {
    const id = ++this.#last;
    return new Promise((done, failed) => {
      this.#waiting.set(id, { done, failed });
      this.#worker.postMessage({ id, ...asked } satisfies Request, handed);
    });
  }
}
