// What can be done to nodes, and the questions asked before it hurts.

import { power } from "./api.js";
import { choose, toast } from "./dialog.js";
import { button, el } from "./dom.js";
import { isAbsent, isOn, mayRun, whatRuns } from "./states.js";

// `hurts`: what runs on a node may lose data. `ends`: what runs there ends, in order.
const ACTIONS = {
  on: { text: "On", icon: "power", verb: "Switch on", applies: (node) => !isOn(node) },
  shutdown: { text: "Shut down", icon: "down", verb: "Shut down", ends: true, applies: mayRun },
  reboot: { text: "Restart", icon: "cycle", verb: "Restart", ends: true, applies: mayRun },
  cycle: { text: "Cycle", icon: "cut", verb: "Power-cycle", hurts: true, applies: isOn },
  off: { text: "Off", icon: "power", verb: "Cut the power of", hurts: true, applies: isOn },
};

const names = (nodes) => nodes.map((node) => (node.name ? `${node.node} (${node.name})` : node.node)).join(", ");

function listOf(nodes, said) {
  const row = (node) => el("li", {}, el("strong", {}, node.name ? `${node.node} (${node.name})` : node.node), whatRuns(node, said.get(node.node)));
  return el("ul", { class: "runs" }, ...nodes.map(row));
}

const LOSS = "What has not been written is lost, and a file system may be damaged.";
const WARNINGS = {
  off: `The power goes at once. ${LOSS}`,
  cycle: `The power goes at once, and comes back. ${LOSS}`,
  shutdown: "Everything that runs there is ended, and the power is cut after the halt. A node that does not halt in time keeps its power.",
  reboot: "Everything that runs there is ended and started again. The power stays.",
};

// Asks where it hurts. Returns the action to be done, which may be a gentler one, or undefined.
async function confirmed(action, nodes, said) {
  const { verb, hurts, ends } = ACTIONS[action];
  const running = nodes.filter(mayRun);
  if (!(hurts || ends) || running.length === 0) return action;
  const title = `${verb} ${names(nodes)}?`;
  const body = [el("p", {}, WARNINGS[action]), listOf(running, said)];
  if (!hurts) return choose(title, body, [{ value: action, text: verb, look: "primary" }]);
  const gentle = action === "off" ? { value: "shutdown", text: "Shut down instead" } : { value: "reboot", text: "Restart instead" };
  const hard = { value: action, text: action === "off" ? "Cut the power" : "Power-cycle", look: "danger" };
  return choose(title, body, [hard, { ...gentle, look: "primary" }]);
}

// Does something to nodes, after a question where that is due. `store` knows what runs on them.
export async function act(action, nodes, store) {
  const suitable = nodes.filter((node) => ACTIONS[action].applies(node) && !isAbsent(node));
  if (suitable.length === 0) {
    toast(`Nothing to do: no chosen node can ${action === "on" ? "be switched on" : "do that now"}.`);
    return;
  }
  const chosen = await confirmed(action, suitable, store.said);
  if (!chosen) return;
  const affected = suitable.filter(ACTIONS[chosen].applies);
  try {
    // Who was asked whether to cut the power, and says yes, means it.
    await power(chosen, affected.map((node) => node.node), chosen === "off" ? { immediate: true } : {});
  } catch (failure) {
    // The end of a task is told when it is found among the tasks.
    if (!failure.task) toast(`${ACTIONS[chosen].verb} ${names(affected)}: ${failure.message}`, "bad");
  }
  store.refresh();
}

// Buttons for actions; `nodes()` gives what they are for.
export function actionButtons(actions, nodes, store, describe) {
  return actions.map((action) => {
    const { text, icon, hurts } = ACTIONS[action];
    const look = hurts ? "danger" : undefined;
    return button(icon, text, {
      class: look, "data-action": action, "aria-label": `${text}: ${describe}`,
      onclick: () => act(action, nodes(), store),
    });
  });
}

export const applies = (action, node) => ACTIONS[action].applies(node) && !isAbsent(node);
