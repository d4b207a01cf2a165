// Task instances: tries, their bodies, retries, cancellation, logs.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "errors/workflow.h"
#include "workflow/impl/scheduler_impl.h"
#include "workflow/retry.h"

namespace streamops::workflow {

namespace {

constexpr std::size_t longest_line = 16 * 1024;
constexpr std::int64_t most_lines = 100'000;

/// Cuts a line that is too long, between characters, and makes sure that it is UTF-8.
std::string tame(std::string text) {
  if (text.size() > longest_line) {
    std::size_t end = longest_line;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) end -= 1;
    text.resize(end);
    text += " …";
  }
  if (is_utf8(text)) return text;
  std::string out;
  for (char c : text) append_utf8(out, static_cast<unsigned char>(c) < 0x80 ? static_cast<unsigned char>(c) : 0xfffd);
  return out;
}

}  // namespace

/// The log of one try; sends each line to the scheduler's loop.
class SchedulerImpl::Log final : public TaskLog {
 public:
  Log(SchedulerImpl& scheduler, AttemptKey key)
      : scheduler_(scheduler), loop_(scheduler.loop_), alive_(scheduler.alive_), key_(std::move(key)) {}

  void write(LogLevel level, std::string text) override {
    loop_.post([&scheduler = scheduler_, alive = alive_, key = key_, level, text = std::move(text)]() mutable {
      if (!alive.expired()) scheduler.append_log(key, level, std::move(text));
    });
  }

 private:
  SchedulerImpl& scheduler_;
  runtime::Loop& loop_;
  std::weak_ptr<int> alive_;
  AttemptKey key_;
};

Instance* SchedulerImpl::find_attempt(const AttemptKey& key, Dag** dag, ActiveRun** run) {
  *dag = find_dag(key.dag_id);
  if (*dag == nullptr) return nullptr;
  const auto found = (*dag)->active.find(key.run);
  if (found == (*dag)->active.end()) return nullptr;
  *run = &found->second;
  Instance& instance = found->second.instances[key.task];
  return instance.attempt == key.attempt ? &instance : nullptr;
}

void SchedulerImpl::append_log(const AttemptKey& key, LogLevel level, std::string text) {
  Dag* dag = nullptr;
  ActiveRun* run = nullptr;
  if (Instance* instance = find_attempt(key, &dag, &run)) log_line(*run, *instance, level, std::move(text));
}

void SchedulerImpl::log_line(const ActiveRun& run, Instance& instance, LogLevel level, std::string text) {
  if (instance.log_lines > most_lines) return;
  if (instance.log_lines == most_lines) {
    level = LogLevel::warning;
    text = "this log is full; what comes after is not kept";
  }
  LogLine line{instance.log_lines++, now(), level, tame(std::move(text))};
  const TaskInstanceInfo& info = instance.info;
  journal_.write_lazily(LogRow{run.info.number, info.task_id, info.try_number, line});
  publish(LogAppended{info.dag_id, info.run_id, info.task_id, info.try_number, std::move(line)});
}

void SchedulerImpl::start_try(Dag& dag, ActiveRun& run, std::size_t task) {
  Instance& instance = run.instances[task];
  TaskInstanceInfo& info = instance.info;
  instance.attempt = ++last_attempt_;
  instance.intent = Intent::none;
  instance.timer.reset();
  info.state = TaskState::running;
  info.try_number += 1;
  if (!instance.resumed) {
    info.started_at = now();
    instance.log_lines = 0;
  }
  info.ended_at.reset();
  info.retry_at.reset();
  info.error_code.clear();
  info.error.clear();
  info.hint.clear();
  instance.newest_try = TryInfo{info.try_number, TaskState::running, info.started_at.value_or(now()), {}, {}, {}};
  save_task(run, instance);
  journal_.write(TryRow{run.info.number, info.task_id, *instance.newest_try});
  const AttemptKey key{dag.spec.id, run.info.number, task, instance.attempt};
  journal_.after([this, key] { launch(key); });
}

