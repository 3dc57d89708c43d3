// The page: from the camera or a chosen picture to an answer; everything else follows from what people tap.
import * as answer from "./answer.ts";
import * as camera from "./camera.ts";
import * as clock from "./clock.ts";
import * as cloud from "./cloud.ts";
import { Models } from "./models.ts";
import { draw } from "./overlay.ts";
import * as queue from "./queue.ts";
import { local, type Content, type Frame, type How, type Mode } from "./records.ts";
import { ReleaseError } from "./release.ts";
import * as storage from "./storage.ts";
import * as telemetry from "./telemetry.ts";
import * as updates from "./updates.ts";

const EVERY = 60_000;
/** A picture taken again within this time says that the answer was of no use, ms. */
const AT_ONCE = 8000;

const at = <Found extends HTMLElement>(id: string): Found => document.getElementById(id) as Found;
const video = at<HTMLVideoElement>("video");
const still = at<HTMLCanvasElement>("still");
const view = at("view");
const frame = at("frame");
const shutter = at<HTMLButtonElement>("shutter");
const file = at<HTMLInputElement>("file");
const ask = at<HTMLInputElement>("ask");
const where = at<HTMLSelectElement>("where");

let models: Models | undefined;
let release = "";
let device = "";
let filming = false;
let busy = false;
let shown: telemetry.Shown | undefined;
let shownSince = 0;
const touched = new Set<string>();

void run();

async function run(): Promise<void> {
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("service.js").catch(() => say("This page will not open offline."));
  device = (await storage.get<string>("state", "device")) ?? crypto.randomUUID();
  ask.checked = (await storage.get<boolean>("state", "ask")) ?? true;
  where.value = (await storage.get<string>("state", "where")) ?? "";
  await storage.put("state", { device });
  await clock.remember();
  listen();
  void film();
  const held = await updates.inForce().catch((error: unknown) => alarm(why(error)));
  if (held) await use(...held).catch((error: unknown) => alarm(why(error)));
  await tend();
  setInterval(() => void tend(), EVERY);
}

function listen(): void {
  shutter.addEventListener("click", () => void (shown ? retake() : read(() => camera.snapped(video, still))));
  file.addEventListener("change", () => {
    const [picture] = file.files ?? [];
    file.value = "";
    if (picture) void read(() => camera.chosen(picture, still));
  });
  ask.addEventListener("change", () => void storage.put("state", { ask: ask.checked }));
  where.addEventListener("change", () => void storage.put("state", { where: where.value }));
  addEventListener("online", () => void tend());
  addEventListener("offline", () => void report());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void tend());
  new ResizeObserver(redraw).observe(frame);
}

/** Deliver what waits, and take over a newer release. */
async function tend(): Promise<void> {
  await queue.deliver();
  await navigator.locks.request("update", { ifAvailable: true }, async (lock) => lock && (await update()));
  await report();
}

async function update(): Promise<void> {
  try {
    if (!models) say("Fetching the reader …");
    const next = await updates.fetched();
    if (!next) return;
    await use(...next);
    await updates.adopt(next[0]);
    alarm("");
  } catch (error) {
    if (error instanceof ReleaseError) alarm(`A release was refused: ${error.message}. ${models ? "The one before stays in use." : ""}`);
    else if (!(error instanceof TypeError)) alarm(why(error));
  }
}

/** Read with this release from now on; the one before stays in use where it cannot be opened. */
async function use(held: updates.Held, opened: Parameters<typeof Models.open>[0]): Promise<void> {
  const next = await Models.open(opened);
  models?.close();
  models = next;
  release = held.release;
  await report();
}

async function film(): Promise<void> {
  try {
    await camera.start(video);
    filming = true;
    if (!shown && !busy) live();
  } catch {
    at("hint").textContent = "No camera may be used here. Choose a picture instead.";
  }
  enable();
}

/** Show what the camera sees. */
function live(): void {
  view.classList.remove("still");
  frame.style.setProperty("--ratio", filming ? String(video.videoWidth / video.videoHeight) : "0.75");
  video.hidden = !filming;
  still.hidden = true;
  at("overlay").replaceChildren();
  at("answer").hidden = true;
  at("hint").hidden = false;
  shown = undefined;
  touched.clear();
  enable();
}

