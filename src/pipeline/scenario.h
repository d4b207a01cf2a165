// pipeline/scenario.h — a test as text: what goes in, what has to come out.
//
//   # comment
//   pipeline  users.yaml                                   beside the test file
//   clock     2024-01-01T12:00:00Z                         before anything goes in
//   in        users_created key=7 {"id":"7"}               a record into a topic; options: key=, partition=, at=TIME
//   in        stream_data_from_api {"results":[]}          an answer of the API, for a task
//   tombstone users_created key=7                          a record without a value
//   ---                                                    everything settles; what came out is compared with the lines
//   below out       created_users {"id":"7"}                     a row written, into a table or topic; nulls left out
//   gone      created_users {"id":"7"}                     a row deleted, by its key
//   error     SO-F001 users_created/0/0/decode             a dead letter
//   table     created_users {"id":"7"}                     all such lines together: the table as it stands now
//   advance   10s                                          the clock goes on
//   restart                                                stops cleanly, starts again on what is stored
//   crash                                                  drops everything in memory, starts again
//
// Between two --- each kind of line is compared in order, for each table, topic and code apart. Whatever comes out and
// is not expected is a difference. Rows are read and written again with the schema of the select, so blanks and the
// order of keys do not matter.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/check.h"
#include "pipeline/coverage.h"

namespace streamops::pipeline {

struct ScenarioLine {
  enum class Kind : std::uint8_t {
    in,
    tombstone,
    settle,
    epoch,
    out,
    gone,
    error,
    table,
    advance,
    restart,
    crash
  } kind;
  std::string target;  // topic, task, table or code
  std::string text;    // record, row, key or identity
  std::optional<std::string> key;
  std::int32_t partition = 0;
  std::optional<WallTime> at;
  Microseconds advance{0};
  Place place;
};

struct Scenario {
  std::string name;
  std::string pipeline;  // file name, as written
  WallTime clock;
  std::vector<ScenarioLine> lines;
};

/// Reads a test file. Errors: SO-P090 with place.
Result<Scenario> parse_scenario(std::string_view text, const std::string& file);

/// How one test went.
struct TestOutcome {
  std::string name;
  bool passed = false;
  /// "- " lines were expected and did not come, "+ " lines came and were not expected.
  std::vector<std::string> difference;
  std::optional<Error> error;  // SO-P091 with the place of the first difference, or what kept the test from running
};

/// Runs a scenario in virtual time: production code between ports in memory. `coverage`, if given, is of the same file
/// and takes what went into each step.
TestOutcome run_scenario(const Scenario& scenario, const CheckedPipelinePtr& pipeline, Coverage* coverage = nullptr);

}  // namespace streamops::pipeline
