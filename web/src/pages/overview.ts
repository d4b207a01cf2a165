// The home page: the whole line on one screen, from the API to the table, with counters that move; below it, what came out and how to get at it.
import * as api from "../api";
import { Child, fill, h, link } from "../dom";
import * as format from "../format";
import { ago, badge, command, empty, errorBox, header, loadInto, Page, soon, table } from "../parts";
import { flowView } from "./flow";
import { squares } from "./dags";

function newestRun(dag: api.Dag, runs: api.Run[]): Child {
  const newest = runs[0];
  return h("div", { class: "mini-dag" }, h("div", { class: "card-head" }, h("h3", null, link(`/dags/${api.part(dag.id)}`, null, dag.id)), newest ? badge(newest.state) : null),
    h("p", { class: "quiet" }, format.schedule(dag.schedule, dag.time_zone), " · next ", ago(dag.next_run, dag.paused ? "none: paused" : "by hand")),
    runs.length ? squares(dag.id, runs) : h("p", { class: "quiet" }, "It has not run yet."),
    newest ? h("p", { class: "quiet small" }, newest.ended_at ? ["took ", format.took(newest), ", ended ", ago(newest.ended_at)] : ["started ", ago(newest.started_at, "soon")]) : null);
}

/** The commands that show the same data from outside. */
function ways(flow: api.Flow | null, status: api.Status): Child {
  const at = (name: string): string => status.endpoints.find((one) => one.name === name)?.at ?? "";
  const topic = flow?.nodes.find((node) => node.kind === "topic")?.title;
  const rows = flow?.nodes.find((node) => node.kind === "table")?.title;
  const [host, port] = at("cql").split(",")[0].split(/:(?=\d+$)/);
  const cql = port && port !== "9042" ? `${host} ${port}` : host;
  return [at("kafka") && topic ? command(`kcat -b ${at("kafka")} -t ${topic} -C -e`) : null,
    at("cql") && rows ? command(`cqlsh ${cql} -e "SELECT * FROM ${rows}"`) : null,
    h("ul", { class: "endpoints" }, status.endpoints.map((one) => h("li", null, h("span", { class: "label" }, one.name), h("span", { class: "mono" }, one.at), one.external ? h("span", { class: "tag" }, "cluster") : null)))];
}

/** The newest messages of the line's first topic, as they come. */
function preview(topic: string, messages: api.Message[]): Child {
  const text = (bytes: api.Bytes | null): string => bytes?.text ?? (bytes ? `0x${bytes.hex}` : "null");
  return [h("div", { class: "card-head" }, h("h2", null, "Newest in ", link(`/topics/${api.part(topic)}`, null, topic)), link(`/topics/${api.part(topic)}`, { class: "quiet small" }, "all messages")),
    messages.length === 0 ? empty("Nothing has come through yet.", "Trigger the DAG under Scheduled work, and watch.") :
      table("Newest messages", ["Time", "Key", "Value"], messages.map((message) => [h("span", { class: "nowrap" }, format.clock(message.timestamp)),
        h("div", { class: "mono cut" }, text(message.key)), h("div", { class: "mono cut" }, text(message.value))]), "rows preview")];
}

const previewed = 6;

export function overviewPage(): Page {
  const top = h("div");
  const view = flowView();
  const dags = h("div", { class: "stack" });
  const reach = h("div", { class: "stack" });
  const newest = h("section", { class: "card", "aria-label": "Newest messages", hidden: true });
  let messages: api.Message[] = [];
  let topic = "";
  let flow: api.Flow | null = null;
  let status: api.Status | null = null;

  function drawTop(): void {
    const facts = status ? [h("div", { class: "fact" }, h("span", { class: "label" }, "Up"), h("span", null, format.duration(Date.now() - new Date(status.started_at).getTime()))),
      h("div", { class: "fact" }, h("span", { class: "label" }, "Memory"), h("span", null, format.bytes(status.memory_bytes))),
      h("div", { class: "fact" }, h("span", { class: "label" }, "Version"), h("span", null, status.version))] : [];
    const failed = flow?.nodes.filter((node) => node.state === "failed") ?? [];
    const waiting = flow?.nodes.find((node) => node.error && node.state !== "failed");
    const sub = !flow ? "" : failed.length ? h("span", { class: "bad-text" }, `${failed.length} part${failed.length === 1 ? "" : "s"} of the line stopped with an error.`) : waiting?.error ? h("span", { class: "bad-text" }, `Waiting: ${waiting.error.message}`) :
      `Everything works. ${flow.file}${flow.profile ? `, profile ${flow.profile}` : ""}`;
    fill(top, header(flow?.pipeline || "Overview", sub, facts));
  }

  const loadFlow = async (): Promise<void> => {
    try {
      flow = await api.get<api.Flow>("flow");
      view.show(flow);
      await loadNewest();
    } catch (error) {
      fill(view.element, errorBox(error));
    }
    drawTop();
  };
  const drawNewest = (): void => { newest.hidden = false; fill(newest, preview(topic, messages)); };
  const loadNewest = async (): Promise<void> => {
    topic = flow?.nodes.find((node) => node.kind === "topic")?.title ?? "";
    if (!topic) return;
    api.follow({ topic });
    messages = await api.get<api.Message[]>(`topics/${api.part(topic)}/messages?limit=${previewed}`).catch(() => []);
    drawNewest();
  };
  const loadStatus = (): Promise<void> => loadInto(reach, async () => {
    status = await api.get<api.Status>("status");
    drawTop();
    return ways(flow, status);
  });
  const loadDags = (): Promise<void> => loadInto(dags, async () => {
    const all = await api.get<api.Dag[]>("dags");
    const runs = await Promise.all(all.map((dag) => api.get<api.Run[]>(`dags/${api.part(dag.id)}/runs?limit=14`)));
    return all.length ? all.map((dag, index) => newestRun(dag, runs[index])) : empty("No DAG in this pipeline.", "Streams run all the time; ", h("code", null, "tasks:"), " in the file run on a schedule.");
  });

  const againDags = soon(() => void loadDags());
  const ends = [
    api.on("flow", (event) => { flow = event; view.show(event); drawTop(); }),
    api.on("messages", (event) => { messages = [...[...event.messages].reverse(), ...messages].slice(0, previewed); drawNewest(); }),
    api.on("run", againDags), api.on("dag", againDags),
    api.on("gap", () => { void loadFlow().then(loadStatus); againDags(); }),
  ];
  void loadFlow().then(loadStatus);
  void loadDags();
  return {
    title: "Overview",
    body: h("div", null, top, h("section", { class: "card flow-card", "aria-label": "The line" }, view.element), newest,
      h("div", { class: "two" }, h("section", { class: "card" }, h("h2", null, "Scheduled work"), dags),
        h("section", { class: "card" }, h("h2", null, "Get at the data"), reach))),
    leave: () => { ends.forEach((end) => end()); view.leave(); },
  };
}
