// The line as a drawing: a card for each part, in columns from left to right (or from top to bottom on a narrow screen), joined by curves
// along which dots move while records do.
import * as api from "../api";
import { breakable, Child, fill, h, icon, link, svg } from "../dom";
import * as format from "../format";
import { errorBox, empty } from "../parts";

const kindNames: Record<string, string> = { api: "API", task: "Task", topic: "Topic", stream: "Stream", table: "Table", dead_letters: "Dead letters" };
const history = 40;  // seconds of the small curve

interface Pace { at: number; records: number; perSecond: number; curve: number[] }

/** In which column each node stands: one after the farthest of those before it. */
function columnsOf(flow: api.Flow): api.FlowNode[][] {
  const depth = new Map<string, number>(flow.nodes.map((node) => [node.id, 0]));
  for (let round = 0; round < flow.nodes.length; round++) {
    for (const edge of flow.edges) {
      const after = (depth.get(edge.from) ?? 0) + 1;
      if (depth.has(edge.to) && after > (depth.get(edge.to) ?? 0) && after < flow.nodes.length) depth.set(edge.to, after);
    }
  }
  const columns: api.FlowNode[][] = [];
  for (const node of flow.nodes) (columns[depth.get(node.id) ?? 0] ??= []).push(node);
  return columns.filter(Boolean);
}

function target(node: api.FlowNode, pipeline: string): string | null {
  if (node.kind === "topic" || node.kind === "dead_letters") return `/topics/${api.part(node.title)}`;
  if (node.kind === "table") return "/tables/" + node.title.split(".").map(api.part).join("/");
  if (node.kind === "task") return `/dags/${api.part(pipeline)}?task=${api.part(node.title)}`;
  return null;
}

/** A card and those of its parts that change while it stands; the others stay, so that they can be clicked and keep the focus. */
interface Card { element: HTMLElement; state: HTMLElement; detail: HTMLElement; numbers: HTMLElement }

export interface FlowView { element: HTMLElement; show(flow: api.Flow): void; leave(): void }

