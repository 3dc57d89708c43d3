// The worker: holds the models of one release and reads frames, so that the page stays quick.
import * as ort from "onnxruntime-web/wasm";
import { Chain, type Model } from "./chain.ts";
import type { Found, Opened, Reply, Request } from "./messages.ts";
import type { Tensor } from "./reading/detection.ts";

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
  const lines = await chain.read(request.read, request.spoken, request.modes);
  return { lines, milliseconds: performance.now() - start };
}

/** The chain of a release, once it has answered an empty frame. */
async function open(release: Opened): Promise<Chain> {
  const models: Record<string, Model> = {};
  for (const [name, graph] of Object.entries(release.models)) models[name] = await model(graph);
  const made = new Chain(models, release);
  await made.read({ width: 64, height: 64, data: new Uint8ClampedArray(64 * 64 * 4) }, null, { mode: "automate", slices: {} });
  return made;
}

async function model(graph: ArrayBuffer): Promise<Model> {
  const session = await ort.InferenceSession.create(new Uint8Array(graph), { executionProviders: ["wasm"] });
  const [input] = session.inputNames;
  return async ({ data, shape }: Tensor) => {
    const results = await session.run({ [input]: new ort.Tensor("float32", data, shape) });
    return Object.fromEntries(session.outputNames.map((name) => [name, { data: results[name].data as Float32Array, shape: results[name].dims }]));
  };
}
