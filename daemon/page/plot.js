// A small plot of the last hour.

import { svg } from "./dom.js";

const HOUR = 3600;
const [WIDTH, HEIGHT] = [100, 30];
// Where nothing was heard for so long, the curve has a gap.
const GAP = 180;

// Pieces of the curve without a gap.
function pieces(samples, key) {
  const all = [];
  let last = -Infinity;
  for (const sample of samples) {
    if (typeof sample[key] !== "number") continue;
    if (sample.at - last > GAP) all.push([]);
    all.at(-1).push(sample);
    last = sample.at;
  }
  return all;
}

// Draws a key of the samples into an svg element. The range is the values' own, but never below `least` wide: noise stays small.
export function plot(element, samples, key, least, text) {
  const now = Date.now() / 1000;
  const recent = (samples ?? []).filter((sample) => sample.at >= now - HOUR);
  const values = recent.map((sample) => sample[key]).filter((value) => typeof value === "number");
  element.replaceChildren(svg("line", { class: "base", x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT }));
  element.setAttribute("aria-label", values.length ? `${text} over the last hour: ${format(Math.min(...values))} to ${format(Math.max(...values))}` : `${text}: nothing yet`);
  if (!values.length) return;
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = Math.max(0, least - (high - low)) / 2;
  [low, high] = [low - pad, high + pad];
  const x = (sample) => WIDTH * (1 - (now - sample.at) / HOUR);
  const y = (sample) => HEIGHT - 2 - (HEIGHT - 4) * (sample[key] - low) / (high - low);
  for (const piece of pieces(recent, key)) {
    const points = piece.map((sample) => `${x(sample).toFixed(2)},${y(sample).toFixed(2)}`);
    const [first, last] = [x(piece[0]).toFixed(2), x(piece.at(-1)).toFixed(2)];
    element.append(
      svg("polygon", { class: "area", points: `${first},${HEIGHT} ${points.join(" ")} ${last},${HEIGHT}` }),
      svg("polyline", { class: "curve", points: points.join(" ") }));
  }
}

const format = (value) => (Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(0));

export const plotElement = () => svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
