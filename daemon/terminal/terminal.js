// The terminal emulator of the page's console: xterm.js, as far as a node may use it. Bundled into page/terminal by packages/page.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";

// What leaves the terminal for those who have no mouse: every other key is the node's.
const isExit = (event) => event.ctrlKey && event.key === "]";

function styled() {
  if (document.getElementById("terminal-style")) return Promise.resolve();
  const link = document.createElement("link");
  Object.assign(link, { id: "terminal-style", rel: "stylesheet", href: new URL("terminal.css", import.meta.url).href });
  return new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = reject;
    document.head.append(link);
  });
}

// A terminal in an element; `send` gets the bytes that are typed, if there is one.
export async function terminal(place, send) {
  await styled();
  const emulator = new Terminal({
    cursorBlink: Boolean(send), disableStdin: !send, scrollback: 5000, fontSize: 14, screenReaderMode: true,
    fontFamily: 'ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
    theme: { background: "#0b0e13", foreground: "#e6eaf0", cursor: "#82adff" },
    // A node does not make anybody open an address.
    linkHandler: { activate() {} },
  });
  const fit = new FitAddon();
  emulator.loadAddon(fit);
  place.replaceChildren();
  emulator.open(place);
  fit.fit();
  const resized = new ResizeObserver(() => fit.fit());
  resized.observe(place);
  const encoder = new TextEncoder();
  if (send) {
    emulator.onData((text) => send(encoder.encode(text)));
    emulator.onBinary((text) => send(Uint8Array.from(text, (char) => char.charCodeAt(0))));
  }
  emulator.attachCustomKeyEventHandler((event) => {
    if (!isExit(event)) return true;
    if (event.type === "keydown") place.parentElement.querySelector("button")?.focus();
    return false;
  });
  return {
    hint: "Ctrl+] leaves the terminal",
    write: (bytes) => emulator.write(bytes),
    reset: () => emulator.reset(),
    focus: () => emulator.focus(),
    end() {
      resized.disconnect();
      emulator.dispose();
    },
  };
}
