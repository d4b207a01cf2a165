#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "errors/pipeline.h"
#include "format/json_reader.h"
#include "format/json_writer.h"
#include "pipeline/memory_ports.h"
#include "pipeline/pipeline.h"
#include "pipeline/scenario.h"
#include "runtime/virtual_loop.h"

namespace streamops::pipeline {

namespace {

using Kind = ScenarioLine::Kind;

/// The keys of a JSON object, not of those inside of it; good enough for texts that a JsonReader has read.
std::vector<std::string> keys_of(std::string_view json) {
  std::vector<std::string> keys;
  int depth = 0;
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (json[at] == '{' || json[at] == '[') ++depth;
    if (json[at] == '}' || json[at] == ']') --depth;
    if (json[at] != '"') continue;
    const std::size_t begin = ++at;
    while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
    const std::size_t after = json.find_first_not_of(" \t", std::min(at + 1, json.size()));
    const bool is_key = depth == 1 && after != std::string_view::npos && json[after] == ':';
    if (is_key) keys.emplace_back(json.substr(begin, at - begin));
  }
  return keys;
}

/// Lines of two lists that are not in their longest common sequence, marked.
std::vector<std::string> differences(const std::vector<std::string>& expected, const std::vector<std::string>& got) {
  const std::size_t rows = expected.size();
  const std::size_t columns = got.size();
  std::vector<std::vector<std::size_t>> common(rows + 1, std::vector<std::size_t>(columns + 1, 0));
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      common[i][j] = expected[i] == got[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::vector<std::string> out;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && expected[i] == got[j]) {
      ++i;
      ++j;
    } else if (i < rows && (j == columns || common[i + 1][j] >= common[i][j + 1])) {
      out.push_back("- " + expected[i++]);
    } else {
      out.push_back("+ " + got[j++]);
    }
  }
  return out;
}

class ScenarioRun {
 public:
  ScenarioRun(const Scenario& scenario, const CheckedPipelinePtr& pipeline)
      : scenario_(scenario), checked_(pipeline), loop_(scenario.clock), connectors_(make_memory_connectors(world_)) {}

  TestOutcome run(Coverage* coverage) {
    TestOutcome outcome{scenario_.name, false, {}, {}};
    start();
    for (std::size_t n = 0; n < scenario_.lines.size() && !error_;) {
      const ScenarioLine& line = scenario_.lines[n];
      if (line.kind == Kind::settle) {
        n = compare(n, outcome.difference);
      } else {
        act(line);
        ++n;
      }
    }
    if (!error_ && !world_.events.empty()) compare_rest(outcome.difference);
    stop();
    if (coverage != nullptr) tell(*coverage);
    outcome.passed = !error_ && outcome.difference.empty();
    if (error_) outcome.error = error_;
    if (!error_ && !outcome.passed) outcome.error = mismatch(outcome.difference.size());
    return outcome;
  }

 private:
  void start() {
    const auto checkpoints = [this](const std::string& owner) { return make_memory_checkpoints(world_, owner, loop_); };
    const auto states = [this](const std::string& owner) { return make_memory_state(world_, owner, loop_); };
    pipeline_ = std::make_unique<Pipeline>(
        checked_,
        PipelineEnvironment{
            loop_, *connectors_, checkpoints, nullptr, settings::Pipeline::from(SettingValues()), {}, states});
    pipeline_->start([this](const Result<void>& started) {
      if (!started) error_ = started.error();
    });
    loop_.settle();
    dag_ = pipeline_->dag();
    for (workflow::TaskSpec& task : dag_.tasks) {
      workflow::TaskContext context{
          .dag_id = dag_.id, .task_id = task.id, .run_id = "test", .logical_date = {}, .conf = {}, .log = {}};
      handles_.push_back(task.body->start(std::move(context), [](const Result<void>&) {}));
    }
    loop_.settle();
  }

  void stop() {
    pipeline_->stop([] {});
    loop_.advance(Seconds{2});
    handles_.clear();
    pipeline_.reset();
  }

  /// What went into each step, whether it was read or not.
  void tell(Coverage& coverage) {
    for (const CheckedStep& task : checked_->tasks) {
      std::vector<MemoryRecord> answers;
      for (const std::string& body : world_.bodies[checked_->owner(task)]) answers.push_back({0, {}, body});
      coverage.take(task.name(), to_records(answers));
    }
    for (const CheckedStep& stream : checked_->streams) {
      for (const auto& [partition, records] : world_.topics[stream.spec->kafka_source->topic].partitions) {
        coverage.take(stream.name(), to_records(records));
      }
    }
  }

  void act(const ScenarioLine& line) {
    switch (line.kind) {
      case Kind::in:
      case Kind::tombstone:
        return give(line);
      case Kind::advance:
        return loop_.advance(line.advance);
      case Kind::epoch:
        return loop_.advance(Seconds{2});
      case Kind::restart:
        stop();
        return start();
      case Kind::crash:
        handles_.clear();
        pipeline_.reset();
        return start();
      default:
        error_ = Error(errors::pipeline::bad_test_file, "what has to come out stands below a --- line")
                     .with_place(line.place);
    }
  }

  void give(const ScenarioLine& line) {
    for (const CheckedStep& task : checked_->tasks) {
      if (task.name() == line.target) return world_.answer(checked_->owner(task), line.text);
    }
    const std::int64_t at = to_millis(line.at.value_or(loop_.clock().wall()));
    const auto value = line.kind == Kind::tombstone ? std::nullopt : std::optional<std::string>(line.text);
    world_.append(line.target, line.partition, {at, line.key, value});
  }

