// Building pages: h("a", {class: "x", href: "/"}, "text", child). Text is always text, never markup.

export type Child = Node | string | number | null | undefined | false | Child[];
type Props = Record<string, unknown>;

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props?: Props | null, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, props);
  append(element, children);
  return element;
}

export function svg(tag: string, props?: Props | null, ...children: Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  apply(element, props);
  append(element, children);
  return element;
}

function apply(element: Element, props?: Props | null): void {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

function append(parent: Element, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(parent, child);
    else if (child !== null && child !== undefined && child !== false) parent.append(child instanceof Node ? child : String(child));
  }
}

const nameOf = (element: Element): string => element.tagName + (element.getAttribute("aria-label") ?? element.textContent ?? "");

/** Replaces what is in `parent`. Whoever had the focus in there gets it back when it is there again. */
export function fill(parent: Element, ...children: Child[]): void {
  const focused = document.activeElement;
  const name = focused && focused !== parent && parent.contains(focused) ? nameOf(focused) : "";
  parent.replaceChildren();
  append(parent, children);
  if (!name) return;
  const again = [...parent.querySelectorAll<HTMLElement>("a, button, input, select, [tabindex]")].find((element) => nameOf(element) === name);
  again?.focus({ preventScroll: true });
}

const paths: Record<string, string> = {
  overview: "M3 12h4l3-8 4 16 3-8h4",
  dags: "M5 5h5v5H5zM14 14h5v5h-5zM7.5 10v4a3 3 0 0 0 3 3H14",
  topics: "M4 6h16M4 12h16M4 18h10",
  groups: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.4-3.6 3-5.5 6.500-5.500s6.100 1.900 6.500 5.500M16 4.500a3.500 3.500 0 0 1 0 6M18.500 14.800c1.800.9 2.800 2.700 3 5.200",
  tables: "M4 5h16v14H4zM4 10h16M10 10v9",
  schemas: "M9 4c-3 0-3 2-3 4s0 4-3 4c3 0 3 2 3 4s0 4 3 4M15 4c3 0 3 2 3 4s0 4 3 4c-3 0-3 2-3 4s0 4-3 4",
  errors: "M12 3 2.500 20h19zM12 10v4.500M12 17.200v.1",
  api: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c5 5.500 5 12.500 0 18M12 3c-5 5.500-5 12.500 0 18",
  task: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 7v5l3.500 2",
  topic: "M4 6h16M4 12h16M4 18h10",
  stream: "M4 7h3c4 0 6 10 10 10h3M4 17h3c1.500 0 2.700-1.400 3.800-3M13.500 9.700C14.500 8 15.600 7 17 7h3",
  table: "M4 5h16v14H4zM4 10h16M10 10v9",
  dead_letters: "M4 6h16v12H4zM4 7l8 6 8-6",
  play: "M8 5.500v13l10.500-6.500z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
  out: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  copy: "M9 9h10v11H9zM5 15V4h10",
  chevron: "M9 6l6 6-6 6",
};

/** A line icon, hidden from screen readers: a text stands beside it or on its button. */
export function icon(name: string): SVGElement {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: paths[name] ?? paths.overview }));
}

/** A name that may be broken over lines after `_`, `.` and `/`, and nowhere else if it can be helped. */
export function breakable(name: string): Child[] {
  return name.split(/(?<=[_./])/).flatMap((piece, index) => (index ? [h("wbr"), piece] : [piece]));
}

/** A link that stays within the console. */
export function link(href: string, props: Props | null, ...children: Child[]): HTMLAnchorElement {
  return h("a", { href, "data-link": true, ...props }, ...children);
}

/** Shows a short message at the bottom of the window for a few seconds. */
export function toast(text: string, kind: "good" | "bad" = "good"): void {
  let place = document.getElementById("toasts");
  if (!place) {
    place = h("div", { id: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(place);
  }
  const item = h("div", { class: `toast ${kind}` }, text);
  place.append(item);
  setTimeout(() => item.remove(), 5000);
}
