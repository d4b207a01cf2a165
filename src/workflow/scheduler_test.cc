#include "workflow/scheduler.h"

#include "errors/runtime.h"
#include "workflow/impl/test_bench.h"

using namespace streamops;
using namespace streamops::workflow;

namespace {

const Error broken(errors::runtime::cannot_connect, "nobody listens at 127.0.0.1:1");

}  // namespace

TEST_CASE("a run triggered by hand goes through its tasks in order and ends in success") {
  Bench bench;
  bench.start(bench.dag({bench.task("load", {"get"}), bench.task("get")}));
  const std::string run = bench.trigger();
  CHECK(run == "manual__2026-01-01T10:00:00+00:00");
  CHECK(bench.task_states(run) == "get:running load:none");
  CHECK(bench.body("get").tries.size() == 1);
  CHECK(bench.body("get").tries[0].context.try_number == 1);
  CHECK(bench.body("get").tries[0].context.run_id == run);
  CHECK_FALSE(bench.body("get").tries[0].context.resumed);
  bench.end("get");
  CHECK(bench.task_states(run) == "get:success load:running");
  bench.loop->advance(Seconds{5});
  bench.end("load");
  CHECK(bench.task_states(run) == "get:success load:success");
  CHECK(bench.run_states() == "success");
  CHECK(*bench.runs()[0].ended_at - *bench.runs()[0].started_at == Seconds{5});
  CHECK(bench.runs()[0].triggered_by == "test");
}

TEST_CASE("a failure fails the tasks after it and the run, and is kept with code and hint") {
  Bench bench;
  bench.start(bench.dag({bench.task("a"), bench.task("b", {"a"})}));
  const std::string run = bench.trigger();
  bench.end("a", broken);
  CHECK(bench.task_states(run) == "a:failed b:upstream_failed");
  CHECK(bench.run_states() == "failed");
  const TaskInstanceInfo info = bench.tasks(run)[0];
  CHECK(info.error_code == "SO-R003");
  CHECK(info.error == "nobody listens at 127.0.0.1:1");
  CHECK_FALSE(info.hint.empty());
}

TEST_CASE("a task that skips itself (SO-W010) is skipped, and so is what needs it; the run succeeds") {
  Bench bench;
  bench.start(bench.dag({bench.task("a"), bench.task("b", {"a"})}));
  const std::string run = bench.trigger();
  CHECK(skip_task("x").code() == "SO-W010");
  bench.end("a", skip_task("nothing new"));
  CHECK(bench.task_states(run) == "a:skipped b:skipped");
  CHECK(bench.run_states() == "success");
}

TEST_CASE("a failed try is retried after its delay until the tries are used up") {
  Bench bench;
  DagSpec dag = bench.dag({bench.task("a")});
  dag.tasks[0].retries = 2;
  dag.tasks[0].retry_delay = Seconds{30};
  bench.start(std::move(dag));
  const std::string run = bench.trigger();
  bench.end("a", broken);
  CHECK(bench.task_states(run) == "a:up_for_retry");
  CHECK(*bench.tasks(run)[0].retry_at == *parse_iso8601("2026-01-01T10:00:30Z"));
  bench.loop->advance(Seconds{29});
  CHECK(bench.body("a").tries.size() == 1);
  bench.loop->advance(Seconds{1});
  REQUIRE(bench.body("a").tries.size() == 2);
  CHECK(bench.body("a").tries[1].context.try_number == 2);
  bench.end("a", broken);
  bench.loop->advance(Seconds{30});
  bench.end("a");
  CHECK(bench.run_states() == "success");
  std::vector<TryInfo> tries;
  bench.scheduler->tries("d", run, "a", [&](const Result<std::vector<TryInfo>>& all) { tries = *all; });
  bench.loop->settle();
  REQUIRE(tries.size() == 3);
  CHECK(tries[0].state == TaskState::failed);
  CHECK(tries[0].error_code == "SO-R003");
  CHECK(tries[2].state == TaskState::success);
}