  /// What the rows of a table or topic look like.
  data::SchemaPtr schema_of(const std::string& target) const {
    for (const CheckedStep& step : checked_->streams) {
      if (step.cassandra_sink && step.cassandra_sink->table == target) return step.query->output();
      if (step.spec->kafka_sink && step.spec->kafka_sink->topic == target) return step.query->output();
      if (step.spec->late && step.spec->late->topic == target) return step.source_schema;
    }
    for (const CheckedStep& step : checked_->tasks) {
      if (step.spec->kafka_sink->topic == target) return step.query->output();
    }
    return nullptr;
  }

  /// A row as the pipeline would write it.
  Result<std::string> normal(const ScenarioLine& line) const {
    const data::SchemaPtr schema = schema_of(line.target);
    if (schema == nullptr) {
      return Error(errors::pipeline::bad_test_file, "the pipeline writes no table or topic `{}`", line.target)
          .with_place(line.place);
    }
    for (const std::string& key : keys_of(line.text)) {
      if (schema->index_of(key) >= 0) continue;
      return Error(errors::pipeline::bad_test_file, "the rows of {} have no column `{}`", line.target, key)
          .with_place(line.place);
    }
    auto owner = std::make_shared<std::string>(line.text + std::string(64, '\0'));
    data::Records records{
        owner,
        {data::Record{.key = {}, .value = std::string_view(*owner).substr(0, line.text.size()), .headers = {}}},
        0};
    const format::Decoded decoded = format::JsonReader(schema).decode(records);
    if (!decoded.poison.empty()) {
      return Error(errors::pipeline::bad_test_file, "this row cannot be: {}", decoded.poison[0].error.message())
          .with_place(line.place);
    }
    std::string out;
    format::JsonRowWriter(*schema).append(decoded.batch, 0, out);
    return out;
  }

  Result<std::string> expectation(const ScenarioLine& line) const {
    if (line.kind == Kind::error) return line.text;
    return normal(line);
  }

  static std::string lane(Kind kind, const std::string& target) {
    const std::string_view word =
        kind == Kind::out ? "out" : (kind == Kind::gone ? "gone" : (kind == Kind::error ? "error" : "table"));
    return fmt::format("{} {}", word, target);
  }

  /// Lets everything settle, then compares with the expectations behind line `at`; returns the first line after them.
  std::size_t compare(std::size_t at, std::vector<std::string>& difference) {
    loop_.advance(Seconds{2});
    std::map<std::string, std::vector<std::string>> expected;
    std::size_t next = at + 1;
    for (; next < scenario_.lines.size(); ++next) {
      const ScenarioLine& line = scenario_.lines[next];
      if (line.kind != Kind::out && line.kind != Kind::gone && line.kind != Kind::error && line.kind != Kind::table)
        break;
      const Result<std::string> text = expectation(line);
      if (!text) {
        error_ = text.error();
        return next;
      }
      expected[lane(line.kind, line.target)].push_back(*text);
    }
    add_differences(expected, at, difference);
    return next;
  }

  void compare_rest(std::vector<std::string>& difference) {
    add_differences({}, scenario_.lines.size() - 1, difference);
  }

  void add_differences(std::map<std::string, std::vector<std::string>> expected, std::size_t at,
                       std::vector<std::string>& difference) {
    std::map<std::string, std::vector<std::string>> got;
    for (const MemoryEvent& event : world_.events) {
      const Kind kind = event.kind == MemoryEvent::Kind::out
                            ? Kind::out
                            : (event.kind == MemoryEvent::Kind::gone ? Kind::gone : Kind::error);
      got[lane(kind, event.target)].push_back(event.text);
    }
    world_.events.clear();
    for (auto& [name, lines] : expected) {
      if (name.starts_with("error ")) fill_identities(lines, got[name]);
      if (name.starts_with("table ")) got[name] = table_rows(name.substr(6));
      got.try_emplace(name);
    }
    for (const auto& [name, lines] : got) {
      for (const std::string& line : differences(expected[name], lines)) {
        difference.push_back(line.substr(0, 2) + name + " " + line.substr(2));
      }
    }
    if (!difference.empty() && !first_) first_ = scenario_.lines[at].place;
  }

  /// An expected dead letter without an identity stands for whichever came.
  static void fill_identities(std::vector<std::string>& expected, const std::vector<std::string>& got) {
    for (std::size_t n = 0; n < expected.size() && n < got.size(); ++n) {
      if (expected[n].empty()) expected[n] = got[n];
    }
  }

  std::vector<std::string> table_rows(const std::string& table) {
    std::vector<std::string> columns;
    for (const data::Field& field : schema_of(table)->fields()) columns.push_back(field.name);
    return world_.tables[table].visible(columns);
  }

  Error mismatch(std::size_t lines) const {
    const Error error(errors::pipeline::test_failed, "{}: {} lines differ", scenario_.name, lines);
    return first_ ? error.with_place(*first_) : error;
  }

  const Scenario& scenario_;
  CheckedPipelinePtr checked_;
  MemoryWorld world_;
  runtime::VirtualLoop loop_;
  std::unique_ptr<ConnectorFactory> connectors_;
  std::unique_ptr<Pipeline> pipeline_;
  workflow::DagSpec dag_;
  std::vector<std::unique_ptr<workflow::TaskHandle>> handles_;
  std::optional<Error> error_;
  std::optional<Place> first_;
};

}  // namespace

TestOutcome run_scenario(const Scenario& scenario, const CheckedPipelinePtr& pipeline, Coverage* coverage) {
  return ScenarioRun(scenario, pipeline).run(coverage);
}

}  // namespace streamops::pipeline
