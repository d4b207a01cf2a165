import * as api from "../api";
import { h, link } from "../dom";
import * as format from "../format";
import { badge, empty, header, loadInto, Page, table } from "../parts";

function groupCard(group: api.Group): HTMLElement {
  const lag = group.offsets.reduce((sum, offset) => sum + Math.max(0, offset.end - offset.committed), 0);
  return h("section", { class: "card" },
    h("div", { class: "card-head" }, h("h2", null, group.name), badge(group.state === "Stable" ? "success" : group.state.endsWith("Rebalance") ? "up_for_retry" : "none", group.state),
      h("span", { class: "quiet" }, `${group.members.length} member${group.members.length === 1 ? "" : "s"} · lag ${format.count(lag)}`)),
    group.offsets.length === 0 ? h("p", { class: "quiet" }, "It has committed no offsets.") :
      table(`Offsets of ${group.name}`, ["Topic", "Partition", "Committed", "End", "Lag"], group.offsets.map((offset) => [
        link(`/topics/${api.part(offset.topic)}`, null, offset.topic), offset.partition, format.count(offset.committed), format.count(offset.end),
        format.count(Math.max(0, offset.end - offset.committed))]), "numbers-after-1 rows"),
    group.members.length === 0 ? null : h("p", { class: "quiet small" }, "Members: ", group.members.map((member) => `${member.client_id} (${member.host})`).join(", ")));
}

export function groupsPage(): Page {
  const list = h("div", { class: "stack" });
  const load = (): Promise<void> => loadInto(list, async () => {
    const groups = await api.get<api.Group[]>("groups");
    return groups.length ? groups.map(groupCard) : empty("No consumer group yet.", "Read a topic as a group, and it appears here: ", h("code", null, "kcat -b localhost:9092 -G readers users_created"));
  });
  void load();
  const refresh = h("button", { type: "button", onclick: () => void load() }, "Refresh");
  return { title: "Groups", body: h("div", null, header("Consumer groups", "Who reads which topic, and how far they have come.", refresh), list) };
}