TEST_CASE("a try that takes longer than its timeout is cancelled and fails with SO-W012") {
  Bench bench;
  DagSpec dag = bench.dag({bench.task("a")});
  dag.tasks[0].timeout = Seconds{60};
  bench.start(std::move(dag));
  const std::string run = bench.trigger();
  bench.loop->advance(Seconds{59});
  CHECK(bench.body("a").tries[0].cancelled == 0);
  bench.loop->advance(Seconds{1});
  CHECK(bench.body("a").tries[0].cancelled == 1);
  CHECK(bench.task_states(run) == "a:failed");
  CHECK(bench.tasks(run)[0].error_code == "SO-W012");
}

TEST_CASE("only max_active_runs run at a time; the others wait in their order") {
  Bench bench;
  bench.start(bench.dag({bench.task("a")}));
  bench.trigger();
  bench.trigger();
  bench.trigger();
  CHECK(bench.run_states() == "queued queued running");
  bench.end("a");
  CHECK(bench.run_states() == "queued running success");
  bench.end("a");
  bench.end("a");
  CHECK(bench.run_states() == "success success success");
}

TEST_CASE("scheduled runs come at their times, one for all that were missed, and never while paused") {
  Bench bench("2026-01-01T10:05:00Z");
  bench.start(bench.dag({bench.task("a")}, "@hourly"));
  CHECK(bench.runs().empty());
  CHECK(to_iso8601(*bench.scheduler->dags()[0].next_run) == "2026-01-01T11:00:00Z");
  bench.loop->advance(std::chrono::hours{1});
  REQUIRE(bench.runs().size() == 1);
  CHECK(bench.runs()[0].run_id == "scheduled__2026-01-01T11:00:00+00:00");
  CHECK(bench.runs()[0].type == RunType::scheduled);
  bench.loop->advance(std::chrono::hours{5} + std::chrono::minutes{10});  // the run is still going on
  CHECK(bench.runs().size() == 1);
  bench.end("a");
  bench.loop->advance(Seconds{1});
  REQUIRE(bench.runs().size() == 2);
  CHECK(bench.runs()[0].run_id == "scheduled__2026-01-01T16:00:00+00:00");
  bench.end("a");

  CHECK(bench.answer([&](Done<void> done) { bench.scheduler->set_paused("d", true, done); }) == "ok");
  CHECK_FALSE(bench.scheduler->dags()[0].next_run);
  bench.loop->advance(std::chrono::hours{3});
  CHECK(bench.runs().size() == 2);
  CHECK(bench.answer([&](Done<void> done) { bench.scheduler->set_paused("d", false, done); }) == "ok");
  bench.loop->advance(Seconds{1});
  REQUIRE(bench.runs().size() == 3);
  CHECK(bench.runs()[0].run_id == "scheduled__2026-01-01T19:00:00+00:00");
}

TEST_CASE("with catchup every missed time gets its run, oldest first") {
  Bench bench;
  DagSpec dag = bench.dag({bench.task("a")}, "@daily");
  dag.catchup = true;
  dag.start_date = *parse_iso8601("2025-12-29T12:00:00Z");
  bench.start(std::move(dag));
  for (int i = 0; i < 3; ++i) {
    bench.loop->advance(Seconds{1});
    bench.end("a");
  }
  bench.loop->advance(Seconds{1});
  const auto runs = bench.runs();
  REQUIRE(runs.size() == 3);
  CHECK(runs[2].run_id == "scheduled__2025-12-30T00:00:00+00:00");
  CHECK(runs[0].run_id == "scheduled__2026-01-01T00:00:00+00:00");
}

