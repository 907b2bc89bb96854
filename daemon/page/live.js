// Events as they happen (server-sent events). A lost connection is shown, and tried again until it is back.

import { byId, setText } from "./dom.js";

const KINDS = ["state", "power", "task", "agent", "under-voltage", "console", "access", "boards", "missed"];
const TEXTS = { live: "Live", wait: "Connecting", lost: "Connection lost, trying again" };

let source = null;
let timer = null;

function show(state) {
  byId("live").dataset.state = state;
  setText(byId("live-text"), TEXTS[state]);
}

// Follows events: `on.event(kind, data)` for each, and `on.again()` whenever a connection begins, since what happened before is
// to be asked for.
export function follow(on) {
  stop();
  show("wait");
  source = new EventSource("api/v1/events");
  source.onopen = () => {
    show("live");
    on.again();
  };
  source.onerror = () => {
    show("lost");
    // A browser gives up where the answer is no stream: the service restarts, or the session has ended.
    if (source?.readyState === EventSource.CLOSED) {
      on.lost();
      clearTimeout(timer);
      timer = setTimeout(() => follow(on), 2000);
    }
  };
  for (const kind of KINDS) {
    source.addEventListener(kind, (message) => {
      if (kind === "missed") on.again();
      else on.event(kind, JSON.parse(message.data));
    });
  }
}

export function stop() {
  clearTimeout(timer);
  source?.close();
  source = null;
}
