// The page: who is signed in, what is known, and the views of it.

import { actionButtons } from "./actions.js";
import { addEvent } from "./activity.js";
import { Failure, get, onSignedOut, post, remove } from "./api.js";
import { boardPanel } from "./cards.js";
import { closeConsole, openConsole } from "./console.js";
import { byId, el, icon, setText, visible } from "./dom.js";
import { follow, stop } from "./live.js";
import { showTasks } from "./tasks.js";
import { showTokens } from "./tokens.js";

// How often agents' readings are asked for: as often as the service asks them, about.
const READINGS = 10000;
const HOUR = 3600;

// What the service told last. It is never more than that: the service knows no more either.
const store = {
  me: null,
  nodes: [],
  boards: [],
  said: new Map(),
  history: new Map(),
  picked: new Set(),
  canSwitch: false,
  refresh: () => soon(),
  pick(label, isPicked) {
    if (isPicked) store.picked.add(label);
    else store.picked.delete(label);
    showPicked();
  },
};

let panels = [];
let shape = "";

// ---- what is known

async function loadNodes() {
  const document = await get("nodes");
  store.nodes = document.nodes ?? [];
  store.boards = document.boards ?? [];
  showNotices(document);
  draw();
}

async function loadTelemetry() {
  const document = await get("telemetry");
  for (const node of document.nodes ?? []) {
    store.said.set(node.node, node);
    if (document.taken) addSample(node, document.taken);
  }
  panels.forEach((panel) => panel.update());
}

// The last hour of each node, once for each connection.
async function loadHistory() {
  await loadNodes();
  for (const { node } of store.nodes) {
    const { samples } = await get(`telemetry/${encodeURIComponent(node)}`);
    store.history.set(node, samples);
  }
  await loadTelemetry();
}

function addSample({ node, telemetry }, at) {
  const samples = store.history.get(node) ?? [];
  if (!telemetry || (samples.at(-1)?.at ?? 0) >= at) return;
  const { memory, load, temperature_c } = telemetry;
  samples.push({ at, temperature_c, load: load?.[0], memory: memory?.total_kib ? 1 - memory.available_kib / memory.total_kib : undefined });
  store.history.set(node, samples.filter((sample) => sample.at >= at - HOUR));
}

const loadTasks = async () => showTasks((await get("tasks")).tasks ?? [], store.canSwitch, soon);

// Failures are shown by the line at the top; the next event, or the next try, mends it.
const quietly = (promise) => promise.catch((failure) => {
  if (!(failure instanceof Failure)) throw failure;
});

let waiting = null;

// Asks for nodes and tasks again, once for many reasons.
function soon() {
  waiting ??= setTimeout(async () => {
    waiting = null;
    await Promise.all([quietly(loadNodes()), quietly(loadTasks())]);
  }, 150);
}

// ---- what is shown

function draw() {
  const now = JSON.stringify([store.boards.map((board) => board.board), store.nodes.map((node) => [node.node, node.board])]);
  if (now !== shape) {
    shape = now;
    panels = store.boards.map((board) => {
      const nodes = store.nodes.filter((node) => node.board === board.board);
      return boardPanel(board, nodes, store, (node) => openConsole(node, store.canSwitch));
    });
    byId("boards").replaceChildren(...panels.map(({ panel }) => panel));
    showPicked();
  }
  panels.forEach((panel) => panel.update());
}

function showNotices(document) {
  const notices = [];
  if (document.simulated) notices.push([`These boards are simulated (${visible(document.simulated)}): nothing real is switched.`, "warn"]);
  if (document.under_voltage) notices.push(["The controller reports under-voltage: its supply is too weak for what it feeds.", "bad"]);
  if (document.error) notices.push([visible(document.error.message), "bad"]);
  const texts = JSON.stringify(notices);
  const place = byId("notices");
  if (place.dataset.texts === texts) return;
  place.dataset.texts = texts;
  place.replaceChildren(...notices.map(([text, tone]) => el("div", { class: "notice", "data-tone": tone }, el("p", {}, text))));
}

const chosen = () => store.nodes.filter((node) => store.picked.size === 0 || store.picked.has(node.node));