TEST_CASE("@continuous starts the next run when one ends, @once runs one single time") {
  Bench bench;
  bench.start(bench.dag({bench.task("a")}, "@continuous"));
  bench.loop->advance(Seconds{1});
  bench.end("a");
  bench.loop->advance(Seconds{1});
  bench.end("a");
  bench.loop->advance(Seconds{1});
  CHECK(bench.run_states() == "running success success");

  Bench once;
  once.start(once.dag({once.task("a")}, "@once"));
  once.loop->advance(Seconds{1});
  once.end("a");
  once.loop->advance(std::chrono::hours{48});
  CHECK(once.run_states() == "success");
}

TEST_CASE("a run of a paused DAG waits, unless the trigger unpauses it") {
  Bench bench;
  bench.start(bench.dag({bench.task("a")}));
  CHECK(bench.answer([&](Done<void> done) { bench.scheduler->set_paused("d", true, done); }) == "ok");
  bench.trigger();
  CHECK(bench.run_states() == "queued");
  bench.scheduler->trigger({.dag_id = "d", .unpause = true}, [](const Result<RunInfo>&) {});
  bench.loop->settle();
  CHECK(bench.run_states() == "queued running");
  CHECK_FALSE(bench.scheduler->dags()[0].paused);
}

TEST_CASE("two triggers in one microsecond are two runs; a taken id or date is SO-W011, an unknown DAG SO-W008") {
  Bench bench;
  bench.start(bench.dag({bench.task("a")}));
  const std::string first = bench.trigger();
  const std::string second = bench.trigger();
  CHECK(second == "manual__2026-01-01T10:00:00.000001+00:00");
  const auto code = [&](TriggerRequest request) {
    return bench.answer([&](Done<RunInfo> done) { bench.scheduler->trigger(request, done); });
  };
  CHECK(code({.dag_id = "d", .run_id = first}) == "SO-W011");
  CHECK(code({.dag_id = "d", .logical_date = *parse_iso8601("2026-01-01T10:00:00Z")}) == "SO-W011");
  CHECK(code({.dag_id = "d", .run_id = "mine"}) == "ok");
  CHECK(code({.dag_id = "nobody"}) == "SO-W008");
}

TEST_CASE("a policy triggers at the first start, at every start, or never") {
  Bench bench;
  bench.start(bench.dag({bench.task("a")}), TriggerPolicy::first);
  CHECK(bench.run_states() == "running");
  CHECK(bench.runs()[0].triggered_by == "start");
  bench.end("a");
  bench.crash();
  bench.start(bench.dag({bench.task("a")}), TriggerPolicy::first);
  CHECK(bench.run_states() == "success");
  bench.crash();
  bench.loop->advance(Seconds{1});
  bench.start(bench.dag({bench.task("a")}), TriggerPolicy::always);
  CHECK(bench.run_states() == "running success");
  CHECK(parse_trigger_policy("always") == TriggerPolicy::always);
  CHECK_FALSE(parse_trigger_policy("sometimes"));
}

TEST_CASE("the log of a try is kept with offsets, told at once, and closed when the try ends") {
  Bench bench;
  bench.start(bench.dag({bench.task("a")}));
  const std::string run = bench.trigger();
  const std::shared_ptr<TaskLog> log = bench.body("a").tries[0].context.log;
  bench.changes.clear();
  log->info("poll 1: 10 users");
  log->warning(std::string("bad \xff byte ") + std::string(20'000, 'x'));
  bench.loop->settle();
  REQUIRE(bench.changes.size() == 2);
  CHECK(std::get<LogAppended>(bench.changes[0]).line.text == "poll 1: 10 users");
  CHECK(std::get<LogAppended>(bench.changes[0]).line.offset == 1);
  bench.end("a");
  log->info("too late");
  const auto lines = bench.log(run, "a");
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "try 1 of 1 starts");
  CHECK(lines[2].size() < 17'000);
  CHECK(lines[2].substr(0, 8) == "bad \xEF\xBF\xBD ");
  CHECK(lines[3] == "done");
  CHECK(bench.log(run, "a", 1, 3) == std::vector<std::string>{"done"});
}
