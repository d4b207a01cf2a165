import * as api from "../api";
import { fill, h, icon, link, toast } from "../dom";
import * as format from "../format";
import { ago, badge, complain, empty, errorBox, header, Page, soon, toggle } from "../parts";
import { go } from "../main";

const shown = 14;

/** The newest runs as squares, oldest on the left. */
export function squares(dag: string, runs: api.Run[]): HTMLElement {
  return h("span", { class: "squares" }, runs.slice(0, shown).reverse().map((run) =>
    link(`/dags/${api.part(dag)}?run=${api.part(run.run_id)}`, { class: `square s-${run.state}`, title: `${run.run_id}: ${format.stateText(run.state)}`,
      "aria-label": `Run ${run.run_id}: ${format.stateText(run.state)}` })));
}

/** Triggers a run and goes to it. */
export async function trigger(dag: string, conf?: unknown): Promise<void> {
  try {
    const run = await api.post<api.Run>(`dags/${api.part(dag)}/trigger`, conf === undefined ? {} : { conf });
    toast(`Triggered ${dag}.`);
    go(`/dags/${api.part(dag)}?run=${api.part(run.run_id)}`);
  } catch (error) {
    complain(error);
  }
}

export function setPaused(dag: api.Dag, paused: boolean): void {
  api.post(`dags/${api.part(dag.id)}/pause`, { paused }).then(() => toast(paused ? `${dag.id} is paused.` : `${dag.id} runs by its schedule.`), complain);
}

function row(dag: api.Dag, runs: api.Run[]): HTMLElement {
  const newest = runs[0];
  return h("article", { class: "card dag-row", "data-dag": dag.id },
    toggle(dag.paused ? `Unpause ${dag.id}` : `Pause ${dag.id}`, !dag.paused, (on) => setPaused(dag, !on)),
    h("div", { class: "grow" }, h("h2", null, link(`/dags/${api.part(dag.id)}`, null, dag.id)),
      h("p", { class: "quiet" }, dag.description ? `${dag.description} · ` : "", format.schedule(dag.schedule, dag.time_zone))),
    h("div", { class: "fact" }, h("span", { class: "label" }, "Next run"), ago(dag.next_run, dag.paused ? "paused" : "by hand")),
    h("div", { class: "fact" }, h("span", { class: "label" }, "Newest run"), newest ? badge(newest.state) : h("span", { class: "quiet" }, "none yet")),
    h("div", { class: "fact runs-fact" }, h("span", { class: "label" }, "Runs"), runs.length ? squares(dag.id, runs) : h("span", { class: "quiet" }, "–")),
    h("button", { class: "primary", type: "button", "data-trigger": dag.id, "aria-label": `Trigger ${dag.id}`, onclick: () => void trigger(dag.id) }, icon("play"), "Trigger"));
}

export function dagsPage(): Page {
  const list = h("div", { class: "stack" }, h("p", { class: "quiet" }, "Loading …"));
  const load = async (): Promise<void> => {
    try {
      const dags = await api.get<api.Dag[]>("dags");
      const runs = await Promise.all(dags.map((dag) => api.get<api.Run[]>(`dags/${api.part(dag.id)}/runs?limit=${shown}`)));
      fill(list, dags.length === 0 ? empty("No DAG yet.", "A pipeline file with ", h("code", null, "tasks:"), " makes one. Check yours with ", h("code", null, "streamops check pipeline.yaml"), ".")
        : dags.map((dag, index) => row(dag, runs[index])));
    } catch (error) {
      fill(list, errorBox(error));
    }
  };
  const again = soon(() => void load());
  const ends = [api.on("dag", again), api.on("run", again), api.on("gap", again)];
  void load();
  return { title: "DAGs", body: h("div", null, header("DAGs", "Scheduled work: what runs when, and how it went."), list), leave: () => ends.forEach((end) => end()) };
}
