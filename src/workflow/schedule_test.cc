#include "workflow/schedule.h"

#include <doctest/doctest.h>

#include "workflow/cron.h"
#include "workflow/dag.h"

using namespace streamops;
using namespace streamops::workflow;

namespace {

WallTime at(const char* text) {
  return *parse_iso8601(text);
}

std::string after(const char* cron, const char* time, const char* zone = "UTC") {
  const auto schedule = Schedule::parse(cron, zone);
  REQUIRE(schedule);
  return to_iso8601(schedule->next(at(time)));
}

std::string before(const char* cron, const char* time) {
  const auto schedule = Schedule::parse(cron);
  REQUIRE(schedule);
  return to_iso8601(schedule->previous(at(time)));
}

std::string code_of(const char* schedule, const char* zone = "UTC") {
  const auto parsed = Schedule::parse(schedule, zone);
  return parsed ? "" : std::string(parsed.error().code());
}

}  // namespace

TEST_CASE("cron fields take names, lists, ranges, steps, ranges around the end and steps without a range") {
  CHECK(after("0 12 * jan,JUL mon-fri", "2026-01-02T12:00:00Z") == "2026-01-05T12:00:00Z");
  CHECK(after("10-50/20 * * * *", "2026-01-01T00:11:00Z") == "2026-01-01T00:30:00Z");
  CHECK(after("5/25 * * * *", "2026-01-01T00:31:00Z") == "2026-01-01T00:55:00Z");
  CHECK(after("0 22-2/2 * * *", "2026-01-01T22:00:00Z") == "2026-01-02T00:00:00Z");
  CHECK(after("0 0 * * fri-mon", "2026-01-05T00:00:00Z") == "2026-01-09T00:00:00Z");  // from a Monday to the Friday
  CHECK(after("0 0 * * 7", "2026-01-01T00:00:00Z") == "2026-01-04T00:00:00Z");
  CHECK(after("0 0 * * 5-7", "2026-01-03T00:00:00Z") == "2026-01-04T00:00:00Z");
  CHECK(after("0 0 * nov-feb *", "2026-02-28T00:00:00Z") == "2026-11-01T00:00:00Z");
}

TEST_CASE("the last day, the second Friday and the leap day are found, forwards and backwards") {
  CHECK(after("0 0 L * *", "2028-02-01T00:00:00Z") == "2028-02-29T00:00:00Z");
  CHECK(after("0 0 * * 5#2", "2026-01-01T00:00:00Z") == "2026-01-09T00:00:00Z");
  CHECK(after("0 0 29 2 *", "2096-03-01T00:00:00Z") == "2104-02-29T00:00:00Z");
  CHECK(before("0 0 29 2 *", "2104-02-29T00:00:00Z") == "2096-02-29T00:00:00Z");
  CHECK(before("30 8 * * *", "2026-01-01T08:30:00Z") == "2025-12-31T08:30:00Z");
  CHECK(before("30 8 * * *", "2026-01-01T08:30:01Z") == "2026-01-01T08:30:00Z");
}

TEST_CASE("both day fields restricted means either of them") {
  CHECK(after("0 0 13 * 5", "2026-01-09T00:00:00Z") == "2026-01-13T00:00:00Z");
  CHECK(after("0 0 13 * 5", "2026-01-13T00:00:00Z") == "2026-01-16T00:00:00Z");
}

TEST_CASE("an hour that comes twice runs an hourly schedule twice and a daily one once") {
  CHECK(after("@hourly", "2026-10-25T00:00:00Z", "Europe/Zurich") == "2026-10-25T01:00:00Z");
  CHECK(after("@hourly", "2026-10-25T01:00:00Z", "Europe/Zurich") == "2026-10-25T02:00:00Z");
  CHECK(after("30 2 * * *", "2026-10-25T00:00:00Z", "Europe/Zurich") == "2026-10-25T01:30:00Z");
  CHECK(after("30 2 * * *", "2026-10-25T01:30:00Z", "Europe/Zurich") == "2026-10-26T01:30:00Z");
}

