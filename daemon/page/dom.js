// Elements, icons, and text. Whatever comes from a node or a person gets into the page as text only (textContent).

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

// An HTML element; names that begin with "on" are listeners.
export const el = (name, properties = {}, ...children) => fill(document.createElement(name), properties, children);

// An SVG element.
export const svg = (name, properties = {}, ...children) => fill(document.createElementNS(SVG, name), properties, children);

export const byId = (id) => document.getElementById(id);

// Sets a text only where it differs: a screen reader is not told the same again.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const ICONS = {
  power: "M12 3v9M6.6 6.8a8 8 0 1 0 10.8 0",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z",
  sun: "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19",
  auto: "M12 3a9 9 0 1 0 0 18V3Z",
  down: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  cycle: "M20 11a8 8 0 0 0-14.6-3.5L3 10M3 4v6h6M4 13a8 8 0 0 0 14.6 3.5L21 14M21 20v-6h-6",
  cut: "M13 2 5 14h6l-1 8 8-12h-6l1-8Z",
  terminal: "M4 5h16v14H4zM8 9l3 3-3 3M13 15h4",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
};

// An icon in the colour of the text; it says nothing to a screen reader.
export function icon(name) {
  const filled = name === "auto";
  return svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", {
      d: ICONS[name], fill: filled ? "currentColor" : "none", stroke: "currentColor",
      "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round",
    }));
}

// A button with an icon.
export const button = (name, text, properties = {}) => el("button", { type: "button", ...properties }, icon(name), text);

// A text in which control characters, escape sequences and marks of direction are seen and not obeyed.
export function visible(text) {
  return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (char) => {
    const code = char.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

// How long something took or takes: 2 h 5 min.
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes > 0) return `${minutes} min`;
  return `${whole} s`;
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const SECONDS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DATE = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

// A time of day, and the date where it is not today's; from milliseconds since 1970.
export function clock(milliseconds, hasSeconds = false) {
  const date = new Date(milliseconds);
  if (date.toDateString() !== new Date().toDateString()) return DATE.format(date);
  return (hasSeconds ? SECONDS : TIME).format(date);
}

export const dateTime = (milliseconds) => DATE.format(new Date(milliseconds));
