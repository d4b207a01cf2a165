// Small pieces that several pages use.
import { ApiError } from "./api";
import { Child, fill, h, icon, link, toast } from "./dom";
import * as format from "./format";

export interface Page { title: string; body: HTMLElement; leave?: () => void }

/** A state as a coloured mark with its name. */
export function badge(state: string, text = format.stateText(state)): HTMLElement {
  return h("span", { class: `badge s-${state}` }, h("span", { class: "dot", "aria-hidden": "true" }), text);
}

/** A time that shows how far away it is, and keeps that up to date; the exact time on hover. */
export function ago(iso: string | null, empty = "–"): HTMLElement {
  if (!iso) return h("span", { class: "quiet" }, empty);
  return h("time", { datetime: iso, title: format.moment(iso), "data-ago": iso }, format.relative(iso));
}
setInterval(() => {
  for (const element of document.querySelectorAll<HTMLElement>("[data-ago]")) element.textContent = format.relative(element.dataset.ago ?? "");
}, 1000);

/** How long a run or a task took, or has been running: then it counts on. */
export function elapsed(item: { started_at: string | null; ended_at: string | null }): HTMLElement {
  const counts = item.started_at && !item.ended_at;
  return h("span", { "data-since": counts ? item.started_at : null }, format.took(item) || "–");
}
setInterval(() => {
  for (const element of document.querySelectorAll<HTMLElement>("[data-since]")) {
    element.textContent = format.took({ started_at: element.dataset.since ?? null, ended_at: null });
  }
}, 1000);

export function errorBox(error: unknown): HTMLElement {
  const info = error instanceof ApiError ? error.info : { code: "", title: "", message: String(error), hint: "" };
  return h("div", { class: "error", role: "alert" },
    h("p", null, info.code ? link(`/errors#${info.code}`, { class: "code" }, info.code) : null, info.code ? " " : null, info.message),
    info.hint ? h("p", { class: "quiet" }, info.hint) : null);
}

/** Shows in a toast what a command could not do. */
export function complain(error: unknown): void {
  const info = error instanceof ApiError ? error.info : null;
  toast(info ? `${info.code} ${info.message}. ${info.hint}` : String(error), "bad");
}

/** A place without content says what it is for and how to fill it. */
export function empty(title: string, ...advice: Child[]): HTMLElement {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), h("p", { class: "quiet" }, ...advice));
}

/** Runs `load` into `place`; an error takes the place of what was asked for. */
export async function loadInto(place: HTMLElement, load: () => Promise<Child>): Promise<void> {
  try { fill(place, await load()); } catch (error) { fill(place, errorBox(error)); }
}

/** A line of code with a button that copies it. */
export function command(text: string): HTMLElement {
  const button = h("button", { class: "ghost small", type: "button", "aria-label": `Copy: ${text}`, onclick: () => {
    void navigator.clipboard?.writeText(text).then(() => toast("Copied."), () => toast("The browser does not allow copying here.", "bad"));
  } }, icon("copy"));
  return h("div", { class: "command" }, h("code", null, text), button);
}

export function header(title: Child, sub: Child, ...actions: Child[]): HTMLElement {
  return h("header", { class: "page-head" }, h("div", null, h("h1", null, title), sub ? h("p", { class: "quiet" }, sub) : null),
    h("div", { class: "actions" }, ...actions));
}

export function crumb(href: string, text: string): HTMLElement {
  return h("nav", { class: "crumbs", "aria-label": "Path" }, link(href, null, text), icon("chevron"));
}

/** A table whose cells may be anything. */
export function table(caption: string, columns: string[], rows: Child[][], classes = ""): HTMLElement {
  return h("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", { class: classes },
      h("thead", null, h("tr", null, columns.map((column) => h("th", { scope: "col" }, column)))),
      h("tbody", null, rows.map((row) => h("tr", null, row.map((cell) => h("td", null, cell)))))));
}

/** Calls `run` soon, and once for many calls. */
export function soon(run: () => void, ms = 150): () => void {
  let timer = 0;
  return () => { if (!timer) timer = window.setTimeout(() => { timer = 0; run(); }, ms); };
}

export function toggle(label: string, on: boolean, change: (on: boolean) => void): HTMLButtonElement {
  const button = h("button", { class: "switch", role: "switch", type: "button", "aria-checked": String(on), "aria-label": label, title: label,
    onclick: () => change(button.getAttribute("aria-checked") !== "true") }, h("span", { class: "knob" }));
  return button;
}
