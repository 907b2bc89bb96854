// Dialogs and toasts. A dialog keeps the focus, Escape closes it, and the focus goes back to where it was.

import { button, byId, el } from "./dom.js";

// Shows a dialog; `build(close)` gives its elements. The promise gives what it was closed with, undefined for Escape.
export function ask(title, build) {
  const dialog = byId("dialog");
  return new Promise((resolve) => {
    let result;
    const close = (value) => {
      result = value;
      dialog.close();
    };
    dialog.replaceChildren(el("h2", { id: "dialog-title" }, title), el("div", { class: "body" }, ...build(close)));
    dialog.addEventListener("close", () => {
      dialog.replaceChildren();
      resolve(result);
    }, { once: true });
    dialog.showModal();
  });
}

// A question with its answers, the harmless one first; what was chosen, or undefined.
export const choose = (title, body, answers) => ask(title, (close) => [
  ...body,
  el("div", { class: "foot" },
    el("button", { type: "button", autofocus: true, onclick: () => close() }, "Cancel"),
    ...answers.map(({ value, text, look }) => el("button", { type: "button", class: look, onclick: () => close(value) }, text))),
]);

// Tells how something went. What went wrong stays until it is closed.
export function toast(text, tone = "good") {
  const close = () => box.remove();
  const box = el("div", { class: "toast", "data-tone": tone },
    el("p", {}, text), button("close", "", { class: "quiet icon-only", "aria-label": "Close", onclick: close }));
  byId("toasts").append(box);
  if (tone === "good") setTimeout(close, 6000);
}
