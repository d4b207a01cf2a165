import * as api from "../api";
import { h, link } from "../dom";
import * as format from "../format";
import { crumb, empty, header, loadInto, Page, table } from "../parts";

export function schemasPage(): Page {
  const list = h("div", { class: "stack" });
  const load = (): Promise<void> => loadInto(list, async () => {
    const found = await api.get<api.SubjectList>("schemas");
    if (found.subjects.length === 0) {
      return empty("No schema yet.", "A sink with ", h("code", null, "format: avro"), " registers its own; any serializer that knows the registry's address does too.");
    }
    return h("section", { class: "card flush" },
      h("div", { class: "card-head padded" }, h("h2", null, "Subjects"), h("span", { class: "quiet" }, format.count(found.subjects.length), found.compatibility ? ` · new versions must be ${found.compatibility} unless a subject says otherwise` : "")),
      table("Subjects", ["Subject"], found.subjects.map((name) => [link(`/schemas/${api.part(name)}`, { class: "strong" }, name)]), "rows"));
  });
  void load();
  const refresh = h("button", { type: "button", onclick: () => void load() }, "Refresh");
  return { title: "Schemas", body: h("div", null, header("Schemas", "What the schema registry holds.", refresh), list) };
}

/** JSON with line breaks; other texts as they are. */
function spread(text: string): string {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

function versionCard(one: api.SchemaVersion, newest: boolean): HTMLElement {
  return h("details", { class: "card", open: newest },
    h("summary", null, h("strong", null, `Version ${one.version}`), " ", h("span", { class: "quiet" }, `id ${one.id} · ${one.type}${newest ? " · newest" : ""}`)),
    h("pre", { class: "mono", tabindex: 0, "aria-label": `Schema of version ${one.version}` }, spread(one.schema)));
}

export function schemaPage(name: string): Page {
  const list = h("div", { class: "stack" });
  const load = (): Promise<void> => loadInto(list, async () => {
    const subject = await api.get<api.Subject>(`schemas/subject?name=${api.part(name)}`);
    return [
      h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", null, "Compatibility"), h("span", { class: "mono" }, subject.compatibility || "not told"))),
      ...subject.versions.map((one, index) => versionCard(one, index === 0)),
      subject.older ? h("p", { class: "quiet" }, `${subject.older} older versions are not shown.`) : null,
    ];
  });
  void load();
  return { title: name, body: h("div", null, header([crumb("/schemas", "Schemas"), name], null, h("button", { type: "button", onclick: () => void load() }, "Refresh")), list) };
}
