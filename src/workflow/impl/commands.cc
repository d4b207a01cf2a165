// What people ask for: trigger, pause, clear, mark.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "errors/workflow.h"
#include "workflow/impl/scheduler_impl.h"

namespace streamops::workflow {

void SchedulerImpl::trigger(TriggerRequest request, Done<RunInfo> done) {
  const Result<Dag*> dag = dag_named(request.dag_id);
  if (!dag) {
    answer<RunInfo>(std::move(done), dag.error());
    return;
  }
  if (request.unpause && (*dag)->row.paused) set_paused(request.dag_id, false, [](const Result<void>&) {});
  NewRun run;
  run.run_id = std::move(request.run_id);
  run.logical_date = request.logical_date.value_or(now());
  run.date_was_given = request.logical_date.has_value();
  run.conf = std::move(request.conf);
  run.triggered_by = std::move(request.triggered_by);
  create_run(**dag, std::move(run), std::move(done));
}

void SchedulerImpl::set_paused(const std::string& dag_id, bool paused, Done<void> done) {
  const Result<Dag*> found = dag_named(dag_id);
  if (!found) {
    answer<void>(std::move(done), found.error());
    return;
  }
  Dag& dag = **found;
  if (dag.row.paused != paused) {
    dag.row.paused = paused;
    save_dag(dag);
  }
  answer<void>(std::move(done), Ok());
  resume(dag);
  start_queued(dag);
  arm(dag);
}

void SchedulerImpl::clear(ClearRequest request, Done<void> done) {
  const Result<Dag*> found = dag_named(request.dag_id);
  if (!found) {
    answer<void>(std::move(done), found.error());
    return;
  }
  Dag& dag = **found;
  if (ActiveRun* run = find_active(dag, request.run_id)) {
    answer<void>(std::move(done), clear_in(dag, *run, request));
    return;
  }
  const auto load = [dag_id = request.dag_id, run_id = request.run_id](StateStore& store) {
    return store.run(dag_id, run_id);
  };
  journal_.read(load, [this, &dag, request, done = std::move(done)](Result<Recovered::Run> loaded) mutable {
    if (!loaded) {
      answer<void>(std::move(done), loaded.error());
      return;
    }
    const std::int64_t number = loaded->info.number;
    const auto entry = dag.active.try_emplace(number, restore(dag, std::move(*loaded))).first;
    Result<void> result = clear_in(dag, entry->second, request);
    if (!result && is_final(entry->second.info.state)) dag.active.erase(entry);
    answer<void>(std::move(done), std::move(result));
    arm(dag);
  });
}

/// Resets the tasks asked for and lets the run go on. `run` may be gone after a success.
Result<void> SchedulerImpl::clear_in(Dag& dag, ActiveRun& run, const ClearRequest& request) {
  if (run.forced) return Error(errors::workflow::wrong_state, "run `{}` is being ended", request.run_id);
  std::vector<bool> chosen(run.instances.size(), true);
  if (!request.task_id.empty()) {
    const auto& tasks = dag.spec.tasks;
    const auto task =
        std::find_if(tasks.begin(), tasks.end(), [&](const TaskSpec& t) { return t.id == request.task_id; });
    if (task == tasks.end()) {
      return Error(errors::workflow::not_found, "DAG `{}` has no task `{}`", dag.spec.id, request.task_id);
    }
    const auto index = static_cast<std::size_t>(task - tasks.begin());
    chosen = with_downstream(dag, index);
    if (!request.downstream) chosen.assign(chosen.size(), false), chosen[index] = true;
  }
  bool any = false;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    Instance& instance = run.instances[i];
    const TaskState state = instance.info.state;
    const bool failed = state == TaskState::failed || state == TaskState::upstream_failed;
    if (!chosen[i] || (request.only_failed && !failed) || state == TaskState::none) continue;
    any = true;
    if (instance.attempt != 0) {
      set_state(run, instance, TaskState::restarting);
      cancel_body(dag, run, i, Intent::restart);
    } else {
      reset(run, instance, dag.spec.tasks[i]);
    }
  }
  if (!any) return Error(errors::workflow::wrong_state, "run `{}` has no task to clear", request.run_id);
  if (run.info.state == RunState::running) {
    advance(dag, run);
    return Ok();
  }
  run.info.state = RunState::queued;
  run.info.ended_at.reset();
  save_run(run.info);
  start_queued(dag);
  return Ok();
}

void SchedulerImpl::mark_run(const std::string& dag_id, const std::string& run_id, RunState state, Done<void> done) {
  const Result<Dag*> found = dag_named(dag_id);
  if (!found || !is_final(state)) {
    answer<void>(std::move(done),
                 found ? Error(errors::workflow::wrong_state, "a run is marked success or failed") : found.error());
    return;
  }
  Dag& dag = **found;
  if (ActiveRun* run = find_active(dag, run_id)) {
    run->waiting.push_back(std::move(done));
    mark_active(dag, *run, state);
    return;
  }
  const auto load = [dag_id, run_id](StateStore& store) { return store.run(dag_id, run_id); };
  journal_.read(load, [this, run_id, done = std::move(done)](const Result<Recovered::Run>& loaded) mutable {
    answer<void>(std::move(done),
                 loaded ? Error(errors::workflow::wrong_state, "run `{}` has already ended", run_id) : loaded.error());
  });
}

/// Cancels what runs, decides the rest. `run` may be gone afterwards.
void SchedulerImpl::mark_active(Dag& dag, ActiveRun& run, RunState state) {
  run.forced = state;
  for (std::size_t i = 0; i < run.instances.size(); ++i) {
    Instance& instance = run.instances[i];
    if (is_final(instance.info.state)) continue;
    if (instance.attempt != 0) {
      cancel_body(dag, run, i, state == RunState::success ? Intent::succeed : Intent::fail);
      continue;
    }
    instance.timer.reset();
    const bool began = instance.info.state == TaskState::up_for_retry;
    const TaskState ended = state == RunState::success ? TaskState::success
                            : began                    ? TaskState::failed
                                                       : TaskState::skipped;
    set_state(run, instance, ended);
  }
  finish_when_done(dag, run);
}

}  // namespace streamops::workflow
