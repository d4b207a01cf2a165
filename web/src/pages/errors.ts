// The catalogue of all errors: what each means and what to do. The same as `streamops explain`.
import * as api from "../api";
import { fill, h } from "../dom";
import { empty, header, loadInto, Page } from "../parts";

export function errorsPage(): Page {
  const list = h("div", { class: "error-list" });
  const search = h("input", { type: "search", placeholder: "Code or word, as SO-K001 or timeout", "aria-label": "Search the errors" });
  let all: api.ErrorInfo[] = [];
  const draw = (): void => {
    const wanted = search.value.trim().toLowerCase();
    const found = all.filter((error) => `${error.code} ${error.title} ${error.text}`.toLowerCase().includes(wanted));
    fill(list, found.length === 0 ? empty("No error has these words.", "Try a shorter word, or the code alone.") : found.map((error) =>
      h("article", { class: "card entry", id: error.code },
        h("h2", null, h("span", { class: "code" }, error.code), " ", error.title, h("span", { class: "tag" }, error.blame)),
        h("p", null, error.text), h("p", { class: "quiet" }, error.hint))));
  };
  search.addEventListener("input", draw);
  void loadInto(list, async () => {
    all = await api.get<api.ErrorInfo[]>("errors");
    if (location.hash) search.value = location.hash.slice(1);
    return null;
  }).then(() => { if (all.length) draw(); });
  return { title: "Errors", body: h("div", null, header("Errors", "Everything that can go wrong, what it means, and what to do about it.", search), list) };
}
