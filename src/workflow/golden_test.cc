// The timetable, the delays and the trigger rules, held against what the real Airflow did: tests/golden/timetables.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "workflow/retry.h"
#include "workflow/schedule.h"
#include "workflow/trigger_rule.h"

using namespace streamops;
using namespace streamops::workflow;

namespace {

/// The lines of a golden file that are not comments, split at `|`.
std::vector<std::vector<std::string>> golden(const std::string& name) {
  std::ifstream file(std::string(STREAMOPS_SOURCE_DIR) + "/tests/golden/timetables/" + name);
  REQUIRE(file.good());
  std::vector<std::vector<std::string>> out;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string>& fields = out.emplace_back();
    for (std::string_view piece : split(line, '|')) fields.emplace_back(trim(piece));
  }
  return out;
}

/// "29577600 +1440 +1440": the first in minutes since 1970, each other one after the one before.
std::vector<WallTime> read_times(const std::string& text) {
  std::vector<WallTime> out;
  for (std::string_view piece : split(text, ' ')) {
    const auto minutes = std::chrono::minutes{std::stoll(std::string(piece))};
    out.push_back(piece[0] == '+' ? out.back() + minutes : WallTime{minutes});
  }
  return out;
}

TaskState state_of(char letter) {
  switch (letter) {
    case 'S':
      return TaskState::success;
    case 'F':
      return TaskState::failed;
    case 'K':
      return TaskState::skipped;
    default:
      return TaskState::upstream_failed;
  }
}

}  // namespace

TEST_CASE("runs are due when Airflow's trigger timetable says, over every change of the clocks") {
  const auto cases = golden("airflow-3.3.2.txt");
  CHECK(cases.size() > 200);
  for (const auto& fields : cases) {
    CAPTURE(join(fields, " | "));
    const auto schedule = Schedule::parse(fields[0], fields[1]);
    REQUIRE(schedule);
    const WallTime start = *parse_iso8601(fields[2]);
    const WallTime now = *parse_iso8601(fields[3]);
    std::optional<WallTime> last;
    for (const WallTime& expected : read_times(fields[5])) {
      const auto due = schedule->next_run(last, start, fields[4] == "yes", now);
      REQUIRE(due);
      CHECK(to_iso8601(*due) == to_iso8601(expected));
      last = due;
    }
  }
}

TEST_CASE("a failed try waits as long as it does in Airflow, to the second of its jitter") {
  const auto cases = golden("airflow-3.3.2-retries.txt");
  CHECK(cases.size() == 72);
  for (const auto& fields : cases) {
    CAPTURE(join(fields, " | "));
    TaskSpec task;
    task.id = "t";
    task.retry_backoff = std::stod(fields[0]);
    task.retry_delay = Microseconds{std::llround(std::stod(fields[1]) * 1e6)};
    const WallTime logical_date = *parse_iso8601("2026-11-22T00:00:00Z");
    const Microseconds delay = retry_delay(task, "d", logical_date, std::stoi(fields[2]));
    CHECK(delay.count() == std::llround(std::stod(fields[3]) * 1e6));
  }
}

TEST_CASE("a task after others follows its trigger rule as in Airflow, whichever of them ended first") {
  const auto cases = golden("airflow-3.3.2-trigger-rules.txt");
  CHECK(cases.size() == 192);
  for (const auto& fields : cases) {
    CAPTURE(join(fields, " | "));
    const auto rule = parse_trigger_rule(fields[0]);
    REQUIRE(rule);
    std::vector<TaskState> ends;
    if (fields[2] == "UF_S") {
      ends = {TaskState::upstream_failed, TaskState::success};
    } else {
      for (char letter : fields[2]) ends.push_back(state_of(letter));
    }
    const TaskState first = state_of(fields[1][0]);
    std::stable_partition(ends.begin(), ends.end(), [&](TaskState state) { return state == first; });

    std::vector<TaskState> upstream(ends.size(), TaskState::running);
    std::optional<TaskState> verdict = evaluate(*rule, upstream);
    for (std::size_t i = 0; i < ends.size() && !verdict; ++i) {
      upstream[i] = ends[i];
      verdict = evaluate(*rule, upstream);
    }
    REQUIRE(verdict);
    const TaskState shown = *verdict == TaskState::scheduled ? TaskState::success : *verdict;  // what may run succeeds
    CHECK(to_string(shown) == fields[3]);
  }
}