export function flowView(): FlowView {
  const element = h("div", { class: "flow" }, h("p", { class: "quiet" }, "Loading …"));
  const troubles = h("div", { class: "troubles" });
  const lines = svg("svg", { class: "flow-lines", "aria-hidden": "true" });
  const paces = new Map<string, Pace>();
  const cards = new Map<string, Card>();
  let flow: api.Flow | null = null;
  let shape = "";
  let opened = "";  // the node whose SQL is shown

  function pace(node: api.FlowNode): void {
    const now = performance.now();
    const known = paces.get(node.id);
    if (!known) return void paces.set(node.id, { at: now, records: node.records, perSecond: 0, curve: [] });
    const seconds = (now - known.at) / 1000;
    if (seconds < 0.2) return;
    known.perSecond = Math.max(0, node.records - known.records) / seconds;
    known.at = now;
    known.records = node.records;
  }

  function curve(id: string): Child {
    const values = paces.get(id)?.curve ?? [];
    const top = Math.max(...values, 0);
    if (top <= 0) return h("div", { class: "spark" });
    const points = values.map((value, index) => `${(index + history - values.length) * (100 / (history - 1))},${26 - (value / top) * 24}`);
    return h("div", { class: "spark" }, svg("svg", { viewBox: "0 0 100 28", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("polyline", { points: points.join(" ") })));
  }

  function makeCard(node: api.FlowNode, pipeline: string): Card {
    const href = target(node, pipeline);
    const card = { element: h("article", { "aria-label": `${kindNames[node.kind]} ${node.title}` }), state: h("span"), detail: h("p", { class: "node-detail" }), numbers: h("div") };
    const title = breakable(node.title);
    fill(card.element, h("div", { class: "node-kind" }, icon(node.kind), kindNames[node.kind] ?? node.kind, card.state),
      href ? link(href, { class: "node-title" }, title) : h("span", { class: "node-title" }, title), card.detail, card.numbers,
      node.sql ? h("button", { class: "small ghost", type: "button", "aria-expanded": String(opened === node.id), "aria-label": `SQL of ${node.title}`,
        onclick: () => { opened = opened === node.id ? "" : node.id; draw(true); } }, opened === node.id ? "Hide SQL" : "Show SQL") : null);
    return card;
  }

  function drawCard(node: api.FlowNode): void {
    const card = cards.get(node.id);
    if (!card) return;
    const speed = paces.get(node.id)?.perSecond ?? 0;
    card.element.className = `node k-${node.kind} n-${node.state}${speed > 0 ? " moving" : ""}`;
    card.state.className = `node-state n-${node.state}`;
    fill(card.state, h("span", { class: "dot", "aria-hidden": "true" }), node.state);
    fill(card.detail, node.detail);
    card.detail.title = node.detail;
    fill(card.numbers,
      h("div", { class: "node-count" }, h("span", { class: "big", "data-records": node.id }, format.count(node.records)), h("span", { class: "quiet" }, speed > 0 ? format.rate(speed) : node.kind === "table" ? "rows" : node.kind === "api" ? "polls" : "records")),
      curve(node.id),
      h("dl", { class: "node-counters" }, node.counters.filter((one) => one.name !== "records" && one.name !== "records/s").map((one) => h("div", { class: one.name.includes("dead") && one.value > 0 ? "warn" : "" }, h("dt", null, one.name), h("dd", null, format.count(one.value))))));
  }

  function draw(anew: boolean): void {
    if (!flow) return;
    if (flow.nodes.length === 0) return fill(element, empty("Nothing runs in this process.", "Start a pipeline: ", h("code", null, "streamops up pipeline.yaml")));
    if (anew) {
      cards.clear();
      const columns = columnsOf(flow).map((nodes) => h("div", { class: "flow-column" }, nodes.map((node) => {
        const card = makeCard(node, flow?.pipeline ?? "");
        cards.set(node.id, card);
        return card.element;
      })));
      const sql = flow.nodes.find((node) => node.id === opened)?.sql;
      fill(element, h("div", { class: "flow-stage" }, lines, h("div", { class: "flow-columns" }, columns)), troubles, sql ? h("pre", { class: "sql" }, sql) : null);
    }
    flow.nodes.forEach(drawCard);
    fill(troubles, flow.nodes.map((node) => node.error ? [h("p", { class: "label" }, `${kindNames[node.kind]} ${node.title}`), errorBox(new api.ApiError(node.error, 0))] : null));
    drawLines();
  }

  /** Curves between the cards, from where they stand now. */
  function drawLines(): void {
    if (!flow) return;
    const stage = lines.parentElement?.getBoundingClientRect();
    if (!stage || stage.width === 0) return;
    lines.setAttribute("viewBox", `0 0 ${stage.width} ${stage.height}`);
    const drawn: Child[] = [];
    for (const edge of flow.edges) {
      const from = cards.get(edge.from)?.element.getBoundingClientRect();
      const to = cards.get(edge.to)?.element.getBoundingClientRect();
      if (!from || !to) continue;
      const down = to.left < from.right;  // the columns stand below each other
      const x1 = (down ? from.left + from.width / 2 : from.right) - stage.left, y1 = (down ? from.bottom : from.top + 44) - stage.top;
      const x2 = (down ? to.left + to.width / 2 : to.left) - stage.left, y2 = (down ? to.top : to.top + 44) - stage.top;
      const bend = down ? `${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2}` : `${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2}`;
      const path = `M${x1} ${y1} C${bend} ${x2} ${y2}`;
      const moves = (paces.get(edge.to)?.perSecond ?? 0) > 0 || (paces.get(edge.from)?.perSecond ?? 0) > 0;
      drawn.push(svg("path", { d: path, class: "wire" }), moves ? svg("path", { d: path, class: "wire-moving" }) : null);
    }
    fill(lines, drawn);
  }

  // Rates fall back to zero when nothing comes any more; this looks at our own numbers only, nobody is asked.
  const clock = window.setInterval(() => {
    for (const value of paces.values()) {
      if (performance.now() - value.at > 2500) value.perSecond = 0;
      value.curve.push(value.perSecond);
      if (value.curve.length > history) value.curve.shift();
    }
    draw(false);
  }, 1000);
  const resize = new ResizeObserver(() => drawLines());
  resize.observe(element);

  return {
    element,
    show(next) {
      flow = next;
      next.nodes.forEach(pace);
      const newShape = JSON.stringify([next.nodes.map((node) => node.id), next.edges.map((edge) => [edge.from, edge.to])]);
      draw(newShape !== shape);
      shape = newShape;
    },
    leave: () => { clearInterval(clock); resize.disconnect(); },
  };
}