/// The try is on disk: its body may start.
void SchedulerImpl::launch(const AttemptKey& key) {
  Dag* dag = nullptr;
  ActiveRun* run = nullptr;
  Instance* instance = find_attempt(key, &dag, &run);
  if (instance == nullptr || stopping_) return;
  const TaskSpec& task = dag->spec.tasks[key.task];
  if (instance->intent != Intent::none) {
    instance->attempt = 0;
    settle_try(*dag, *run, key.task, Ok());
    return;
  }
  const TaskInstanceInfo& info = instance->info;
  const bool resumed = std::exchange(instance->resumed, false);
  log_line(
      *run, *instance, LogLevel::info,
      fmt::format("try {} of {} {}", info.try_number, info.max_tries, resumed ? "goes on after a restart" : "starts"));
  TaskContext context{dag->spec.id,           task.id,        run->info.run_id, info.try_number,
                      run->info.logical_date, run->info.conf, resumed,          std::make_shared<Log>(*this, key)};
  bodies_ += 1;
  TaskDone done = [this, &loop = loop_, alive = std::weak_ptr<int>(alive_), key](Result<void> result) {
    loop.post([this, alive, key, result = std::move(result)] {
      if (!alive.expired()) on_done(key, result);
    });
  };
  instance->handle = task.body->start(std::move(context), std::move(done));
  if (task.timeout) {
    instance->timer = loop_.after(*task.timeout, [this, key] {
      Dag* late_dag = nullptr;
      ActiveRun* late_run = nullptr;
      if (find_attempt(key, &late_dag, &late_run) != nullptr)
        cancel_body(*late_dag, *late_run, key.task, Intent::time_out);
    });
  }
}

void SchedulerImpl::on_done(const AttemptKey& key, const Result<void>& result) {
  bodies_ -= 1;
  if (stopping_ && bodies_ == 0) end_stop();
  if (given_up_.erase(key.attempt) > 0) return;
  Dag* dag = nullptr;
  ActiveRun* run = nullptr;
  Instance* instance = find_attempt(key, &dag, &run);
  if (instance == nullptr) return;
  instance->handle.reset();
  if (stopping_) return;  // it stays `running` on disk, and goes on at the next start
  instance->timer.reset();
  settle_try(*dag, *run, key.task, result);
}

/// Decides the state of a try whose body has ended. `run` may be gone afterwards.
void SchedulerImpl::settle_try(Dag& dag, ActiveRun& run, std::size_t task, const Result<void>& result) {
  Instance& instance = run.instances[task];
  const TaskSpec& spec = dag.spec.tasks[task];
  switch (std::exchange(instance.intent, Intent::none)) {
    case Intent::restart:
      log_line(run, instance, LogLevel::warning, "cancelled, because the task was cleared");
      close_try(run, instance, TaskState::failed);
      reset(run, instance, spec);
      break;
    case Intent::succeed:
    case Intent::fail: {
      const bool success = run.forced == RunState::success;
      const Error error(errors::workflow::cancelled, "cancelled, because the run was marked {}",
                        success ? "success" : "failed");
      log_line(run, instance, LogLevel::warning, error.to_line());
      if (!success) {
        instance.info.error_code = error.code();
        instance.info.error = error.message();
        instance.info.hint = error.hint();
      }
      set_state(run, instance, success ? TaskState::success : TaskState::failed);
      close_try(run, instance, instance.info.state);
      break;
    }
    case Intent::time_out:
      fail_or_retry(
          dag, run, task,
          Error(errors::workflow::timed_out, "`{}` did not end within {}", spec.id, format_duration(*spec.timeout)));
      break;
    case Intent::none:
      if (!result && !result.error().is(errors::workflow::skipped)) {
        fail_or_retry(dag, run, task, result.error());
        break;
      }
      log_line(run, instance, LogLevel::info, result ? "done" : fmt::format("skipped: {}", result.error().message()));
      set_state(run, instance, result ? TaskState::success : TaskState::skipped);
      close_try(run, instance, instance.info.state);
      break;
  }
  instance.attempt = 0;
  advance(dag, run);
}

