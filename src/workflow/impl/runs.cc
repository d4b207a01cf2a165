// Runs: how they come to be, start, go on from task to task, and end.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "errors/workflow.h"
#include "workflow/impl/scheduler_impl.h"
#include "workflow/trigger_rule.h"

namespace streamops::workflow {

namespace {

/// "manual__2026-11-22T12:00:00.123456+00:00": Airflow's form, six digits of fraction or none.
std::string make_run_id(RunType type, WallTime logical_date) {
  const auto whole = std::chrono::floor<Seconds>(logical_date);
  std::string text = to_iso8601(whole);
  text.pop_back();
  if (const auto rest = logical_date - whole; rest.count() != 0) text += fmt::format(".{:06}", rest.count());
  return fmt::format("{}__{}+00:00", to_string(type), text);
}

}  // namespace

ActiveRun* SchedulerImpl::find_active(Dag& dag, const std::string& run_id) {
  for (auto& [number, run] : dag.active) {
    if (run.info.run_id == run_id) return &run;
  }
  return nullptr;
}

/// Runs of one DAG come to be one after the other, so that ids and dates can be checked against those on disk.
void SchedulerImpl::create_run(Dag& dag, NewRun run, Done<RunInfo> done) {
  if (dag.creating) {
    dag.creations.push_back([this, &dag, run = std::move(run), done = std::move(done)] { create_run(dag, run, done); });
    return;
  }
  dag.creating = true;
  check_then_create(dag, std::move(run), std::move(done));
}

void SchedulerImpl::check_then_create(Dag& dag, NewRun run, Done<RunInfo> done) {
  const std::string run_id = run.run_id.empty() ? make_run_id(run.type, run.logical_date) : run.run_id;
  const auto look = [dag_id = dag.spec.id, run_id, date = run.logical_date](StateStore& store) {
    return store.taken(dag_id, run_id, date);
  };
  journal_.read(look, [this, &dag, run = std::move(run), run_id, done = std::move(done)](Result<Taken> taken) mutable {
    if (taken && taken->logical_date && !run.date_was_given) {
      run.logical_date += Microseconds{1};  // two triggers within one microsecond
      check_then_create(dag, std::move(run), std::move(done));
      return;
    }
    if (!taken) {
      answer<RunInfo>(std::move(done), taken.error());
    } else if (taken->run_id || taken->logical_date) {
      answer<RunInfo>(std::move(done), Error(errors::workflow::run_exists, "`{}` has a run `{}`, or one for {}",
                                             dag.spec.id, run_id, to_iso8601(run.logical_date)));
    } else {
      run.run_id = run_id;
      answer<RunInfo>(std::move(done), add_run(dag, run));
    }
    next_creation(dag);
  });
}

void SchedulerImpl::next_creation(Dag& dag) {
  dag.creating = false;
  if (dag.creations.empty()) return;
  const runtime::Callback next = std::move(dag.creations.front());
  dag.creations.erase(dag.creations.begin());
  next();
}

RunInfo SchedulerImpl::add_run(Dag& dag, const NewRun& run) {
  ActiveRun active;
  active.info = {dag.spec.id,  run.run_id,   run.type, RunState::queued, run.logical_date, now(),
                 std::nullopt, std::nullopt, run.conf, run.triggered_by, ++last_number_};
  save_run(active.info);
  for (const TaskSpec& task : dag.spec.tasks) {
    Instance& instance = active.instances.emplace_back();
    instance.info.dag_id = dag.spec.id;
    instance.info.run_id = run.run_id;
    instance.info.task_id = task.id;
    instance.info.max_tries = task.retries + 1;
    save_task(active, instance);
  }
  const RunInfo info = active.info;
  dag.active.emplace(info.number, std::move(active));
  dag.ever_ran = true;
  start_queued(dag);
  arm(dag);
  publish_later(describe(dag, next_run(dag)));
  return info;
}

/// Brings a run back from disk. A task whose body was at work starts the same try again; one that waited for its body
/// to end, the next.
ActiveRun SchedulerImpl::restore(Dag& dag, Recovered::Run recovered) {
  ActiveRun run;
  run.info = std::move(recovered.info);
  std::vector<Recovered::Task>& tasks = recovered.tasks;
  for (const TaskSpec& task : dag.spec.tasks) {
    Instance& instance = run.instances.emplace_back();
    const auto known =
        std::find_if(tasks.begin(), tasks.end(), [&](const auto& t) { return t.info.task_id == task.id; });
    if (known == tasks.end()) {
      instance.info.dag_id = run.info.dag_id;
      instance.info.run_id = run.info.run_id;
      instance.info.task_id = task.id;
      instance.info.max_tries = task.retries + 1;
      continue;
    }
    instance.info = std::move(known->info);
    instance.log_lines = known->log_lines;
    tasks.erase(known);
    TaskInstanceInfo& info = instance.info;
    if (info.try_number > 0)
      instance.newest_try = TryInfo{info.try_number, info.state, info.started_at.value_or(now()), {}, {}, {}};
    if (info.state == TaskState::running) {
      instance.resumed = true;
      info.state = TaskState::none;
      info.try_number -= 1;
    } else if (info.state == TaskState::restarting) {
      close_try(run, instance, TaskState::failed);
      info.state = TaskState::none;
    } else if (info.state == TaskState::scheduled || info.state == TaskState::queued) {
      info.state = TaskState::none;
    }
  }
  for (Recovered::Task& gone : tasks) {  // tasks that left the file
    if (is_final(gone.info.state)) continue;
    gone.info.state = TaskState::removed;
    journal_.write(TaskRow{run.info.number, gone.info});
    publish_later(gone.info);
  }
  return run;
}

/// Starts queued runs, oldest first, as far as max_active_runs allows.
void SchedulerImpl::start_queued(Dag& dag) {
  if (dag.row.paused || stopping_) return;
  int running = 0;
  std::vector<std::int64_t> queued;
  for (const auto& [number, run] : dag.active) {
    if (run.info.state == RunState::running) running += 1;
    if (run.info.state == RunState::queued) queued.push_back(number);
  }
  for (std::int64_t number : queued) {
    if (running >= dag.spec.max_active_runs) return;
    const auto found = dag.active.find(number);
    if (found == dag.active.end()) continue;
    ActiveRun& run = found->second;
    running += 1;
    run.info.state = RunState::running;
    run.info.started_at = now();
    run.info.ended_at.reset();
    save_run(run.info);
    advance(dag, run);
  }
}

/// Looks at every task that has not begun; then ends the run when all have ended. `run` may be gone afterwards.
void SchedulerImpl::advance(Dag& dag, ActiveRun& run) {
  if (run.info.state != RunState::running || stopping_) return;
  for (std::size_t task = 0; task < run.instances.size() && !run.forced; ++task) {
    Instance& instance = run.instances[task];
    if (instance.info.state == TaskState::none) decide(dag, run, task);
    if (instance.info.state == TaskState::up_for_retry && !instance.timer) wait_for_retry(dag, run, task);
  }
  finish_when_done(dag, run);
}

void SchedulerImpl::decide(Dag& dag, ActiveRun& run, std::size_t task) {
  std::vector<TaskState> before;
  for (std::size_t upstream : dag.upstream[task]) before.push_back(run.instances[upstream].info.state);
  Instance& instance = run.instances[task];
  const std::optional<TaskState> verdict = evaluate(dag.spec.tasks[task].trigger_rule, before);
  if (!verdict) return;
  if (*verdict != TaskState::scheduled) {
    set_state(run, instance, *verdict);
  } else if (!dag.row.paused || instance.resumed) {
    start_try(dag, run, task);
  }
}

/// A run has failed when one of its last tasks (those that none waits for) has.
void SchedulerImpl::finish_when_done(Dag& dag, ActiveRun& run) {
  bool failed = false;
  for (std::size_t task = 0; task < run.instances.size(); ++task) {
    const TaskState state = run.instances[task].info.state;
    if (!is_final(state)) return;
    const bool is_last = dag.downstream[task].empty();
    failed = failed || (is_last && (state == TaskState::failed || state == TaskState::upstream_failed));
  }
  run.info.state = run.forced.value_or(failed ? RunState::failed : RunState::success);
  run.info.ended_at = now();
  save_run(run.info);
  for (Done<void>& done : run.waiting) journal_.after([done = std::move(done)] { done(Ok()); });
  dag.active.erase(run.info.number);
  journal_.write(Prune{dag.spec.id, options_.keep_runs});
  start_queued(dag);
  arm(dag);
  publish_later(describe(dag, next_run(dag)));
}

void SchedulerImpl::save_run(const RunInfo& run) {
  journal_.write(run);
  publish_later(run);
}

}  // namespace streamops::workflow
