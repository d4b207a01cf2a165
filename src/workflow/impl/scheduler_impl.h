// workflow/impl/scheduler_impl.h — the scheduler's parts: DAGs and timers (dags.cc), runs (runs.cc), task instances
// (tasks.cc), commands (commands.cc), reads (reads.cc).
//
// How a try goes: start_try() writes `running`; when that is on disk launch() calls the body; the body's done comes
// back through the loop as on_done() with its AttemptKey; settle_try() decides the state; advance() looks what can go
// on. Everything that is told waits for the journal.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "workflow/impl/journal.h"
#include "workflow/impl/model.h"
#include "workflow/scheduler.h"

namespace streamops::workflow {

class SchedulerImpl final : public Scheduler {
 public:
  SchedulerImpl(runtime::Loop& loop, runtime::Pool& pool, std::shared_ptr<StateStore> store, Recovered recovered,
                SchedulerOptions options);
  ~SchedulerImpl() override;

  Result<void> add_dag(DagSpec dag, TriggerPolicy policy) override;
  void start() override;
  void stop(runtime::Callback done) override;

  void trigger(TriggerRequest request, Done<RunInfo> done) override;
  void set_paused(const std::string& dag_id, bool paused, Done<void> done) override;
  void clear(ClearRequest request, Done<void> done) override;
  void mark_run(const std::string& dag_id, const std::string& run_id, RunState state, Done<void> done) override;

  std::vector<DagInfo> dags() const override;
  void runs(const std::string& dag_id, std::optional<std::int64_t> before, int limit,
            Done<std::vector<RunInfo>> done) override;
  void run(const std::string& dag_id, const std::string& run_id, Done<RunInfo> done) override;
  void task_instances(const std::string& dag_id, const std::string& run_id,
                      Done<std::vector<TaskInstanceInfo>> done) override;
  void tries(const std::string& dag_id, const std::string& run_id, const std::string& task_id,
             Done<std::vector<TryInfo>> done) override;
  void log(const std::string& dag_id, const std::string& run_id, const std::string& task_id, int try_number,
           std::int64_t offset, int limit, Done<std::vector<LogLine>> done) override;
  std::optional<Error> trouble() const override { return journal_.trouble(); }
  std::unique_ptr<Subscription> subscribe(std::function<void(const Change&)> listener) override;

  /// A line of a try's log, from its TaskLog.
  void append_log(const AttemptKey& key, LogLevel level, std::string text);

 private:
  class Log;
  class ListenerEnd;
  using Listener = std::function<void(const Change&)>;
  struct NewRun {
    RunType type = RunType::manual;
    std::string run_id;
    WallTime logical_date;
    std::string conf = "{}";
    std::string triggered_by;
    bool date_was_given = false;
  };

  WallTime now() const { return loop_.clock().wall(); }
  Dag* find_dag(const std::string& dag_id);
  Result<Dag*> dag_named(const std::string& dag_id);
  ActiveRun* find_active(Dag& dag, const std::string& run_id);
  /// The instance that a callback speaks of, or nothing when it is stale.
  Instance* find_attempt(const AttemptKey& key, Dag** dag, ActiveRun** run);

  // dags.cc
  void resume(Dag& dag);
  void trigger_at_start(Dag& dag);
  std::optional<WallTime> next_run(const Dag& dag) const;
  void arm(Dag& dag);
  void on_timer(Dag& dag);
  void save_dag(Dag& dag);
  void end_stop();

  // runs.cc
  void create_run(Dag& dag, NewRun run, Done<RunInfo> done);
  void check_then_create(Dag& dag, NewRun run, Done<RunInfo> done);
  void next_creation(Dag& dag);
  RunInfo add_run(Dag& dag, const NewRun& run);
  ActiveRun restore(Dag& dag, Recovered::Run recovered);
  void start_queued(Dag& dag);
  void advance(Dag& dag, ActiveRun& run);
  void decide(Dag& dag, ActiveRun& run, std::size_t task);
  void finish_when_done(Dag& dag, ActiveRun& run);
  void save_run(const RunInfo& run);

  // tasks.cc
  void start_try(Dag& dag, ActiveRun& run, std::size_t task);
  void launch(const AttemptKey& key);
  void on_done(const AttemptKey& key, const Result<void>& result);
  void settle_try(Dag& dag, ActiveRun& run, std::size_t task, const Result<void>& result);
  void fail_or_retry(Dag& dag, ActiveRun& run, std::size_t task, const Error& error);
  void close_try(const ActiveRun& run, Instance& instance, TaskState state);
  void give_up(const AttemptKey& key);
  void log_line(const ActiveRun& run, Instance& instance, LogLevel level, std::string text);
  void wait_for_retry(Dag& dag, ActiveRun& run, std::size_t task);
  void cancel_body(Dag& dag, ActiveRun& run, std::size_t task, Intent intent);
  void reset(const ActiveRun& run, Instance& instance, const TaskSpec& task);
  void set_state(const ActiveRun& run, Instance& instance, TaskState state);
  void save_task(const ActiveRun& run, const Instance& instance);

  // commands.cc
  Result<void> clear_in(Dag& dag, ActiveRun& run, const ClearRequest& request);
  void mark_active(Dag& dag, ActiveRun& run, RunState state);
  template <typename T>
  void answer(Done<T> done, Result<T> result) {
    journal_.after([done = std::move(done), result = std::move(result)] { done(result); });
  }

  void publish_later(Change change);
  void publish(const Change& change);

  runtime::Loop& loop_;
  SchedulerOptions options_;
  Recovered recovered_;  // emptied by start()
  std::map<std::string, Dag> dags_;
  std::int64_t last_number_ = 0;
  std::int64_t last_attempt_ = 0;
  bool started_ = false;
  bool stopping_ = false;
  std::map<std::int64_t, std::unique_ptr<TaskHandle>>
      given_up_;    // cancelled bodies that did not end in time, by attempt
  int bodies_ = 0;  // started and not done
  runtime::Callback stop_done_;
  runtime::TimerPtr stop_timer_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  Journal journal_;  // last: its callbacks use all the others
};

}  // namespace streamops::workflow
