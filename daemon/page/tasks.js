// Operations that take a while: how far they are, and a button that stops them.

import { get, remove } from "./api.js";
import { toast } from "./dialog.js";
import { byId, el, setText, visible } from "./dom.js";

const WORDS = { on: "Switching on", off: "Switching off", cycle: "Power-cycling", shutdown: "Shutting down", reboot: "Restarting", alert: "ALERT LED", usbboot: "USB boot" };

// Nodes that restart have accepted it when their task ends, and go down then.
const ENDS = { reboot: "accepted, going down now" };

const shown = new Map();
// Ends that were told, or were there before this page was.
const told = new Set();
let isFirst = true;

const title = (task) => `${WORDS[task.operation] ?? task.operation} ${nodesOf(task)}`;
const nodesOf = (task) => (Array.isArray(task.nodes) ? task.nodes.join(" ") : task.nodes) || "all nodes";

function panelOf(task, mayCancel, refresh) {
  const text = el("span", { class: "muted" });
  const bar = el("progress", { max: 100, "aria-label": title(task) });
  const cancel = async () => {
    try {
      await remove(`tasks/${encodeURIComponent(task.id)}`);
    } catch (failure) {
      toast(failure.message, "bad");
    }
    refresh();
  };
  const stop = mayCancel && el("button", { type: "button", onclick: cancel, "aria-label": `Stop: ${title(task)}` }, "Stop");
  const panel = el("div", { class: "panel task" },
    el("p", {}, el("strong", {}, title(task)), el("span", { class: "muted" }, `by ${visible(task.by ?? "")} · `), text), stop, bar);
  return { panel, text, bar };
}

async function tellEnd(task) {
  if (task.state === "done") toast(`${title(task)}: ${ENDS[task.operation] ?? "done"}`);
  if (task.state === "cancelled") toast(`${title(task)}: stopped`, "bad");
  if (task.state !== "failed") return;
  const { error } = await get(`tasks/${encodeURIComponent(task.id)}`).catch((failure) => ({ error: failure }));
  toast(`${title(task)}: ${visible(error?.message ?? "failed")}`, "bad");
}

// Shows tasks as they are now.
export function showTasks(tasks, mayCancel, refresh) {
  const place = byId("tasks");
  const running = tasks.filter((task) => task.state === "running");
  for (const task of tasks) {
    if (task.state === "running" || told.has(task.id)) continue;
    told.add(task.id);
    if (!isFirst) tellEnd(task);
  }
  isFirst = false;
  for (const [id, { panel }] of shown) {
    if (running.some((task) => task.id === id)) continue;
    panel.remove();
    shown.delete(id);
  }
  for (const task of running) {
    if (!shown.has(task.id)) {
      const made = panelOf(task, mayCancel, refresh);
      shown.set(task.id, made);
      place.append(made.panel);
    }
    const { text, bar } = shown.get(task.id);
    setText(text, visible(task.text ?? ""));
    bar.value = task.percent ?? 0;
  }
  place.hidden = running.length === 0;
}