TEST_CASE("what is not a schedule is SO-W001 and says which field and why") {
  for (const char* wrong : {"* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
                            "* * * * 8", "*/0 * * * *", "a * * * *", "1- * * * *", ", * * * *", "* * * * 5#6",
                            "-1 * * * *", "@fortnightly", "1.5 * * * *", "99999999999 * * * *"}) {
    CAPTURE(wrong);
    CHECK(code_of(wrong) == "SO-W001");
  }
  const auto wrong = Schedule::parse("0 0 * * fro");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message() == "`0 0 * * fro`: day of week `fro` is not a number or a name");
  const auto near = Schedule::parse("@dayly");
  REQUIRE_FALSE(near);
  CHECK(near.error().label() == "did you mean `@daily`?");
}

TEST_CASE("an unknown zone is SO-W002, a date that never comes SO-W003") {
  CHECK(code_of("@daily", "Europe/Zuerich") == "SO-W002");
  CHECK(code_of("0 0 30 2 *") == "SO-W003");
  CHECK(code_of("0 0 31 4,6 *") == "SO-W003");
  CHECK(code_of("0 0 29 2 *").empty());
}

TEST_CASE("presets that are no cron have no times; @once is due one single time") {
  const WallTime now = at("2026-01-01T10:00:00Z");
  CHECK_FALSE(Schedule::parse("none")->next_run({}, now, false, now));
  CHECK_FALSE(Schedule::parse("")->next_run({}, now, false, now));
  CHECK_FALSE(Schedule::parse("@continuous")->next_run({}, now, false, now));
  CHECK(Schedule::parse("@once")->next_run({}, now, false, now) == now);
  CHECK_FALSE(Schedule::parse("@once")->next_run(now, now, false, now));
}

TEST_CASE(
    "without catchup a DAG first seen now waits for the next time; after a pause only the latest missed one is due") {
  const auto daily = Schedule::parse("@daily");
  const WallTime seen = at("2026-01-01T10:00:00Z");
  CHECK(*daily->next_run({}, seen, false, seen) == at("2026-01-02T00:00:00Z"));
  CHECK(*daily->next_run(at("2026-01-02T00:00:00Z"), seen, false, at("2026-01-09T08:00:00Z")) ==
        at("2026-01-09T00:00:00Z"));
  CHECK(*daily->next_run(at("2026-01-02T00:00:00Z"), seen, true, at("2026-01-09T08:00:00Z")) ==
        at("2026-01-03T00:00:00Z"));
}

TEST_CASE("a DAG with wrong names, unknown tasks or a circle is refused, and the circle is named") {
  const auto dag = [](std::vector<TaskSpec> tasks, std::string id = "d") {
    DagSpec spec;
    spec.id = std::move(id);
    spec.tasks = std::move(tasks);
    return spec;
  };
  const auto task = [](std::string id, std::vector<std::string> upstream = {}) {
    TaskSpec spec;
    spec.id = std::move(id);
    spec.upstream = std::move(upstream);
    return spec;
  };
  CHECK(check_dag(dag({task("a"), task("b", {"a"})})));
  CHECK(check_dag(dag({}, "")).error().code() == "SO-W004");
  CHECK(check_dag(dag({task("a b")})).error().code() == "SO-W004");
  CHECK(check_dag(dag({task("a"), task("a")})).error().code() == "SO-W004");
  const auto unknown = check_dag(dag({task("load"), task("b", {"laod"})}));
  CHECK(unknown.error().code() == "SO-W005");
  CHECK(unknown.error().label() == "did you mean `load`?");
  const auto circle = check_dag(dag({task("x"), task("a", {"c", "x"}), task("b", {"a"}), task("c", {"b"})}));
  CHECK(circle.error().code() == "SO-W006");
  CHECK(circle.error().message() == "in `d`: a waits for c waits for b waits for a");
}
