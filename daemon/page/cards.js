// A board with its picture and a card for each node. Elements are made once and then changed, so that the focus stays.

import { actionButtons, applies } from "./actions.js";
import { button, duration, clock, el, setText, visible } from "./dom.js";
import { drawBoard } from "./picture.js";
import { plot, plotElement } from "./plot.js";
import { isOn, stateText, stateTone, throttled } from "./states.js";

const READINGS = [
  { key: "temperature_c", text: "Temp", least: 8, of: (said) => said.temperature_c, show: (value) => `${value.toFixed(1)}\u202f°C` },
  { key: "load", text: "Load", least: 0.5, of: (said) => said.load?.[0], show: (value) => value.toFixed(2) },
  { key: "memory", text: "Memory", least: 0.1, of: memory, show: (value) => `${Math.round(value * 100)}\u202f%` },
];

function memory(said) {
  if (!said.memory?.total_kib) return undefined;
  return 1 - said.memory.available_kib / said.memory.total_kib;
}

// Whether what a node's agent says is still to come: it is asked every few seconds.
const isAwaited = (node, said) => isOn(node) && node.state === "agent" && !said?.telemetry && !said?.error;

// What a node says need not make sense.
const shown = (value, show) => (typeof value === "number" && Math.abs(value) < 10000 ? show(value) : "–");

function nodeCard(label, store, openConsole) {
  const find = () => store.nodes.find((node) => node.node === label);
  const pick = el("input", { type: "checkbox", "aria-label": `Choose ${label}`, onchange: () => store.pick(label, pick.checked) });
  const alias = el("span", { class: "alias" });
  const badge = el("span", { class: "badge" });
  const since = el("p", { class: "since" });
  const trouble = el("p", { class: "trouble" });
  const reason = el("p", {});
  const noAgent = el("details", { class: "no-agent", hidden: true }, el("summary", {}, "No agent is reached"), reason);
  const values = READINGS.map(() => el("dd", {}, "–"));
  const plots = READINGS.map(() => plotElement());
  const readings = el("dl", { class: "readings" },
    ...READINGS.map(({ text }, at) => el("div", {}, el("dt", {}, text), values[at], el("dd", {}, plots[at]))));
  const buttons = store.canSwitch ? actionButtons(["on", "shutdown", "reboot", "cycle", "off"], () => [find()], store, label) : [];
  const consoleButton = button("terminal", "Console", { "aria-label": `Console: ${label}`, onclick: () => openConsole(label) });
  const card = el("article", { class: "node", id: label, tabindex: -1, "aria-labelledby": `${label}-name` },
    el("header", {}, store.canSwitch && pick, el("h3", { id: `${label}-name` }, label, alias), badge),
    since, trouble, noAgent, readings, el("div", { class: "actions" }, consoleButton, ...buttons));

  const tell = (node) => {
    const said = store.said.get(label);
    const facts = [node.since ? `for ${duration(Date.now() / 1000 - node.since)}, since ${clock(node.since * 1000)}` : ""].filter(Boolean);
    if (node.seen === null) facts.push("power unknown");
    if (said?.telemetry?.uptime_s !== undefined && isOn(node)) facts.push(`up ${duration(said.telemetry.uptime_s)}`);
    setText(since, facts.join(" · "));
    const units = (said?.telemetry?.failed_units ?? []).map((unit) => `${visible(unit)} failed`);
    setText(trouble, [throttled(said?.telemetry?.throttled), ...units].filter(Boolean).join("; "));
    // A node without power has no agent, which is no news.
    noAgent.hidden = !said?.error || !isOn(node);
    setText(reason, visible(said?.error ?? ""));
  };
  const update = () => {
    const node = find();
    if (!node) return;
    setText(alias, node.name ?? "");
    setText(badge, stateText(node.state));
    badge.dataset.tone = stateTone(node.state);
    tell(node);
    const all = store.said.get(label);
    const said = all?.telemetry ?? {};
    const waits = isAwaited(node, all);
    READINGS.forEach(({ key, text, least, of, show }, at) => {
      setText(values[at], waits ? "reading…" : shown(of(said), show));
      values[at].toggleAttribute("data-waits", waits);
      plot(plots[at], store.history.get(label), key, least, text);
    });
    readings.hidden = !isOn(node) && !(store.history.get(label)?.length);
    for (const item of buttons) {
      const hides = !applies(item.dataset.action, node);
      // The focus goes on with what can be done now.
      const hadFocus = hides && document.activeElement === item;
      item.hidden = hides;
      if (hadFocus) card.focus();
    }
    buttons[0]?.classList.toggle("primary", !isOn(node));
    pick.checked = store.picked.has(label);
  };
  return { card, update };
}

const level = (output) => (output ? (output.seen ? "on" : "off") : undefined);

// What is known of a board, in a few words each.
function factsOf(board) {
  const facts = [board.place];
  for (const [name, text] of [["alert", "ALERT"], ["hub", "hub"]]) {
    if (level(board[name])) facts.push(`${text} ${level(board[name])}`);
  }
  if (typeof board.temperature_c === "number") facts.push(`${board.temperature_c.toFixed(1)} °C`);
  for (const voltage of board.voltages_mv ?? []) if (voltage) facts.push(`${(voltage / 1000).toFixed(2)} V`);
  return facts;
}

function titleOf(board) {
  if (board.revision) return `Cluster HAT v${board.revision}`;
  if (board.clusterctrl) return `ClusterCTRL ${board.clusterctrl}`;
  return "Board";
}

// A board. Returns its element and what brings it up to date.
export function boardPanel(board, nodes, store, openConsole) {
  const { picture, update: updatePicture } = drawBoard(titleOf(board), nodes);
  const facts = el("span", { class: "fact" });
  const problem = el("p", { class: "said" });
  const cards = nodes.map((node) => nodeCard(node.node, store, openConsole));
  const id = `board-${board.board}`;
  const panel = el("section", { class: "panel board", "aria-labelledby": id },
    el("div", { class: "board-head" }, el("h2", { id }, board.board), el("span", { class: "fact" }, titleOf(board)), facts),
    problem, picture, el("div", { class: "nodes" }, ...cards.map(({ card }) => card)));
  picture.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    const card = document.getElementById(link.dataset.node);
    card?.scrollIntoView({ block: "nearest" });
    card?.focus({ preventScroll: true });
  });
  const update = () => {
    const now = store.boards.find((known) => known.board === board.board) ?? board;
    setText(facts, factsOf(now).join(" · "));
    setText(problem, now.error ?? "");
    problem.hidden = !now.error;
    updatePicture(store.nodes.filter((node) => node.board === board.board));
    cards.forEach((card) => card.update());
  };
  update();
  return { panel, update };
}
