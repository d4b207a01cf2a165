#include "app/pipeline_text.h"
#include "app/verbs/test_record.h"
#include "app/verbs/verbs.h"
#include "base/json_writer.h"
#include "errors/app.h"
#include "pipeline/check.h"
#include "pipeline/test_runner.h"

namespace streamops::app {
namespace {

/// The outcomes of a .test file, or of the tests inside of a pipeline file; nothing after its mistakes were told.
std::optional<std::vector<pipeline::TestOutcome>> run_tests(const Arguments& arguments, Terminal& terminal,
                                                            ExitCode& code,
                                                            std::unique_ptr<pipeline::Coverage>& coverage) {
  const std::string path = arguments.text("FILE");
  const bool covers = arguments.has("--coverage");
  if (path.ends_with(".test")) return std::vector{pipeline::run_test_file(path, covers ? &coverage : nullptr)};
  const pipeline::CheckedPipelinePtr checked = load_pipeline(arguments, terminal, code);
  if (!checked) return std::nullopt;
  if (covers) coverage = std::make_unique<pipeline::Coverage>(checked);
  return pipeline::run_file_tests(checked, coverage.get());
}

void write_json(JsonWriter& json, const std::vector<pipeline::StepCoverage>& steps) {
  json.begin_array();
  for (const pipeline::StepCoverage& step : steps) {
    json.begin_object().field("step", step.step).field("reached", step.reached());
    json.field("not_measured", step.not_measured).key("branches").begin_array();
    for (const pipeline::Branch& branch : step.branches) {
      json.begin_object()
          .field("what", branch.what)
          .field("line", branch.place.line)
          .field("column", branch.place.column);
      json.field("reached", branch.reached).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void print(const std::vector<pipeline::StepCoverage>& steps, Terminal& terminal) {
  for (const pipeline::StepCoverage& step : steps) {
    const std::string not_measured = step.not_measured == 0 ? "" : fmt::format(", {} not measured", step.not_measured);
    terminal.print(fmt::format("coverage of {}: {} of {} branches{}", step.step, step.reached(), step.branches.size(),
                               not_measured));
    for (const pipeline::Branch& branch : step.branches) {
      if (branch.reached) continue;
      terminal.print(fmt::format("  {}  {}:{}:{}  {}", terminal.red("not reached"), branch.place.file,
                                 branch.place.line, branch.place.column, branch.what));
    }
  }
}

std::string to_json(const std::vector<pipeline::TestOutcome>& outcomes, const pipeline::Coverage* coverage) {
  JsonWriter json;
  if (coverage != nullptr) json.begin_object().key("tests");
  json.begin_array();
  for (const pipeline::TestOutcome& outcome : outcomes) {
    json.begin_object().field("name", outcome.name).field("passed", outcome.passed).key("difference").begin_array();
    for (const std::string& line : outcome.difference) json.string(line);
    json.end_array();
    if (outcome.error) json.field("error", outcome.error->to_line());
    json.end_object();
  }
  json.end_array();
  if (coverage != nullptr) {
    json.key("coverage");
    write_json(json, coverage->report());
    json.end_object();
  }
  return std::move(json).text();
}

ExitCode test(const Arguments& arguments, Terminal& terminal) {
  if (arguments.has("--record")) return record_live_test(arguments, terminal);
  for (const char* option : {"--stream", "--out"}) {
    if (!arguments.has(option)) continue;
    const Error error(errors::app::usage, "{} goes with --record", option);
    terminal.fail(error);
    return exit_code_for(error);
  }
  ExitCode code = ExitCode::success;
  std::unique_ptr<pipeline::Coverage> coverage;
  const auto outcomes = run_tests(arguments, terminal, code, coverage);
  if (!outcomes) return code;
  std::size_t failed = 0;
  for (const pipeline::TestOutcome& outcome : *outcomes) failed += outcome.passed ? 0 : 1;
  if (arguments.has("--json")) {
    terminal.print(to_json(*outcomes, coverage.get()));
  } else {
    for (const pipeline::TestOutcome& outcome : *outcomes) {
      terminal.print(
          fmt::format("{} {}", outcome.passed ? terminal.green("ok  ") : terminal.red("FAIL"), outcome.name));
      if (outcome.error) terminal.print(outcome.error->to_report());
      for (const std::string& line : outcome.difference) terminal.print("    " + line);
    }
    terminal.print(fmt::format("{} passed, {} failed", outcomes->size() - failed, failed));
    if (coverage != nullptr) print(coverage->report(), terminal);
  }
  return failed == 0 ? ExitCode::success : ExitCode::failed;
}

}  // namespace

VerbSpec test_verb() {
  return {
      .name = "test",
      .summary = "Run the tests of a pipeline file, or a .test file, in virtual time; write one from live records",
      .details =
          "Decoding, SQL and encoding are those of production; sources, sinks and the clock are the test's. Exit "
          "status 1 when a test fails. --coverage tells which branches of the SQL no test reached: arms of CASE and "
          "IF, conditions of WHERE that never hold or always do, CASTs and divisions that never fail. --record writes "
          "a .test file from the first records of a source (as `streamops preview` reads them, without side effects), "
          "expecting what comes out now.",
      .positionals = {{"FILE", "a pipeline file with `tests:`, or a .test file; the reference pipeline when left out"}},
      .options = {{"--coverage", OptionSpec::Kind::flag, {}, "tell the branches that no test reached", {}},
                  {"--record", OptionSpec::Kind::flag, {}, "write a .test file from live records", {}},
                  {"--stream", OptionSpec::Kind::text, "NAME", "with --record: the stream or task", {}},
                  {"--limit", OptionSpec::Kind::text, "N", "with --record: records, at most", "10"},
                  {"--out",
                   OptionSpec::Kind::text,
                   "PATH",
                   "with --record: the new file; STREAM_recorded.test beside FILE",
                   {}},
                  profile_option(),
                  data_directory_option(),
                  json_option()},
      .examples = {{"streamops test pipeline.yaml", "every test of the file"},
                   {"streamops test late_data.test", "one scenario"},
                   {"streamops test pipeline.yaml --coverage", "and what they leave untried"},
                   {"streamops test pipeline.yaml --record --stream created_users --limit 5",
                    "created_users_recorded.test, from the topic as it is"}},
      .run = test};
}

}  // namespace streamops::app
