// A test from live records: run once without expectations, what came out is what is expected.
#include <algorithm>

#include "base/text.h"
#include "errors/pipeline.h"
#include "pipeline/test_runner.h"

namespace streamops::pipeline {

namespace {

/// The record as a line of a test; nothing for one that no line can hold.
std::optional<std::string> line_of(const CheckedStep& step, const data::Record& record) {
  const bool is_stream = step.spec->kafka_source.has_value();
  std::string value(record.value.value_or(std::string_view()));
  std::replace(value.begin(), value.end(), '\n', ' ');  // JSON has line ends between values only
  std::replace(value.begin(), value.end(), '\r', ' ');
  const bool plain_key =
      !record.key || (is_utf8(*record.key) && record.key->find_first_of(" \t\n") == std::string::npos);
  const bool readable =
      is_utf8(value) && value.find('\0') == std::string::npos && value.find("  # ") == std::string::npos;
  if (!plain_key || !readable || (is_stream && record.value && trim(value).empty())) return std::nullopt;
  if (!is_stream) return fmt::format("in        {} {}", step.name(), value);
  std::string line = fmt::format("{} {}", record.value ? "in       " : "tombstone", step.spec->kafka_source->topic);
  if (record.key) line += fmt::format(" key={}", *record.key);
  if (record.partition != 0) line += fmt::format(" partition={}", record.partition);
  line += fmt::format(" at={}", to_iso8601(from_millis(record.timestamp_ms)));
  return record.value ? line + " " + value : line;
}

/// What came out and was not expected, as lines that expect it.
std::vector<std::string> expected_lines(const TestOutcome& outcome) {
  std::vector<std::string> lines;
  for (const std::string& difference : outcome.difference) {
    if (difference.starts_with("+ ")) lines.push_back(difference.substr(2));
  }
  return lines;
}

}  // namespace

Result<RecordedTest> record_test(const CheckedPipelinePtr& pipeline, const CheckedStep& step,
                                 const data::Records& records, const std::string& pipeline_name) {
  RecordedTest test;
  std::int64_t newest = 0;
  std::string given;
  for (const data::Record& record : records.records) {
    const std::optional<std::string> line = line_of(step, record);
    if (!line) {
      ++test.left_out;
      continue;
    }
    newest = std::max(newest, record.timestamp_ms);
    ++test.records;
    given += *line + "\n";
  }
  test.text = fmt::format("# {} records of {}, as they were\npipeline  {}\nclock     {}\n", test.records, step.name(),
                          pipeline_name, to_iso8601(from_millis(newest)));
  test.text += given + "---\n";
  STREAMOPS_ASSIGN(const Scenario blank, parse_scenario(test.text, "(recorded)"));
  const TestOutcome first = run_scenario(blank, pipeline);
  if (first.error && !first.error->is(errors::pipeline::test_failed)) return *first.error;
  for (const std::string& line : expected_lines(first)) {
    test.text += line + "\n";
    ++test.lines;
  }
  STREAMOPS_ASSIGN(const Scenario whole, parse_scenario(test.text, "(recorded)"));
  const TestOutcome second = run_scenario(whole, pipeline);
  if (second.passed) return test;
  if (second.difference.empty()) return *second.error;
  return Error(errors::pipeline::unstable_test, "run again, {} lines differ, the first: {}", second.difference.size(),
               second.difference[0]);
}

}  // namespace streamops::pipeline
