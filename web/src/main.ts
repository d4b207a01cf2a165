// The shell: navigation, theme, session, and which page is shown for which path.
import * as api from "./api";
import { fill, h, icon, link } from "./dom";
import { errorBox, Page } from "./parts";
import { dagPage } from "./pages/dag";
import { dagsPage } from "./pages/dags";
import { errorsPage } from "./pages/errors";
import { groupsPage } from "./pages/groups";
import { loginPage } from "./pages/login";
import { overviewPage } from "./pages/overview";
import { schemaPage, schemasPage } from "./pages/schemas";
import { tablePage, tablesPage } from "./pages/tables";
import { topicPage, topicsPage } from "./pages/topics";

const sections: [string, string, string][] = [["/", "Overview", "overview"], ["/dags", "DAGs", "dags"], ["/topics", "Topics", "topics"],
  ["/groups", "Groups", "groups"], ["/tables", "Tables", "tables"], ["/schemas", "Schemas", "schemas"], ["/errors", "Errors", "errors"]];

const root = document.getElementById("app") as HTMLElement;
const main = h("main", { id: "main", tabindex: -1 });
const live = h("span", { class: "live", role: "status" }, h("span", { class: "dot", "aria-hidden": "true" }), "connecting");
let current: Page | null = null;

// --- Theme --------------------------------------------------------------------------------------------------------

const isDark = (): boolean => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
try { const kept = localStorage.getItem("theme"); if (kept) document.documentElement.dataset.theme = kept; } catch { /* no storage: the system's theme */ }

function themeButton(): HTMLElement {
  const draw = (): void => {
    fill(button, icon(isDark() ? "sun" : "moon"));
    button.setAttribute("aria-label", isDark() ? "Light theme" : "Dark theme");
    button.setAttribute("title", isDark() ? "Light theme" : "Dark theme");
  };
  const button = h("button", { class: "ghost", type: "button", onclick: () => {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("theme", next); } catch { /* it lasts until the page is closed */ }
    draw();
  } });
  draw();
  return button;
}

// --- Shell --------------------------------------------------------------------------------------------------------

function logo(): HTMLElement {
  return link("/", { class: "logo", "aria-label": "StreamOps, overview" }, h("img", { src: "/favicon.svg", alt: "", width: 26, height: 26 }), h("span", null, "StreamOps"));
}

function shell(): void {
  const user = api.currentSession()?.user ?? "";
  const out = h("button", { class: "ghost", type: "button", title: `Log out ${user}`, "aria-label": `Log out ${user}`, onclick: () => {
    void api.post("logout").finally(() => { api.setSession(null); api.close(); show(); });
  } }, icon("out"));
  fill(root, h("a", { class: "skip", href: "#main" }, "Skip to content"),
    h("aside", { class: "side" }, logo(),
      h("nav", { "aria-label": "Sections" }, sections.map(([href, name, sign]) => link(href, { class: "nav" }, icon(sign), h("span", null, name)))),
      h("div", { class: "side-foot" }, live, h("span", { class: "grow" }), themeButton(), out)),
    main);
}

function markSection(path: string): void {
  for (const item of document.querySelectorAll<HTMLAnchorElement>("a.nav")) {
    const href = item.getAttribute("href") ?? "";
    const here = href === "/" ? path === "/" : path === href || path.startsWith(href + "/");
    if (here) item.setAttribute("aria-current", "page"); else item.removeAttribute("aria-current");
  }
}

// --- Pages --------------------------------------------------------------------------------------------------------

function pageFor(path: string): Page {
  const words = path.split("/").filter(Boolean).map(decodeURIComponent);
  switch (words[0]) {
    case undefined: return overviewPage();
    case "dags": return words[1] ? dagPage(words[1]) : dagsPage();
    case "topics": return words[1] ? topicPage(words[1]) : topicsPage();
    case "tables": return words[1] && words[2] ? tablePage(words[1], words[2]) : tablesPage();
    case "schemas": return words[1] ? schemaPage(words[1]) : schemasPage();
    case "groups": return groupsPage();
    case "errors": return errorsPage();
    default: return { title: "Not found", body: h("div", null, errorBox(new api.ApiError({ code: "", title: "", message: `There is no page ${path}.`, hint: "Choose one on the left." }, 404))) };
  }
}

function show(): void {
  current?.leave?.();
  current = null;
  if (!api.currentSession()) {
    const page = loginPage(() => { shell(); show(); });
    document.title = "Log in · StreamOps";
    fill(root, h("div", { class: "login-theme" }, themeButton()), page.body);
    page.body.querySelector("input")?.focus();
    return;
  }
  const page = pageFor(location.pathname);
  current = page;
  document.title = `${page.title} · StreamOps`;
  fill(main, page.body);
  markSection(location.pathname);
  scrollTo(0, 0);
}

/** Goes to another page of the console. */
export function go(path: string): void {
  history.pushState(null, "", path);
  api.follow();
  show();
}

document.addEventListener("click", (event) => {
  const anchor = (event.target as Element).closest?.("a[data-link]");
  if (!anchor || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go(anchor.getAttribute("href") ?? "/");
  main.focus({ preventScroll: true });
});
addEventListener("popstate", () => show());

api.on("link", (up) => {
  live.className = `live ${up ? "up" : "down"}`;
  fill(live, h("span", { class: "dot", "aria-hidden": "true" }), h("span", null, up ? "live" : "reconnecting"));
});
api.whenSessionLost(() => {
  if (!api.currentSession()) return;
  api.setSession(null);
  api.close();
  show();
});

api.get<api.Session>("session").then((session) => {
  if (!session.user) return show();
  api.setSession(session);
  shell();
  api.follow();
  show();
}, () => show());
