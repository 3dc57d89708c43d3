// The overlay: what each line means, drawn where it stands in the picture.
import type { Content } from "./records.ts";

const SMALLEST = 12;
const LARGEST = 26;

/** Draw an answer over a picture that is shown `scale` times as large as its pixels; `tell` is called with a tapped line. */
export function draw(overlay: HTMLElement, lines: readonly Content[], scale: number, tell: (line: Content) => void): void {
  overlay.replaceChildren(...lines.flatMap((line) => drawn(line, scale, tell, overlay.clientWidth)));
}

function drawn(line: Content, scale: number, tell: (line: Content) => void, room: number): HTMLElement[] {
  const [a, b, , d] = line.box.map(([x, y]) => [x * scale, y * scale]);
  const width = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const height = Math.hypot(d[0] - a[0], d[1] - a[1]);
  const angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
  const mark = document.createElement("div");
  mark.className = `mark ${line.mode}`;
  Object.assign(mark.style, { left: `${a[0]}px`, top: `${a[1]}px`, width: `${width}px`, height: `${height}px`, transform: `rotate(${angle}rad)` });
  mark.addEventListener("click", () => tell(line));
  if (line.mode === "off" || !line.english) return [mark];
  const label = document.createElement("div");
  label.className = `label ${line.mode}`;
  label.textContent = line.mode === "prompt" ? `${line.english} ?` : line.english;
  const letters = label.textContent.length;
  const [long, thick] = line.vertical ? [Math.max(width, 90), height] : [width, height];
  const size = Math.min(Math.max(Math.min(thick * 0.62, (long - 10) / (letters * 0.54)), SMALLEST), LARGEST);
  const [x, y] = [0, 1].map((place) => line.box.reduce((sum, point) => sum + (point[place] * scale) / 4, 0));
  const wide = Math.min(Math.max(letters * size * 0.56 + 12, line.vertical ? 0 : width), room - 8);
  const wraps = letters * size * 0.56 + 12 > room - 8;
  const middle = Math.min(Math.max(x, wide / 2 + 2), room - wide / 2 - 2);
  Object.assign(label.style, {
    left: `${middle}px`, top: `${y}px`, minWidth: `${wide}px`, maxWidth: `${room - 8}px`, fontSize: `${size}px`,
    minHeight: line.vertical ? "0" : `${Math.min(height, size * 2)}px`, whiteSpace: wraps ? "normal" : "nowrap",
    transform: `translate(-50%, -50%) rotate(${line.vertical || wraps ? 0 : angle}rad)`,
  });
  label.addEventListener("click", () => tell(line));
  return [mark, label];
}
