// What the scheduler promises about crashes, and about commands on runs: clear, mark, stop.
#include "errors/runtime.h"
#include "storage/sqlite/database.h"
#include "workflow/impl/test_bench.h"

using namespace streamops;
using namespace streamops::workflow;

namespace {

const Error broken(errors::runtime::cannot_connect, "nobody listens");

std::string clear(Bench& bench, ClearRequest request) {
  return bench.answer([&](Done<void> done) { bench.scheduler->clear(request, done); });
}

std::string mark(Bench& bench, const std::string& run, RunState state) {
  return bench.answer([&](Done<void> done) { bench.scheduler->mark_run("d", run, state, done); });
}

}  // namespace

TEST_CASE("after a crash a running task goes on: same run, same try, resumed, its log continued") {
  Bench bench;
  bench.start(bench.dag({bench.task("a"), bench.task("b", {"a"})}));
  const std::string run = bench.trigger();
  bench.end("a");
  bench.body("b").tries[0].context.log->info("half way");
  bench.loop->advance(Seconds{1});
  bench.crash();
  bench.start(bench.dag({bench.task("a"), bench.task("b", {"a"})}));
  REQUIRE(bench.body("b").tries.size() == 2);
  const TaskContext& again = bench.body("b").tries[1].context;
  CHECK(again.run_id == run);
  CHECK(again.try_number == 1);
  CHECK(again.resumed);
  CHECK(bench.body("a").tries.size() == 1);
  bench.end("b");
  CHECK(bench.run_states() == "success");
  CHECK(bench.log(run, "b") ==
        std::vector<std::string>{"try 1 of 1 starts", "half way", "try 1 of 1 goes on after a restart", "done"});
}

TEST_CASE("a try that waits for its retry keeps its time over a crash") {
  Bench bench;
  const auto dag = [&] {
    DagSpec spec = bench.dag({bench.task("a")});
    spec.tasks[0].retries = 1;
    spec.tasks[0].retry_delay = Seconds{60};
    return spec;
  };
  bench.start(dag());
  const std::string run = bench.trigger();
  bench.end("a", broken);
  bench.loop->advance(Seconds{20});
  bench.crash();
  bench.start(dag());
  CHECK(bench.task_states(run) == "a:up_for_retry");
  bench.loop->advance(Seconds{39});
  CHECK(bench.body("a").tries.size() == 1);
  bench.loop->advance(Seconds{1});
  REQUIRE(bench.body("a").tries.size() == 2);
  CHECK(bench.body("a").tries[1].context.try_number == 2);
}

TEST_CASE("nothing is told and no body starts before it is on disk") {
  Bench bench;
  bench.start(bench.dag({bench.task("a")}));
  bench.changes.clear();
  std::size_t started_when_told = 99;
  bench.scheduler->trigger({.dag_id = "d"},
                           [&](const Result<RunInfo>&) { started_when_told = bench.body("a").tries.size(); });
  CHECK(bench.body("a").tries.empty());
  CHECK(bench.changes.empty());
  bench.loop->settle();
  CHECK(started_when_told <= 1);
  CHECK(bench.body("a").tries.size() == 1);
}

TEST_CASE("while states cannot be written nothing starts and nothing is told; when they can again, it goes on") {
  Bench bench;
  bench.start(bench.dag({bench.task("a")}));
  auto other = storage::Database::open(bench.state_file());
  REQUIRE(other);
  REQUIRE((*other)->execute("ALTER TABLE tries RENAME TO away"));
  bench.changes.clear();
  bool told = false;
  bench.scheduler->trigger({.dag_id = "d"}, [&](const Result<RunInfo>& run) { told = run.ok(); });
  bench.loop->advance(Seconds{5});
  CHECK_FALSE(told);
  CHECK(bench.changes.empty());
  CHECK(bench.body("a").tries.empty());
  REQUIRE(bench.scheduler->trouble());
  CHECK(bench.scheduler->trouble()->code() == "SO-D201");
  REQUIRE((*other)->execute("ALTER TABLE away RENAME TO tries"));
  bench.loop->advance(Seconds{1});
  CHECK(told);
  CHECK(bench.body("a").tries.size() == 1);
  CHECK_FALSE(bench.scheduler->trouble());
  bench.end("a");
  CHECK(bench.run_states() == "success");
}

TEST_CASE("a task that left the file is removed from a run that waited for it") {
  Bench bench;
  bench.start(bench.dag({bench.task("a"), bench.task("gone", {"a"})}));
  const std::string run = bench.trigger();
  bench.crash();
  bench.start(bench.dag({bench.task("a")}));
  bench.end("a");
  CHECK(bench.run_states() == "success");
  CHECK(bench.task_states(run).find("gone:removed") != std::string::npos);
}

TEST_CASE("stop() cancels bodies but leaves the run under way for the next start") {
  Bench bench;
  bench.start(bench.dag({bench.task("a")}));
  const std::string run = bench.trigger();
  bool stopped = false;
  bench.scheduler->stop([&] { stopped = true; });
  bench.loop->settle();
  CHECK(stopped);
  CHECK(bench.body("a").tries[0].cancelled == 1);
  CHECK(bench.answer([&](Done<RunInfo> done) { bench.scheduler->trigger({.dag_id = "d"}, done); }) == "SO-W007");
  bench.crash();
  bench.start(bench.dag({bench.task("a")}));
  CHECK(bench.task_states(run) == "a:running");
  CHECK(bench.body("a").tries.back().context.resumed);
}

