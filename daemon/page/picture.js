// The picture of a board: its nodes stand in their places, seen from the front.

import { svg } from "./dom.js";
import { isOn, stateText, stateTone } from "./states.js";

const NODE = { width: 92, height: 176, gap: 20 };
const HAT = { height: 50, margin: 22 };
const IN_A_ROW = 6;

// One node: a Pi Zero on its short side, its card above and its plug below.
function drawNode(x, y, label) {
  const at = (dx, dy, width, height, name, rx = 2) => svg("rect", { x: x + dx, y: y + dy, width, height, rx, class: name });
  const pins = [];
  for (let row = 0; row < 20; row += 1) {
    for (const column of [0, 1]) pins.push(svg("circle", { cx: x + 8 + column * 5.5, cy: y + 20 + row * 7.1, r: 1.55, class: "pin" }));
  }
  const holes = [[9, 9], [83, 9], [9, 167], [83, 167]].map(([dx, dy]) => svg("circle", { cx: x + dx, cy: y + dy, r: 4, class: "hole" }));
  const link = svg("a", { href: `#${label}`, "data-node": label },
    at(28, -5, 36, 16, "metal"),
    at(0, 0, NODE.width, NODE.height, "pcb", 8),
    ...holes, ...pins,
    at(34, 52, 38, 38, "chip", 3),
    at(78, 26, 16, 22, "metal"), at(80, 84, 14, 17, "metal"), at(80, 114, 14, 17, "metal"),
    at(38, NODE.height, 16, 9, "metal", 1),
    svg("circle", { cx: x + 36, cy: y + 148, r: 13, class: "halo" }),
    svg("circle", { cx: x + 36, cy: y + 148, r: 5.5, class: "lamp" }),
    svg("text", { x: x + 50, y: y + 124, class: "silk" }, label));
  return link;
}

// Draws a board with these nodes. Returns the element, and a function that takes the nodes' states.
export function drawBoard(title, nodes) {
  const row = Math.min(nodes.length, nodes.length <= IN_A_ROW ? nodes.length : 4);
  const rows = Math.ceil(nodes.length / Math.max(row, 1));
  const width = Math.max(row * (NODE.width + NODE.gap) - NODE.gap + 2 * HAT.margin, 300);
  const step = NODE.height + HAT.height + 30;
  const left = (width - (row * (NODE.width + NODE.gap) - NODE.gap)) / 2;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${rows * step}`, class: "picture", role: "group", "aria-label": `Picture of ${title}` });
  const [links, spots] = [new Map(), new Map()];
  for (let line = 0; line < rows; line += 1) {
    const y = line * step + 10 + NODE.height + 8;
    picture.append(
      svg("rect", { x: 4, y, width: width - 8, height: HAT.height, rx: 8, class: "hat" }),
      svg("text", { x: HAT.margin, y: y + 38, class: "hat-text", "aria-hidden": "true" }, title),
      svg("rect", { x: width - HAT.margin - 22, y: y + 21, width: 22, height: 22, rx: 3, class: "chip" }));
    nodes.slice(line * row, (line + 1) * row).forEach((node, place) => {
      const x = left + place * (NODE.width + NODE.gap);
      const spot = svg("circle", { cx: x + 70, cy: y + 7, r: 3, class: "spot" });
      spots.set(node.node, spot);
      picture.append(svg("rect", { x: x + 32, y: y - 1, width: 28, height: 12, rx: 2, class: "chip" }), spot);
      const link = drawNode(x, line * step + 8, node.node);
      links.set(node.node, link);
      picture.append(link);
    });
  }
  const update = (current) => {
    for (const node of current) {
      const link = links.get(node.node);
      spots.get(node.node)?.toggleAttribute("data-on", isOn(node));
      link?.setAttribute("data-power", isOn(node) ? "on" : "off");
      link?.setAttribute("data-tone", stateTone(node.state));
      link?.setAttribute("aria-label", `${node.node}: ${stateText(node.state)}`);
    }
  };
  update(nodes);
  return { picture, update };
}
