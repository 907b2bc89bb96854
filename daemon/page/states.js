// What states are called here, how urgent they are, and what a node that loses its power loses.

import { duration } from "./dom.js";

const STATES = {
  absent: ["Absent", "idle"],
  off: ["Off", "idle"],
  powered: ["Starting", "busy"],
  "boot-rom": ["Waits for boot files", "warn"],
  enumerated: ["On the USB", "busy"],
  link: ["Link up", "busy"],
  reachable: ["Reachable", "good"],
  agent: ["Running", "good"],
  halted: ["Halted", "warn"],
  failed: ["Did not start", "bad"],
};

export const stateText = (state) => STATES[state]?.[0] ?? state ?? "Unknown";
// The same within a sentence: "on the USB".
export const stateWords = (state) => stateText(state).replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase());
export const stateTone = (state) => STATES[state]?.[1] ?? "warn";

// The states of a start, in their order.
const START = ["powered", "boot-rom", "enumerated", "link", "reachable", "agent"];

// Whether a node is less far in its start than it was.
export const isStepBack = (before, now) => START.includes(now) && START.indexOf(before) > START.indexOf(now);

// Whether a node can be asked for something.
export const isOn = (node) => node.seen === true;
export const isAbsent = (node) => node.absent === true || node.state === "absent";

// Whether cutting its power may hurt: something may run on it.
export const mayRun = (node) => isOn(node) && !["halted", "boot-rom"].includes(node.state);

// What is known to run on a node.
export function whatRuns(node, said) {
  const parts = [stateWords(node.state)];
  const telemetry = said?.telemetry;
  if (telemetry?.uptime_s !== undefined) parts.push(`up ${duration(telemetry.uptime_s)}`);
  if (telemetry?.load) parts.push(`load ${telemetry.load[0].toFixed(2)}`);
  if (telemetry?.memory) {
    const { total_kib: total, available_kib: available } = telemetry.memory;
    parts.push(`${Math.round((total - available) / 1024)} MiB in use`);
  }
  if (parts.length === 1 && node.since) parts.push(`for ${duration(Date.now() / 1000 - node.since)}`);
  return parts.join(", ");
}

const FLAGS = [[0, "under-voltage"], [2, "throttled"], [1, "frequency capped"], [3, "soft temperature limit"]];

// The worst of the firmware's flags that is set now, else one that was.
export function throttled(flags) {
  if (!flags) return "";
  const now = FLAGS.find(([bit]) => (flags >> bit) & 1);
  if (now) return `${now[1]} now`;
  const before = FLAGS.find(([bit]) => (flags >> (bit + 16)) & 1);
  return before ? `${before[1]} since its boot` : "";
}
