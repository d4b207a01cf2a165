// workflow/impl/test_bench.h — for the scheduler's tests: virtual time, a state file, bodies that end when the test
// says so.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/virtual_loop.h"
#include "workflow/scheduler.h"

namespace streamops::workflow {

/// A body whose tries the test ends by hand, and which remembers what it was told.
class ScriptedBody : public TaskBody {
 public:
  struct Try {
    TaskContext context;
    TaskDone done;
    int cancelled = 0;
  };

  std::unique_ptr<TaskHandle> start(TaskContext context, TaskDone done) override {
    tries.push_back({std::move(context), std::move(done), 0});
    return std::make_unique<Handle>(*this, tries.size() - 1);
  }

  std::vector<Try> tries;
  bool ends_when_cancelled = true;

 private:
  class Handle final : public TaskHandle {
   public:
    Handle(ScriptedBody& body, std::size_t index) : body_(body), index_(index) {}
    void cancel() override {
      Try& attempt = body_.tries[index_];
      if (attempt.cancelled++ == 0 && body_.ends_when_cancelled) attempt.done(skip_task("stopped"));
    }

   private:
    ScriptedBody& body_;
    std::size_t index_;
  };
};

/// A scheduler on virtual time over a state file that survives restart().
class Bench {
 public:
  explicit Bench(const char* start = "2026-01-01T10:00:00Z") : start_(*parse_iso8601(start)) {
    static int counter = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("workflow_test_" + std::to_string(getpid()) + "_" + std::to_string(counter++));
    std::filesystem::create_directories(path_);
    open();
  }
  ~Bench() {
    scheduler.reset();
    std::filesystem::remove_all(path_);
  }

  void open() {
    loop = std::make_unique<runtime::VirtualLoop>(start_);
    auto opened = Scheduler::open(*loop, *pool, (path_ / "state.db").string(), options);
    REQUIRE(opened);
    scheduler = std::move(opened).value();
    listening = scheduler->subscribe([this](const Change& change) { changes.push_back(change); });
  }

  /// As kill -9 does: nothing is said to anybody, and what was not on disk is gone.
  void crash() {
    start_ = loop->clock().wall();
    listening.reset();
    scheduler.reset();
    open();
  }

  ScriptedBody& body(const std::string& task) {
    std::shared_ptr<ScriptedBody>& entry = bodies_[task];
    if (!entry) entry = std::make_shared<ScriptedBody>();
    return *entry;
  }

  TaskSpec task(const std::string& id, std::vector<std::string> upstream = {}) {
    body(id);
    TaskSpec spec;
    spec.id = id;
    spec.upstream = std::move(upstream);
    spec.body = bodies_[id];
    return spec;
  }

  DagSpec dag(std::vector<TaskSpec> tasks, const char* schedule = "none") {
    DagSpec spec;
    spec.id = "d";
    spec.schedule = *Schedule::parse(schedule);
    spec.tasks = std::move(tasks);
    return spec;
  }

  void start(DagSpec spec, TriggerPolicy policy = TriggerPolicy::never) {
    REQUIRE(scheduler->add_dag(std::move(spec), policy));
    scheduler->start();
    loop->settle();
  }

  /// Triggers `d` and returns the run id.
  std::string trigger() {
    std::string run_id;
    scheduler->trigger({.dag_id = "d", .triggered_by = "test"},
                       [&](const Result<RunInfo>& run) { run_id = run->run_id; });
    loop->settle();
    REQUIRE_FALSE(run_id.empty());
    return run_id;
  }

  /// Ends the newest try of a task.
  void end(const std::string& task, Result<void> result = Ok()) {
    REQUIRE_FALSE(body(task).tries.empty());
    body(task).tries.back().done(std::move(result));
    loop->settle();
  }

  std::vector<RunInfo> runs() {
    std::vector<RunInfo> out;
    scheduler->runs("d", std::nullopt, 100, [&](Result<std::vector<RunInfo>> runs) { out = std::move(runs).value(); });
    loop->settle();
    return out;
  }

  /// "success", newest run first: "running success failed".
  std::string run_states() {
    std::string out;
    for (const RunInfo& run : runs()) out += (out.empty() ? "" : " ") + std::string(to_string(run.state));
    return out;
  }

  std::vector<TaskInstanceInfo> tasks(const std::string& run_id) {
    std::vector<TaskInstanceInfo> out;
    scheduler->task_instances("d", run_id,
                              [&](Result<std::vector<TaskInstanceInfo>> t) { out = std::move(t).value(); });
    loop->settle();
    return out;
  }

  /// "a:success b:running", in the order of the DAG.
  std::string task_states(const std::string& run_id) {
    std::string out;
    for (const TaskInstanceInfo& info : tasks(run_id)) {
      out += (out.empty() ? "" : " ") + info.task_id + ":" + std::string(to_string(info.state));
    }
    return out;
  }

  std::vector<std::string> log(const std::string& run_id, const std::string& task, int try_number = 1,
                               std::int64_t offset = 0) {
    std::vector<std::string> out;
    scheduler->log("d", run_id, task, try_number, offset, 1000, [&](const Result<std::vector<LogLine>>& lines) {
      for (const LogLine& line : *lines) out.push_back(line.text);
    });
    loop->settle();
    return out;
  }

  /// The code of the answer to a command, or "ok"; the answer may also come later, when nobody waits for it any more.
  template <typename Call>
  std::string answer(Call call) {
    const auto code = std::make_shared<std::string>("no answer");
    call([code](const auto& result) { *code = result ? "ok" : std::string(result.error().code()); });
    loop->settle();
    return *code;
  }

  std::string state_file() const { return (path_ / "state.db").string(); }

  SchedulerOptions options;
  std::unique_ptr<runtime::VirtualLoop> loop;
  std::unique_ptr<runtime::Pool> pool = runtime::make_inline_pool();
  std::unique_ptr<Scheduler> scheduler;
  std::unique_ptr<Subscription> listening;
  std::vector<Change> changes;

 private:
  WallTime start_;
  std::filesystem::path path_;
  std::map<std::string, std::shared_ptr<ScriptedBody>> bodies_;
};

}  // namespace streamops::workflow