function showPicked() {
  const count = store.picked.size;
  setText(byId("picked"), count ? `${count} chosen` : `None chosen: for all ${store.nodes.length} nodes`);
  const all = byId("pick-all");
  all.checked = count > 0 && count === store.nodes.length;
  all.indeterminate = count > 0 && count < store.nodes.length;
}

function showView() {
  const isTokens = location.hash === "#tokens" && store.me?.role === "administrator";
  byId("view-nodes").hidden = isTokens;
  byId("view-tokens").hidden = !isTokens;
  mark(byId("nav-nodes"), !isTokens);
  mark(byId("nav-tokens"), isTokens);
  if (isTokens) quietly(showTokens());
}

function mark(link, isCurrent) {
  if (isCurrent) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

// ---- light and dark

const THEMES = { system: ["auto", "as the system has it"], light: ["sun", "light"], dark: ["moon", "dark"] };
const dark = matchMedia("(prefers-color-scheme: dark)");

function chosenTheme() {
  try {
    return localStorage.getItem("theme") ?? "system";
  } catch {
    return "system";
  }
}

function showTheme(chosen = chosenTheme()) {
  document.documentElement.dataset.theme = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  const [name, text] = THEMES[chosen];
  byId("theme").replaceChildren(icon(name));
  byId("theme").setAttribute("aria-label", `Colours: ${text}. Change`);
  byId("theme").title = `Colours: ${text}`;
}

function changeTheme() {
  const order = ["system", "light", "dark"];
  const next = order[(order.indexOf(chosenTheme()) + 1) % order.length];
  try {
    localStorage.setItem("theme", next);
  } catch {
    // It is for this visit, then.
  }
  showTheme(next);
}

// ---- who is signed in

let timer = null;

async function begin(me) {
  store.me = me;
  store.canSwitch = me.role !== "read-only";
  byId("sign-in").hidden = true;
  byId("app").hidden = false;
  setText(byId("who"), visible(me.user));
  byId("nav-tokens").hidden = me.role !== "administrator";
  document.querySelector(".toolbar").hidden = !store.canSwitch;
  byId("batch").replaceChildren(...actionButtons(["on", "shutdown", "cycle", "off"], chosen, store, "chosen nodes"));
  showView();
  follow({
    event(kind, data) {
      addEvent(kind, data);
      if (kind === "agent") quietly(loadTelemetry());
      if (kind !== "access") soon();
    },
    again: () => [loadHistory(), loadTasks()].forEach(quietly),
    lost: () => quietly(get("session")),
  });
  clearInterval(timer);
  timer = setInterval(() => !document.hidden && quietly(loadTelemetry()), READINGS);
}

function end(why = "") {
  stop();
  closeConsole();
  clearInterval(timer);
  store.me = null;
  byId("dialog").close();
  byId("app").hidden = true;
  byId("sign-in").hidden = false;
  setText(byId("sign-in-problem"), visible(why));
  byId("sign-in-form").elements.user.focus();
}

async function signIn(event) {
  event.preventDefault();
  const form = event.target;
  setText(byId("sign-in-problem"), "");
  try {
    const me = await post("session", { user: form.elements.user.value, password: form.elements.password.value });
    form.reset();
    await begin(me);
    byId("main").focus();
  } catch (failure) {
    setText(byId("sign-in-problem"), failure.message);
    form.elements.password.select();
  }
}

async function signOut() {
  await quietly(remove("session"));
  end();
}

async function start() {
  showTheme();
  dark.addEventListener("change", () => showTheme());
  byId("theme").addEventListener("click", changeTheme);
  byId("sign-in-form").addEventListener("submit", signIn);
  byId("sign-out").addEventListener("click", signOut);
  byId("pick-all").addEventListener("change", (event) => {
    store.picked = new Set(event.target.checked ? store.nodes.map((node) => node.node) : []);
    showPicked();
    panels.forEach((panel) => panel.update());
  });
  addEventListener("hashchange", showView);
  onSignedOut(end);
  try {
    await begin(await get("session"));
  } catch (failure) {
    end(failure.status === 401 ? "" : failure.message);
  }
}

start();
