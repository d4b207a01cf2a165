// One DAG: its runs as a grid, the state of the chosen run's tasks, and the chosen task's log, live.
import * as api from "../api";
import { Child, fill, h, icon, toast } from "../dom";
import * as format from "../format";
import { ago, badge, complain, crumb, elapsed, empty, errorBox, header, Page, soon, toggle } from "../parts";
import { setPaused, trigger } from "./dags";
import { logView } from "./log";

const shown = 30;

/** Asks for the conf of a run in a dialog, as JSON. */
function confDialog(dag: string): void {
  const text = h("textarea", { rows: 8, spellcheck: "false", "aria-label": "Configuration as JSON" }, "{\n  \n}");
  const trouble = h("p", { class: "bad-text", role: "alert" });
  const dialog = h("dialog", { "aria-label": `Trigger ${dag} with a configuration` },
    h("form", { method: "dialog", onsubmit: (event: Event) => {
      event.preventDefault();
      try {
        const conf: unknown = JSON.parse(text.value);
        dialog.close();
        void trigger(dag, conf);
      } catch (error) {
        trouble.textContent = `This is not JSON: ${(error as Error).message}`;
      }
    } }, h("h2", null, `Trigger ${dag}`), h("p", { class: "quiet" }, "Tasks read this object as the run's conf."), text, trouble,
    h("div", { class: "actions end" }, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), h("button", { class: "primary", type: "submit" }, icon("play"), "Trigger"))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function command(path: string, body: unknown, said: string): void {
  api.post(path, body).then(() => toast(said), complain);
}

export function dagPage(id: string): Page {
  let dag: api.Dag | null = null;
  let grid: api.GridRun[] = [];
  let run = new URLSearchParams(location.search).get("run") ?? "";
  let task = new URLSearchParams(location.search).get("task") ?? "";
  let follows = !run;  // the newest run is shown until another one is chosen
  const top = h("div");
  const gridPlace = h("section", { class: "card", "aria-label": "Runs" });
  const runPlace = h("section", { class: "card run-card", "aria-label": "Chosen run" });
  const log = logView();

  const chosen = (): api.GridRun | undefined => grid.find((entry) => entry.run.run_id === run);

  function choose(newRun: string, newTask = task): void {
    follows = newRun === grid[0]?.run.run_id;
    run = newRun;
    task = newTask;
    history.replaceState(null, "", `/dags/${api.part(id)}?run=${api.part(run)}${task ? `&task=${api.part(task)}` : ""}`);
    draw();
  }

  function cell(entry: api.GridRun, taskId: string): HTMLElement {
    const instance = entry.tasks.find((one) => one.task_id === taskId);
    const state = instance?.state ?? "none";
    const here = entry.run.run_id === run;
    return h("td", { class: here ? "chosen" : "" }, h("button", { type: "button", class: `square s-${state}`, title: `${taskId}, ${entry.run.run_id}: ${format.stateText(state)}`,
      "aria-label": `${taskId} in ${entry.run.run_id}: ${format.stateText(state)}`, onclick: () => choose(entry.run.run_id, taskId) }));
  }

  function drawGrid(): Child {
    if (!dag) return null;
    if (grid.length === 0) return empty("It has not run yet.", "Press Trigger to run it now", dag.next_run ? ", or wait for its schedule." : ".");
    const columns = [...grid].reverse();
    return h("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Grid of runs" }, h("table", { class: "grid" },
      h("thead", null, h("tr", null, h("th", { scope: "row" }, "run"), columns.map((entry) => h("td", { class: entry.run.run_id === run ? "chosen" : "" },
        h("button", { type: "button", class: `bar s-${entry.run.state}`, title: `${entry.run.run_id}: ${format.stateText(entry.run.state)}, ${format.took(entry.run)}`,
          "aria-label": `Run ${entry.run.run_id}: ${format.stateText(entry.run.state)}`, "aria-pressed": String(entry.run.run_id === run),
          onclick: () => choose(entry.run.run_id) }))))),
      h("tbody", null, dag.tasks.map((one) => h("tr", null, h("th", { scope: "row" }, one.id), columns.map((entry) => cell(entry, one.id)))))));
  }

  function drawRun(): Child {
    const entry = chosen();
    if (!entry) return null;
    const { run: info, tasks } = entry;
    const path = api.runPath(id, info.run_id);
    const ended = info.state === "success" || info.state === "failed";
    const failed = tasks.some((one) => one.state === "failed" || one.state === "upstream_failed");
    return [
      h("div", { class: "card-head" }, h("h2", { class: "mono" }, info.run_id), h("span", { "data-run-state": info.state }, badge(info.state))),
      h("dl", { class: "facts" },
        h("div", null, h("dt", null, "Started"), h("dd", null, ago(info.started_at, "waits"))),
        h("div", null, h("dt", null, ended ? "Took" : "Running for"), h("dd", null, elapsed(info))),
        h("div", null, h("dt", null, "Triggered by"), h("dd", null, info.triggered_by)),
        h("div", null, h("dt", null, "Logical date"), h("dd", null, format.moment(info.logical_date))),
        info.conf === "{}" ? null : h("div", null, h("dt", null, "Conf"), h("dd", null, h("code", null, info.conf)))),
      h("div", { class: "actions" },
        h("button", { type: "button", onclick: () => command(`${path}/clear`, {}, "It runs again from the start.") }, "Run again"),
        failed ? h("button", { type: "button", onclick: () => command(`${path}/clear`, { only_failed: true }, "What failed runs again.") }, "Retry what failed") : null,
        ended ? null : h("button", { type: "button", onclick: () => command(`${path}/mark`, { state: "failed" }, "The run was ended.") }, "Mark failed"),
        ended ? null : h("button", { type: "button", onclick: () => command(`${path}/mark`, { state: "success" }, "The run was ended as a success.") }, "Mark success")),
      h("ul", { class: "task-list", "aria-label": "Tasks" }, tasks.map((one) => taskRow(one, path)))];
  }

  function taskRow(one: api.TaskInstance, path: string): HTMLElement {
    return h("li", { class: one.task_id === task ? "chosen" : "" },
      h("button", { class: "task-name", type: "button", "aria-pressed": String(one.task_id === task), onclick: () => choose(run, one.task_id) }, one.task_id),
      h("span", { "data-task-state": one.state }, badge(one.state)),
      h("span", { class: "quiet" }, one.try_number ? `try ${one.try_number} of ${one.max_tries}` : ""),
      h("span", { class: "quiet" }, one.retry_at && one.state === "up_for_retry" ? ago(one.retry_at) : one.started_at ? elapsed(one) : ""),
      one.state === "none" ? null : h("button", { class: "small", type: "button", "aria-label": `Run ${one.task_id} again`, onclick: () => command(`${path}/clear`, { task_id: one.task_id }, `${one.task_id} runs again.`) }, "Run again"),
      one.error ? h("div", { class: "error wide" }, h("p", null, h("span", { class: "code" }, one.error_code), " ", one.error), h("p", { class: "quiet" }, one.hint)) : null);
  }

  function draw(): void {
    if (!dag) return;
    const shownDag = dag;
    fill(top, header([crumb("/dags", "DAGs"), id], [dag.description ? `${dag.description} · ` : "", format.schedule(dag.schedule, dag.time_zone), " · next run ", ago(dag.next_run, dag.paused ? "none: paused" : "by hand")],
      h("label", { class: "inline" }, toggle(dag.paused ? "Unpause" : "Pause", !dag.paused, (on) => setPaused(shownDag, !on)), dag.paused ? "paused" : "active"),
      h("button", { type: "button", onclick: () => confDialog(id) }, "With conf …"),
      h("button", { class: "primary", type: "button", "data-trigger": id, onclick: () => void trigger(id) }, icon("play"), "Trigger")));
    fill(gridPlace, h("h2", null, "Runs"), drawGrid());
    fill(runPlace, drawRun());
    runPlace.hidden = !chosen();
    const instance = chosen()?.tasks.find((one) => one.task_id === task);
    log.element.hidden = !instance;
    if (instance) log.show(instance);
  }

  async function load(): Promise<void> {
    try {
      const [dags, runs] = await Promise.all([api.get<api.Dag[]>("dags"), api.get<api.GridRun[]>(`dags/${api.part(id)}/grid?limit=${shown}`)]);
      dag = dags.find((one) => one.id === id) ?? null;
      grid = runs;
      if (follows || !chosen()) run = grid[0]?.run.run_id ?? "";
      if (!task || !dag?.tasks.some((one) => one.id === task)) task = dag?.tasks[0]?.id ?? "";
      draw();
    } catch (error) {
      fill(top, header([crumb("/dags", "DAGs"), id], null), errorBox(error));
    }
  }

  const again = soon(() => void load(), 60);
  const mine = (event: { dag_id: string }): void => { if (event.dag_id === id) again(); };
  const ends = [api.on("dag", (changed) => { if (changed.id === id) again(); }), api.on("run", mine), api.on("task", mine), api.on("gap", again)];
  void load();
  return { title: id, body: h("div", null, top, h("div", { class: "dag-columns" }, gridPlace, runPlace), log.element),
    leave: () => { ends.forEach((end) => end()); log.leave(); } };
}
