// A node's console. With the terminal emulator, if the service was built with it; else what the node sends as plain text, and a
// line to send. Who may only read has nothing to type into.

import { button, byId, el, setText, visible } from "./dom.js";

const KEPT = 200000;
let open = null;

const address = (node) => {
  const url = new URL(`api/v1/consoles/${encodeURIComponent(node)}`, document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  return url;
};

// What shows bytes: `write(bytes)`, `reset()`, `focus()`, `end()`. Without `send` nothing is typed.
async function makeScreen(place, line, send) {
  try {
    const { terminal } = await import("./terminal/terminal.js");
    // A service that was built without the emulator has none.
    if (terminal) return await terminal(place, send);
  } catch {
    // The plain one will do.
  }
  return plainScreen(place, line, send);
}

// Lines as text: nothing that the node sends is obeyed, escape sequences are left out.
function plainScreen(place, line, send) {
  const pre = el("pre", { tabindex: 0, role: "log", "aria-label": "What the node sends" });
  const decoder = new TextDecoder();
  const input = el("input", { "aria-label": "A line to send", autocomplete: "off", autocapitalize: "none", spellcheck: "false", placeholder: "A line to send" });
  const form = el("form", { class: "line", onsubmit: (event) => {
    event.preventDefault();
    send(new TextEncoder().encode(`${input.value}\r`));
    input.value = "";
  } }, input, el("button", { type: "submit" }, "Send"));
  place.replaceChildren(pre);
  line.replaceChildren(...(send ? [form] : []));
  return {
    write(bytes) {
      const atEnd = pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 4;
      const text = decoder.decode(bytes, { stream: true })
        .replace(/\u001b(\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(\u0007|\u001b\\)?|[ -/]*[0-~])/g, "").replace(/\r/g, "");
      pre.textContent = (pre.textContent + text.split("\n").map((one) => one.split("\t").map(visible).join("\t")).join("\n")).slice(-KEPT);
      if (atEnd) pre.scrollTop = pre.scrollHeight;
    },
    reset: () => { pre.textContent = ""; },
    focus: () => (send ? input : pre).focus(),
    end() {},
  };
}

class Console {
  constructor(node, mayWrite) {
    this.node = node;
    this.mayWrite = mayWrite;
    this.isWriter = false;
    this.tries = 0;
    this.build();
  }

  build() {
    this.place = el("div", { class: "screen" });
    this.line = el("div", {});
    this.port = el("span", { class: "port", role: "status" });
    this.turn = el("span", { class: "turn", role: "status" });
    this.hint = el("span", { class: "port hint" });
    this.said = el("p", { class: "said", role: "status" });
    this.write = el("button", { type: "button", hidden: true, onclick: () => this.changeTurn() });
    this.break = el("button", { type: "button", hidden: true, onclick: () => this.tell({ break: true }) }, "Send break");
    const close = button("close", "", { class: "icon-only", "aria-label": "Close the console", onclick: closeConsole });
    byId("console").replaceChildren(
      el("div", { class: "bar" }, el("h2", { id: "console-title" }, `Console of ${this.node}`), this.port, this.hint, this.turn, this.write, this.break, close),
      this.place, el("div", {}, this.said, this.line));
  }

  async start() {
    this.screen = await makeScreen(this.place, this.line, this.mayWrite && ((bytes) => this.send(bytes)));
    setText(this.hint, this.screen.hint ?? "");
    // It may have been closed while the emulator was loaded.
    if (open === this) this.connect();
    else this.screen.end();
  }

  connect() {
    const socket = new WebSocket(address(this.node));
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.tries = 0;
      // The history comes again.
      this.screen.reset();
      if (this.mayWrite) this.tell({ write: "request" });
      this.screen.focus();
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.notice(JSON.parse(data));
      else this.screen.write(new Uint8Array(data));
    };
    socket.onclose = () => {
      if (open !== this) return;
      setText(this.port, "Connection lost, trying again");
      this.isWriter = false;
      setText(this.turn, "");
      this.write.hidden = true;
      this.break.hidden = true;
      this.tries += 1;
      setTimeout(() => open === this && this.connect(), Math.min(500 * 2 ** this.tries, 10000));
    };
  }

  notice(notice) {
    switch (notice.notice) {
      case "port":
        setText(this.port, notice.open ? "Open" : notice.error ? visible(notice.error) : "Closed: it comes when the node starts");
        break;
      case "writer": this.writer(notice); break;
      case "lost": setText(this.said, `${notice.bytes} bytes are missing here: the node sends faster than this page reads`); break;
      case "refused": setText(this.said, visible(notice.reason)); break;
      default:
    }
  }

  writer({ name, you }) {
    const lost = this.isWriter && !you;
    this.isWriter = you;
    setText(this.turn, you ? "You write" : name ? `${visible(name)} writes` : "Nobody writes");
    setText(this.said, lost && name ? `${visible(name)} took over: what you type goes nowhere` : "");
    this.write.hidden = !this.mayWrite;
    this.break.hidden = !this.mayWrite || !you;
    setText(this.write, you ? "Release" : name ? "Take over" : "Write");
  }

  changeTurn() {
    this.tell({ write: this.isWriter ? "release" : "take-over" });
    if (!this.isWriter) this.screen.focus();
  }

  send(bytes) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (this.isWriter) this.socket.send(bytes);
    else setText(this.said, "You do not write on this console now: what you type goes nowhere");
  }

  tell(control) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(control));
  }

  end() {
    this.socket?.close();
    this.screen?.end();
  }
}

let returnTo = null;

// Opens a node's console, in place of the one that is open.
export function openConsole(node, mayWrite) {
  if (!open) returnTo = document.activeElement;
  open?.end();
  open = new Console(node, mayWrite);
  byId("console").hidden = false;
  document.body.classList.add("has-console");
  open.start();
}

export function closeConsole() {
  if (!open) return;
  const last = open;
  open = null;
  last.end();
  byId("console").hidden = true;
  byId("console").replaceChildren();
  document.body.classList.remove("has-console");
  returnTo?.focus();
}