void SchedulerImpl::fail_or_retry(Dag& dag, ActiveRun& run, std::size_t task, const Error& error) {
  Instance& instance = run.instances[task];
  const TaskSpec& spec = dag.spec.tasks[task];
  TaskInstanceInfo& info = instance.info;
  info.error_code = error.code();
  info.error = error.message();
  info.hint = error.hint();
  log_line(run, instance, LogLevel::error, error.to_line());
  if (!error.hint().empty()) log_line(run, instance, LogLevel::info, fmt::format("help: {}", error.hint()));
  close_try(run, instance, TaskState::failed);
  if (info.try_number >= info.max_tries) {
    set_state(run, instance, TaskState::failed);
    return;
  }
  const Microseconds delay = retry_delay(spec, dag.spec.id, run.info.logical_date, info.try_number);
  info.retry_at = now() + delay;
  info.ended_at = now();
  log_line(run, instance, LogLevel::info, fmt::format("the next try starts in {}", format_duration(delay)));
  set_state(run, instance, TaskState::up_for_retry);
}

void SchedulerImpl::wait_for_retry(Dag& dag, ActiveRun& run, std::size_t task) {
  if (dag.row.paused) return;
  Instance& instance = run.instances[task];
  const Microseconds wait = std::max(instance.info.retry_at.value_or(now()) - now(), Microseconds{0});
  instance.timer = loop_.after(wait, [this, &dag, number = run.info.number, task] {
    ActiveRun& waiting = dag.active.at(number);
    waiting.instances[task].timer.reset();
    if (!dag.row.paused) start_try(dag, waiting, task);
  });
}

/// Asks the body to end; what becomes of the instance is decided when it has, or when its grace is over.
void SchedulerImpl::cancel_body(Dag& dag, ActiveRun& run, std::size_t task, Intent intent) {
  Instance& instance = run.instances[task];
  instance.intent = intent;
  if (!instance.handle) return;  // launch() will see the intent
  const AttemptKey key{dag.spec.id, run.info.number, task, instance.attempt};
  instance.timer = loop_.after(options_.cancel_grace, [this, key] { give_up(key); });
  instance.handle->cancel();
}

void SchedulerImpl::give_up(const AttemptKey& key) {
  Dag* dag = nullptr;
  ActiveRun* run = nullptr;
  Instance* instance = find_attempt(key, &dag, &run);
  if (instance == nullptr) return;
  log_line(*run, *instance, LogLevel::warning, "the cancelled task did not end in time and is left to itself");
  given_up_[key.attempt] = std::move(instance->handle);
  const runtime::TimerPtr running_now = std::move(instance->timer);
  settle_try(*dag, *run, key.task, Ok());
}

/// Back to the beginning, with as many further tries as the task has.
void SchedulerImpl::reset(const ActiveRun& run, Instance& instance, const TaskSpec& task) {
  TaskInstanceInfo& info = instance.info;
  instance.timer.reset();
  info.max_tries = info.try_number + task.retries + 1;
  info.started_at.reset();
  info.ended_at.reset();
  info.retry_at.reset();
  info.error_code.clear();
  info.error.clear();
  info.hint.clear();
  set_state(run, instance, TaskState::none);
}

void SchedulerImpl::set_state(const ActiveRun& run, Instance& instance, TaskState state) {
  instance.info.state = state;
  if (is_final(state)) instance.info.ended_at = now();
  save_task(run, instance);
}

void SchedulerImpl::close_try(const ActiveRun& run, Instance& instance, TaskState state) {
  if (!instance.newest_try) return;
  instance.newest_try->state = state;
  instance.newest_try->ended_at = now();
  instance.newest_try->error_code = instance.info.error_code;
  instance.newest_try->error = instance.info.error;
  journal_.write(TryRow{run.info.number, instance.info.task_id, *instance.newest_try});
}

void SchedulerImpl::save_task(const ActiveRun& run, const Instance& instance) {
  journal_.write(TaskRow{run.info.number, instance.info});
  publish_later(instance.info);
}

}  // namespace streamops::workflow
