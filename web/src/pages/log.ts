// The log of one try: what is stored first, then each line as it is written.
import * as api from "../api";
import { fill, h } from "../dom";
import * as format from "../format";
import { errorBox } from "../parts";

const mostLines = 5000;

export interface LogView { element: HTMLElement; show(task: api.TaskInstance): void; leave(): void }

export function logView(): LogView {
  const lines = h("div", { class: "log", role: "log", tabindex: 0, "aria-label": "Log" });
  const name = h("h2");
  const chooser = h("span", { class: "tries" });
  const element = h("section", { class: "card", "aria-label": "Log of the task" }, h("div", { class: "card-head" }, name, chooser), lines);
  let key = "";
  let shownTry = 0;
  let nextOffset = 0;
  let task: api.TaskInstance | null = null;

  function add(line: api.LogLine): void {
    if (line.offset < nextOffset) return;
    nextOffset = line.offset + 1;
    const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
    lines.append(h("div", { class: `line l-${line.level}` }, h("time", { datetime: line.at }, format.clock(line.at)), h("span", null, line.text)));
    while (lines.childElementCount > mostLines) lines.firstElementChild?.remove();
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  }

  async function load(): Promise<void> {
    if (!task) return;
    const wanted = key;
    try {
      const path = `${api.runPath(task.dag_id, task.run_id)}/tasks/${api.part(task.task_id)}/log?try=${shownTry}&offset=${nextOffset}&limit=${mostLines}`;
      const loaded = await api.get<api.LogLine[]>(path);
      if (wanted !== key) return;
      if (lines.firstElementChild?.classList.contains("empty-line")) fill(lines);
      loaded.forEach(add);
      if (nextOffset === 0) fill(lines, h("p", { class: "quiet empty-line" }, "No line yet."));
    } catch (error) {
      fill(lines, errorBox(error));
    }
  }

  function drawTries(): void {
    const newest = task?.try_number ?? 0;
    fill(chooser, newest < 2 ? null : Array.from({ length: newest }, (_, index) => index + 1).map((number) =>
      h("button", { class: "small", type: "button", "aria-pressed": String(number === shownTry), onclick: () => { if (task) open(task, number); } }, `try ${number}`)));
  }

  function open(instance: api.TaskInstance, number: number): void {
    task = instance;
    shownTry = number;
    const newKey = [instance.dag_id, instance.run_id, instance.task_id, number].join("\n");
    drawTries();
    if (newKey === key) return;
    key = newKey;
    nextOffset = 0;
    fill(name, "Log of ", h("span", { class: "mono" }, instance.task_id));
    fill(lines, number === 0 ? h("p", { class: "quiet empty-line" }, "It has not started yet.") : null);
    api.follow({ dag: instance.dag_id, run: instance.run_id, task: instance.task_id });
    if (number > 0) void load();
  }

  const ends = [
    api.on("log", (event) => {
      if (!task || [event.dag_id, event.run_id, event.task_id, event.try_number].join("\n") !== key) return;
      if (event.line.offset > nextOffset) void load(); else { if (nextOffset === 0) fill(lines); add(event.line); }
    }),
    api.on("gap", () => void load()),
  ];
  return {
    element,
    show(instance) {
      const same = task && task.run_id === instance.run_id && task.task_id === instance.task_id;
      open(instance, same && shownTry < (task?.try_number ?? 0) ? shownTry : instance.try_number);
    },
    leave: () => ends.forEach((end) => end()),
  };
}