TEST_CASE("clearing a task of a finished run runs it and those after it again, with fresh tries") {
  Bench bench;
  bench.start(bench.dag({bench.task("a"), bench.task("b", {"a"}), bench.task("c", {"b"})}));
  const std::string run = bench.trigger();
  bench.end("a");
  bench.end("b", broken);
  CHECK(bench.run_states() == "failed");
  CHECK(clear(bench, {.dag_id = "d", .run_id = run, .task_id = "b"}) == "ok");
  CHECK(bench.task_states(run) == "a:success b:running c:none");
  CHECK(bench.run_states() == "running");
  CHECK(bench.body("b").tries.back().context.try_number == 2);
  bench.end("b");
  bench.end("c");
  CHECK(bench.run_states() == "success");
  CHECK(clear(bench, {.dag_id = "d", .run_id = run, .only_failed = true}) == "SO-W009");
  CHECK(clear(bench, {.dag_id = "d", .run_id = run, .task_id = "nobody"}) == "SO-W008");
  CHECK(clear(bench, {.dag_id = "d", .run_id = "nothing"}) == "SO-W008");
  CHECK(bench.run_states() == "success");
}

TEST_CASE("clearing a running task cancels it and starts the next try when the old one has ended") {
  Bench bench;
  bench.body("a").ends_when_cancelled = false;
  bench.start(bench.dag({bench.task("a")}));
  const std::string run = bench.trigger();
  CHECK(clear(bench, {.dag_id = "d", .run_id = run}) == "ok");
  CHECK(bench.task_states(run) == "a:restarting");
  CHECK(bench.body("a").tries.size() == 1);
  bench.end("a");
  REQUIRE(bench.body("a").tries.size() == 2);
  CHECK(bench.body("a").tries[1].context.try_number == 2);
  bench.end("a");
  CHECK(bench.run_states() == "success");
}

TEST_CASE("marking a run failed cancels what runs (SO-W013) and skips what has not begun") {
  Bench bench;
  bench.start(bench.dag({bench.task("a"), bench.task("b", {"a"})}));
  const std::string run = bench.trigger();
  CHECK(mark(bench, run, RunState::failed) == "ok");
  CHECK(bench.body("a").tries[0].cancelled == 1);
  CHECK(bench.task_states(run) == "a:failed b:skipped");
  CHECK(bench.tasks(run)[0].error_code == "SO-W013");
  CHECK(bench.run_states() == "failed");
  CHECK(mark(bench, run, RunState::success) == "SO-W009");
  CHECK(mark(bench, "nothing", RunState::success) == "SO-W008");

  const std::string other = bench.trigger();
  CHECK(mark(bench, other, RunState::success) == "ok");
  CHECK(bench.task_states(other) == "a:success b:success");
}

TEST_CASE("a cancelled body that does not end is given up after its grace, and its late end changes nothing") {
  Bench bench;
  bench.body("a").ends_when_cancelled = false;
  bench.start(bench.dag({bench.task("a")}));
  const std::string run = bench.trigger();
  CHECK(mark(bench, run, RunState::failed) == "no answer");
  bench.loop->advance(Seconds{10});
  CHECK(bench.task_states(run) == "a:failed");
  CHECK(bench.run_states() == "failed");
  const std::string next = bench.trigger();
  bench.body("a").tries[0].done(Ok());
  bench.loop->settle();
  CHECK(bench.task_states(next) == "a:running");
}

TEST_CASE("only the newest finished runs are remembered") {
  Bench bench;
  bench.options.keep_runs = 3;
  bench.crash();
  bench.start(bench.dag({bench.task("a")}));
  for (int i = 0; i < 5; ++i) {
    bench.trigger();
    bench.end("a");
  }
  CHECK(bench.runs().size() == 3);
  CHECK(bench.runs()[0].number == 5);
}

TEST_CASE("states and log lines are told in the order in which they happen") {
  Bench bench;
  bench.start(bench.dag({bench.task("a")}));
  bench.changes.clear();
  bench.trigger();
  bench.end("a");
  std::string told;
  for (const Change& change : bench.changes) {
    if (const auto* run = std::get_if<RunInfo>(&change)) told += "run:" + std::string(to_string(run->state)) + " ";
    if (const auto* task = std::get_if<TaskInstanceInfo>(&change))
      told += "task:" + std::string(to_string(task->state)) + " ";
  }
  CHECK(told == "run:queued task:none run:running task:running task:success run:success ");
}

TEST_CASE("an idle scheduler sleeps until its next run is due, an hour at a time") {
  Bench bench;
  bench.start(bench.dag({bench.task("a")}, "@daily"));
  CHECK(*bench.loop->next_due() == *parse_iso8601("2026-01-01T11:00:00Z"));
  bench.loop->advance(std::chrono::hours{14} - Seconds{1});
  CHECK(bench.runs().empty());
  bench.loop->advance(Seconds{1});
  CHECK(bench.run_states() == "running");
}
