// Builds the pages that the service shows at /phone/: the page, its worker and its service worker, and the one file of onnxruntime-web that they need.
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { build } from "esbuild";

const from = (path) => new URL(path, import.meta.url);
const OUT = "../signs/pages/phone";
const WASM = "ort-wasm-simd-threaded.wasm";

await rm(from(OUT), { recursive: true, force: true });
await mkdir(from(OUT), { recursive: true });
await cp(from("public"), from(OUT), { recursive: true });
await cp(from(`node_modules/onnxruntime-web/dist/${WASM}`), from(`${OUT}/${WASM}`));

const options = {
  bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "linked", outdir: OUT, charset: "utf8",
  absWorkingDir: from(".").pathname, logLevel: "warning",
};
await build({ ...options, entryPoints: ["source/page.ts", "source/worker.ts"] });

const files = (await readdir(from(OUT))).filter((name) => !name.endsWith(".LEGAL.txt")).sort();
const shell = createHash("sha256");
for (const name of files) shell.update(name).update(await readFile(from(`${OUT}/${name}`)));
const define = { FILES: JSON.stringify(["./", ...files.filter((name) => name !== "index.html")]), SHELL: JSON.stringify(shell.digest("hex").slice(0, 16)) };
await build({ ...options, entryPoints: ["source/service.ts"], define });
await build({ ...options, entryPoints: ["source/parity.ts"], platform: "node", outdir: "node_modules/.parity", outExtension: { ".js": ".mjs" } });
