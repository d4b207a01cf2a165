#include "workflow/impl/model.h"

#include <algorithm>
#include <utility>

namespace streamops::workflow {

namespace {

/// Repeatedly takes the first task whose tasks before are all taken; check_dag() has made sure that there is one.
std::vector<TaskSpec> in_order(std::vector<TaskSpec> tasks) {
  std::vector<TaskSpec> out;
  const auto is_taken = [&](const std::string& id) {
    return std::any_of(out.begin(), out.end(), [&](const TaskSpec& task) { return task.id == id; });
  };
  while (!tasks.empty()) {
    const auto ready = std::find_if(tasks.begin(), tasks.end(), [&](const TaskSpec& task) {
      return std::all_of(task.upstream.begin(), task.upstream.end(), is_taken);
    });
    STREAMOPS_CHECK(ready != tasks.end(), "a DAG with a circle got past check_dag");
    out.push_back(std::move(*ready));
    tasks.erase(ready);
  }
  return out;
}

}  // namespace

Dag make_dag(DagSpec spec, TriggerPolicy policy) {
  Dag dag;
  spec.tasks = in_order(std::move(spec.tasks));
  dag.spec = std::move(spec);
  dag.policy = policy;
  const std::vector<TaskSpec>& tasks = dag.spec.tasks;
  dag.upstream.resize(tasks.size());
  dag.downstream.resize(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    for (std::size_t before = 0; before < i; ++before) {
      if (std::find(tasks[i].upstream.begin(), tasks[i].upstream.end(), tasks[before].id) == tasks[i].upstream.end())
        continue;
      dag.upstream[i].push_back(before);
      dag.downstream[before].push_back(i);
    }
  }
  return dag;
}

DagInfo describe(const Dag& dag, std::optional<WallTime> next_run) {
  DagInfo info;
  info.id = dag.spec.id;
  info.description = dag.spec.description;
  info.schedule = dag.spec.schedule.text();
  info.time_zone = dag.spec.schedule.time_zone();
  info.paused = dag.row.paused;
  info.max_active_runs = dag.spec.max_active_runs;
  info.next_run = next_run;
  for (const TaskSpec& task : dag.spec.tasks) {
    info.tasks.push_back({task.id, task.upstream, task.trigger_rule, task.retries});
  }
  return info;
}

std::vector<bool> with_downstream(const Dag& dag, std::size_t from) {
  std::vector<bool> out(dag.spec.tasks.size());
  out[from] = true;
  for (std::size_t i = from; i < out.size(); ++i) {
    if (!out[i]) continue;
    for (std::size_t after : dag.downstream[i]) out[after] = true;
  }
  return out;
}

}  // namespace streamops::workflow
