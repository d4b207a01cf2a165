import * as api from "../api";
import { fill, h, link } from "../dom";
import * as format from "../format";
import { crumb, empty, errorBox, header, loadInto, Page, soon, table } from "../parts";

const pageSize = 50;

export function tablesPage(): Page {
  const list = h("div", { class: "stack" });
  const system = h("input", { type: "checkbox", id: "system" });
  const load = (): Promise<void> => loadInto(list, async () => {
    const tables = (await api.get<api.Table[]>("tables")).filter((one) => system.checked || !one.system);
    if (tables.length === 0) return empty("No table yet.", "A stream's sink makes one, or make it yourself: ", h("code", null, "cqlsh localhost"), ".");
    const keyspaces = [...new Set(tables.map((one) => one.keyspace))];
    return keyspaces.map((keyspace) => h("section", { class: "card flush" }, h("h2", { class: "padded" }, keyspace),
      table(`Tables of ${keyspace}`, ["Table", "Key", "Columns"], tables.filter((one) => one.keyspace === keyspace).map((one) => [
        link(`/tables/${api.part(keyspace)}/${api.part(one.name)}`, { class: "strong" }, one.name),
        h("span", { class: "mono" }, one.columns.filter((column) => column.kind === "partition_key" || column.kind === "clustering").map((column) => column.name).join(", ")),
        one.columns.length]), "rows")));
  });
  system.addEventListener("change", () => void load());
  void load();
  return { title: "Tables", body: h("div", null, header("Tables", "What the store holds.", h("label", { class: "inline", for: "system" }, system, "system tables")), list) };
}

const kinds: Record<string, string> = { partition_key: "partition key", clustering: "clustering key", static: "static" };

export function tablePage(keyspace: string, name: string): Page {
  const columns = h("section", { class: "card", "aria-label": "Columns" });
  const rows = h("div");
  const position = h("span", { class: "quiet", role: "status" });
  const back = h("button", { type: "button", disabled: true, onclick: () => { pages.pop(); void load(); } }, "Previous");
  const next = h("button", { type: "button", disabled: true, onclick: () => { pages.push(following); void load(); } }, "Next");
  const pages = [""];  // the paging states up to the page shown
  let following = "";
  let info: api.Table | undefined;

  async function load(): Promise<void> {
    const page = pages[pages.length - 1];
    try {
      if (!info) {
        info = (await api.get<api.Table[]>("tables")).find((one) => one.keyspace === keyspace && one.name === name);
        if (!info) return fill(rows, empty("There is no such table.", "It may have been dropped."));
        fill(columns, h("div", { class: "card-head" }, h("h2", null, "Columns"), h("span", { class: "quiet" }, info.columns.length)),
          h("ul", { class: "chips" }, info.columns.map((column) => h("li", { class: kinds[column.kind] ? "key" : "" }, h("span", { class: "mono" }, column.name), " ",
            h("span", { class: "quiet" }, column.type, kinds[column.kind] ? ` · ${kinds[column.kind]}` : "")))));
      }
      const loaded = await api.get<api.RowsPage>(`tables/${api.part(keyspace)}/${api.part(name)}/rows?limit=${pageSize}&page=${api.part(page)}`);
      following = loaded.next;
      const first = (pages.length - 1) * pageSize;
      position.textContent = loaded.rows.length ? `rows ${format.count(first + 1)} to ${format.count(first + loaded.rows.length)}` : "";
      fill(rows, loaded.rows.length === 0 ? empty("No row yet.", "Rows appear as soon as the stream into this table has written some.") :
        table("Rows", info.columns.map((column) => column.name), loaded.rows.map((row) => row.map((cell) => cell === null ? h("span", { class: "quiet" }, "null") : h("span", { class: "cut", title: cell }, cell))), "data rows"));
    } catch (error) {
      fill(rows, errorBox(error));
    }
    back.disabled = pages.length === 1;
    next.disabled = following === "";
  }

  // Told, not asked: when the flow says that the table has grown, its first page is read again.
  let held = -1;
  const again = soon(() => void load(), 700);
  const ends = [
    api.on("flow", (flow) => {
      const node = flow.nodes.find((one) => one.id === `table:${keyspace}.${name}`);
      if (node && node.records !== held && pages.length === 1) again();
      held = node?.records ?? -1;
    }),
    api.on("gap", again),
  ];
  void load();
  return {
    title: `${keyspace}.${name}`,
    body: h("div", null, header([crumb("/tables", "Tables"), `${keyspace}.${name}`], null, h("button", { type: "button", onclick: () => void load() }, "Refresh")), columns,
      h("section", { class: "card", "aria-label": "Rows" }, h("div", { class: "card-head" }, h("h2", null, "Rows"), position, h("div", { class: "actions" }, back, next)), rows)),
    leave: () => ends.forEach((end) => end()),
  };
}
