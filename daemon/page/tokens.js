// API tokens: made, shown once, ended.

import { get, post, remove } from "./api.js";
import { ask, choose, toast } from "./dialog.js";
import { button, byId, dateTime, el, visible } from "./dom.js";

const ROLES = { "read-only": "Read-only: looks", operator: "Operator: switches nodes", administrator: "Administrator: everything" };
const DAY = 86400;
const LIVES = [["30", "30 days"], ["90", "90 days"], ["365", "A year"], ["", "Without end"]];

const select = (name, options) => el("select", { name }, ...options.map(([value, text]) => el("option", { value }, text)));

function form(close) {
  const problem = el("p", { class: "problem", role: "alert" });
  const make = async (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    const days = data.get("days");
    try {
      const body = { name: data.get("name"), role: data.get("role") };
      if (days) body.expires_in = days * DAY;
      close(await post("tokens", body));
    } catch (failure) {
      problem.textContent = failure.message;
    }
  };
  return [el("form", { onsubmit: make },
    el("label", {}, "Name", el("input", { name: "name", required: true, autocomplete: "off", autocapitalize: "none", spellcheck: "false", placeholder: "prometheus" })),
    el("label", {}, "Role", select("role", Object.entries(ROLES))),
    el("label", {}, "Valid for", select("days", LIVES)),
    problem,
    el("div", { class: "foot" },
      el("button", { type: "button", onclick: () => close() }, "Cancel"),
      el("button", { type: "submit", class: "primary" }, "Create token")))];
}

const showSecret = (secret) => ask("Copy the token now", (close) => {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret);
      toast("Copied");
    } catch {
      toast("Not copied: select the text and copy it yourself", "bad");
    }
  };
  return [
    el("p", {}, "It is not shown again. Programs send it as Authorization: Bearer."),
    el("code", { class: "secret mono", tabindex: 0, "aria-label": "The token" }, secret),
    el("div", { class: "foot" }, button("copy", "Copy", { onclick: copy }), el("button", { type: "button", class: "primary", onclick: () => close() }, "Done")),
  ];
});

async function create() {
  const made = await ask("New API token", form);
  if (!made) return;
  await showSecret(made.secret);
  await showTokens();
}

async function revoke(name) {
  const body = [el("p", {}, "Programs that use it are refused from now on. This cannot be undone.")];
  if (!await choose(`Revoke ${visible(name)}?`, body, [{ value: true, text: "Revoke", look: "danger" }])) return;
  try {
    await remove(`tokens/${encodeURIComponent(name)}`);
    toast(`${visible(name)} is revoked`);
  } catch (failure) {
    toast(failure.message, "bad");
  }
  await showTokens();
}

const row = (token) => el("tr", {},
  el("td", {}, el("strong", {}, visible(token.name))),
  el("td", {}, visible(token.role)),
  el("td", {}, token.created ? dateTime(token.created * 1000) : "–"),
  el("td", {}, token.expires ? dateTime(token.expires * 1000) : "never"),
  el("td", { class: "end" }, el("button", { type: "button", class: "danger", "aria-label": `Revoke ${visible(token.name)}`, onclick: () => revoke(token.name) }, "Revoke")));

// Shows the tokens as they are now.
export async function showTokens() {
  const view = byId("view-tokens");
  let tokens = [];
  try {
    ({ tokens } = await get("tokens"));
  } catch (failure) {
    toast(failure.message, "bad");
  }
  const head = ["Name", "Role", "Created", "Ends"].map((text) => el("th", { scope: "col" }, text));
  const table = el("div", { class: "panel table" }, el("table", {},
    el("caption", { class: "unseen" }, "API tokens"),
    el("thead", {}, el("tr", {}, ...head, el("td", {}))),
    el("tbody", {}, ...tokens.map(row))));
  const none = el("p", { class: "panel muted none" }, "No tokens yet. A token lets a program, such as Prometheus or MAAS, use the API with a role of its own.");
  view.replaceChildren(
    el("div", { class: "view-head" }, el("h1", {}, "API tokens"), button("plus", "New token", { class: "primary", onclick: create })),
    tokens.length ? table : none);
}