async function read(take: () => Frame | Promise<Frame>): Promise<void> {
  if (!models || busy) return;
  live();
  busy = true;
  enable();
  alarm("");
  try {
    const taken = await take();
    freeze(taken);
    await answerTo(taken, models);
  } catch (error) {
    live();
    alarm(why(error));
  } finally {
    busy = false;
    enable();
    await report();
    void tend();
  }
}

function freeze({ width, height }: Frame): void {
  view.classList.add("still");
  frame.style.setProperty("--ratio", String(width / height));
  at("hint").hidden = true;
  still.hidden = false;
  video.hidden = true;
  say("Reading …");
}

async function answerTo(taken: Frame, by: Models): Promise<void> {
  const modes = await updates.modes();
  const { mode } = modes;
  const found = await by.read(taken, where.value ? where.value.split(" ") : null, modes);
  const id = crypto.randomUUID();
  const lines = found.lines.map(({ readable, features: _, ...line }, place): Content => {
    const name = `${id}/${place}`;
    return { ...line, id: name, ask: readable && telemetry.asked(name) };
  });
  const own = { id, at: local(clock.now()), release, mode, lines, server: false };
  show(own);
  await telemetry.answered(device, own, found);
  if (!ask.checked || !navigator.onLine || !unsure(lines, mode)) return;
  say("Asking the server …");
  const other = await cloud.asked(device, own.at, camera.encoded(still));
  if (shown === own && !touched.size && other?.content?.length)
    show({ id: other.id, at: own.at, release: other.release, mode: other.mode, lines: other.content, server: true });
}

/** Whether the device shows less than the mode in force allows; where that shows nothing, no server can show more. */
function unsure(lines: Content[], inForce: Mode): boolean {
  return inForce !== "off" && (!lines.length || lines.some((line) => line.mode !== inForce || !line.english));
}

function show(next: telemetry.Shown): void {
  shown = next;
  shownSince = performance.now();
  const judged = {
    right: (line: Content) => judge(line, "tapped_right"),
    wrong: (line: Content) => judge(line, "tapped_wrong"),
    corrected: (line: Content, text: string, english: string) => {
      const instead = telemetry.correction(line, text, english);
      if (instead) keep(telemetry.judged(line, "edited", instead));
    },
  };
  at("lines").replaceChildren(...answer.items(next.lines, judged));
  at("summary").textContent = answer.summary(next.lines, next.server);
  at("answer").hidden = false;
  redraw();
}

function judge(line: Content, how: How): void {
  touched.add(line.id);
  keep(telemetry.judged(line, how));
}

/** Take the picture again; at once, that says that what was shown was of no use. */
function retake(): void {
  const about = shown;
  if (about && !touched.size && performance.now() - shownSince < AT_ONCE) {
    const useless = about.lines.filter((line) => line.mode !== "off" && line.english);
    keep(Promise.all(useless.map((line) => telemetry.judged(line, "retaken"))));
  }
  live();
}

function keep(kept: Promise<unknown>): void {
  kept.then(() => queue.deliver(), (error: unknown) => alarm(why(error))).finally(() => void report());
}

function redraw(): void {
  const about = shown;
  if (!about) return;
  draw(at("overlay"), about.lines, frame.clientWidth / still.width, (line) => {
    at("lines").children[about.lines.indexOf(line)]?.scrollIntoView({ block: "center", behavior: "smooth" });
  });
}

function enable(): void {
  shutter.disabled = !models || busy || !(filming || shown);
  shutter.classList.toggle("busy", busy);
  (shutter.firstElementChild as HTMLElement).textContent = shown && !busy ? "Again" : "Read";
  file.disabled = !models || busy;
}

async function report(): Promise<void> {
  const { waiting, dropped } = await queue.counts();
  at("waiting").textContent = dropped ? `${waiting} (${dropped} refused or too many)` : String(waiting);
  at("release").textContent = release ? release.slice(0, 12) : "none yet";
  if (!busy) say(models ? (navigator.onLine ? "Ready" : "Ready, offline") : "The reader is not on this device yet. Connect once.");
  enable();
}

function say(text: string): void {
  at("state").textContent = text;
}

function alarm(text: string): void {
  at("alert").textContent = text;
  at("alert").hidden = !text;
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
