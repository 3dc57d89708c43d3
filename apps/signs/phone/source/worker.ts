// The worker: holds the models of one release and reads frames, so that the page stays quick.
import * as ort from "onnxruntime-web/wasm";
import { Chain } from "./chain.ts";
import type { Found, Opened, Reply, Request } from "./messages.ts";
import type { Network, Tensor } from "./reading/detection.ts";

declare const self: DedicatedWorkerGlobalScope;

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { wasm: new URL("ort-wasm-simd-threaded.wasm", self.location.href).href };

let chain: Chain | undefined;
let last: Promise<unknown> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<Request>) => {
  last = last.then(() => answer(data)).then((reply) => self.postMessage(reply));
};

async function answer(request: Request): Promise<Reply> {
  try {
    return { id: request.id, done: await act(request) };
  } catch (error) {
    return { id: request.id, failed: error instanceof Error ? error.message : String(error) };
  }
}

async function act(request: Request): Promise<Found | null> {
  if ("open" in request) {
    chain = await open(request.open);
    return null;
  }
  if (!chain) throw new Error("no release is open");
  const start = performance.now();
  const lines = await chain.read(request.read);
  return { lines, milliseconds: performance.now() - start };
}

/** A chain of the models, once they have answered an empty frame. */
async function open(release: Opened): Promise<Chain> {
  const networks: Record<string, Network> = {};
  for (const [name, model] of Object.entries(release.models)) networks[name] = await network(model);
  const made = new Chain(networks, release);
  await made.read({ width: 64, height: 64, data: new Uint8ClampedArray(64 * 64 * 4) });
  return made;
}

async function network(model: ArrayBuffer): Promise<Network> {
  const session = await ort.InferenceSession.create(new Uint8Array(model), { executionProviders: ["wasm"] });
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  return async ({ data, shape }: Tensor) => {
    const results = await session.run({ [input]: new ort.Tensor("float32", data, shape) });
    const result = results[output];
    return { data: result.data as Float32Array, shape: result.dims };
  };
}
