// The order in which a person reads the lines of a frame: the same as Python's `signs.reading.order`.
import { order } from "../constants.json";
import type { Box, Point } from "../records.ts";

const { GAP, NEAR } = order;

interface Bounds { left: number; top: number; right: number; bottom: number }
interface Unit extends Bounds { places: number[] }

/** Places of the boxes in reading order: rows downwards, each rightwards; neighbouring vertical columns leftwards. */
export function readingOrder(boxes: Box[], vertical: boolean[]): number[] {
  const slants = boxes.flatMap(([from, to], place) => (vertical[place] ? [] : [Math.atan2(to[1] - from[1], to[0] - from[0])]));
  const slant = slants.length ? median(slants) : 0;
  const [cos, sin] = [Math.cos(slant), Math.sin(slant)];
  const bounds = boxes.map((box) => around(box.map(([x, y]): Point => [x * cos + y * sin, y * cos - x * sin])));
  const places = boxes.map((_, place) => place);
  const units = places.filter((place) => !vertical[place]).map((place) => unit(bounds, [place]));
  units.push(...columns(bounds, places.filter((place) => vertical[place])));
  return rows(units).flatMap((row) => row.flatMap((one) => one.places));
}

function columns(bounds: Bounds[], places: number[]): Unit[] {
  const texts: number[][] = [];
  for (const place of places.sort((one, other) => bounds[other].right - bounds[one].right)) {
    const text = texts.find((known) => beside(bounds[known[known.length - 1]], bounds[place]));
    if (text) text.push(place);
    else texts.push([place]);
  }
  return texts.map((text) => unit(bounds, text));
}

function beside(right: Bounds, left: Bounds): boolean {
  const width = Math.max(right.right - right.left, left.right - left.left);
  const shared = Math.min(right.bottom, left.bottom) - Math.max(right.top, left.top);
  return right.left - left.right <= GAP * width && shared >= NEAR * Math.min(right.bottom - right.top, left.bottom - left.top);
}

function rows(units: Unit[]): Unit[][] {
  const found: Unit[][] = [];
  for (const one of units.sort((a, b) => a.top + a.bottom - b.top - b.bottom || a.left - b.left)) {
    const last = found[found.length - 1];
    if (last && inRow(last, one)) last.push(one);
    else found.push([one]);
  }
  return found.map((row) => row.sort((a, b) => a.left - b.left));
}

function inRow(row: Unit[], one: Unit): boolean {
  const middle = row.reduce((sum, member) => sum + member.top + member.bottom, 0) / (2 * row.length);
  const height = row.reduce((sum, member) => sum + member.bottom - member.top, 0) / row.length;
  return Math.abs((one.top + one.bottom) / 2 - middle) <= NEAR * Math.min(height, one.bottom - one.top);
}

function unit(bounds: Bounds[], places: number[]): Unit {
  const members = places.map((place) => bounds[place]);
  const corners = members.flatMap(({ left, top, right, bottom }): Point[] => [[left, top], [right, bottom]]);
  return { ...around(corners), places };
}

function around(points: Point[]): Bounds {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

function median(values: number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
