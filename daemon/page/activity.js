// What happened, the newest first.

import { byId, clock, el, visible } from "./dom.js";
import { isStepBack, stateWords } from "./states.js";

const MOST = 200;
let last = 0;
// The state of each node that was told last.
const states = new Map();

// A node that goes down passes the states of its start the other way: "reachable" is no news of a start then.
function stateNews(node, state) {
  const before = states.get(node);
  states.set(node, state);
  if (isStepBack(before, state)) return `${visible(node)} is no longer ${stateWords(before)}: ${stateWords(state)}`;
  return `${visible(node)} is ${stateWords(state)}`;
}

// An event in words; every word of somebody else's is made visible.
function words(kind, event) {
  const { node } = event;
  switch (kind) {
    case "state": return stateNews(node, event.state);
    case "power": return `${visible(node)} ${event.on ? "has power" : "has no power"}`;
    case "agent": return `${visible(node)}: agent ${event.reached ? "reached" : "not reached any more"}`;
    case "task": return event.state === "running" ? "" : `${visible(event.operation)} ${visible(event.nodes)}: ${visible(event.state)}`;
    case "under-voltage": return event.now ? "The controller's supply sags: under-voltage" : "The controller's supply has recovered";
    case "console": return event.who ? `${visible(event.who)} writes on the console of ${visible(node)}` : `Console of ${visible(node)}: ${visible(event.what)}`;
    case "access": return `${visible(event.who)}: ${visible(event.what)}`;
    case "boards": return `Boards: ${visible((event.boards ?? []).join(", ")) || "none"}`;
    default: return visible(kind);
  }
}

// Adds an event. After a lost connection the service tells again what this page may have seen.
export function addEvent(kind, event) {
  if (event.id !== undefined && event.id <= last) return;
  last = event.id ?? last;
  const text = words(kind, event);
  if (!text) return;
  const list = byId("events");
  list.prepend(el("li", {}, el("time", { datetime: new Date(event.at).toISOString() }, clock(event.at, true)), el("span", {}, text)));
  while (list.childElementCount > MOST) list.lastElementChild.remove();
}
