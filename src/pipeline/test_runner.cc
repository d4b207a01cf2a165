#include "pipeline/test_runner.h"

#include <set>

#include "base/text.h"

namespace streamops::pipeline {

namespace {

constexpr std::string_view epoch_mark = "---";  // among the records given

void add_lines(const Located& block, ScenarioLine::Kind kind, const std::string& target, const yaml::Document& document,
               std::vector<ScenarioLine>& lines) {
  std::size_t offset = 0;
  for (const std::string_view text : split(block.text, '\n')) {
    if (!trim(text).empty()) {
      const bool is_mark = kind == ScenarioLine::Kind::in && trim(text) == epoch_mark;
      ScenarioLine line{.kind = is_mark ? ScenarioLine::Kind::epoch : kind,
                        .target = target,
                        .text = std::string(trim(text)),
                        .key = {},
                        .at = {},
                        .place = {}};
      line.place = document.place_in(*block.node, offset, static_cast<std::uint32_t>(text.size()));
      lines.push_back(std::move(line));
    }
    offset += text.size() + 1;
  }
}

std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = trim(text.substr(end));
  return word;
}

/// `users key=7 {...}`: a record of a further stream or a table; without a value it takes the key out.
void name_inputs(const CheckedStep& step, std::vector<ScenarioLine>& lines) {
  for (ScenarioLine& line : lines) {
    std::string_view rest = line.text;
    const std::string_view name = take_word(rest);
    for (const CheckedInput& input : step.inputs) {
      if (line.kind != ScenarioLine::Kind::in || input.spec->name != name || !input.spec->kafka) continue;
      line.target = input.spec->kafka->topic;
      if (rest.starts_with("key=")) line.key = std::string(take_word(rest).substr(4));
      if (rest.empty()) line.kind = ScenarioLine::Kind::tombstone;
      line.text = std::string(rest);
      break;
    }
  }
}

/// A test of the file as a scenario: its records go into the step, its rows come out of the step's sink.
Scenario to_scenario(const TestSpec& test, const CheckedStep& step, const CheckedPipeline& pipeline) {
  const yaml::Document& document = *pipeline.file.document;
  const bool is_stream = step.spec->kafka_source.has_value();
  Scenario scenario{test.name, document.file(), test.clock, {}};
  add_lines(test.given, ScenarioLine::Kind::in, is_stream ? step.spec->kafka_source->topic : step.name(), document,
            scenario.lines);
  name_inputs(step, scenario.lines);
  ScenarioLine settle{.kind = ScenarioLine::Kind::settle,
                      .target = {},
                      .text = {},
                      .key = {},
                      .at = {},
                      .place = document.place(*test.node)};
  scenario.lines.push_back(std::move(settle));
  const std::string target = step.cassandra_sink ? step.cassandra_sink->table : step.spec->kafka_sink->topic;
  if (test.expect.node != nullptr) add_lines(test.expect, ScenarioLine::Kind::out, target, document, scenario.lines);
  for (const Located& code : test.dead_letters) {
    ScenarioLine line{
        .kind = ScenarioLine::Kind::error, .target = code.text, .text = {}, .key = {}, .at = {}, .place = {}};
    line.place = document.place(*code.node);
    scenario.lines.push_back(std::move(line));
  }
  return scenario;
}

/// The pipeline with the one step under test: what other steps make of its rows is not asked.
CheckedPipelinePtr only(const CheckedPipelinePtr& pipeline, const CheckedStep& step) {
  auto copy = std::make_shared<CheckedPipeline>(*pipeline);
  std::erase_if(copy->tasks, [&](const CheckedStep& other) { return other.spec != step.spec; });
  std::erase_if(copy->streams, [&](const CheckedStep& other) { return other.spec != step.spec; });
  return copy;
}

}  // namespace

std::vector<TestOutcome> run_file_tests(const CheckedPipelinePtr& pipeline, Coverage* coverage) {
  std::vector<TestOutcome> outcomes;
  for (const TestSpec& test : pipeline->file.tests) {
    const CheckedStep* step = pipeline->step(test.step.text);
    outcomes.push_back(run_scenario(to_scenario(test, *step, *pipeline), only(pipeline, *step), coverage));
  }
  return outcomes;
}

TestOutcome run_test_file(const std::string& path, std::unique_ptr<Coverage>* coverage) {
  const auto failed = [&](const Error& error) { return TestOutcome{path, false, {}, error}; };
  const Result<std::string> text = load_pipeline_text(path);
  if (!text) return failed(text.error());
  const Result<Scenario> scenario = parse_scenario(*text, path);
  if (!scenario) return failed(scenario.error());
  const std::string pipeline_path = path.substr(0, path.rfind('/') + 1) + scenario->pipeline;
  const Result<std::string> pipeline_text = load_pipeline_text(pipeline_path);
  if (!pipeline_text) return failed(pipeline_text.error());
  const Checking checking =
      check_pipeline(*pipeline_text, pipeline_path, "embedded", Surroundings::of_process(pipeline_path));
  if (!checking.errors.empty()) return failed(checking.errors[0]);
  if (coverage != nullptr) *coverage = std::make_unique<Coverage>(checking.pipeline);
  return run_scenario(*scenario, checking.pipeline, coverage == nullptr ? nullptr : coverage->get());
}

}  // namespace streamops::pipeline
