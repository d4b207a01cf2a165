#include "app/pipeline_text.h"
#include "app/verbs/verbs.h"
#include "base/json_writer.h"
#include "pipeline/check.h"
#include "pipeline/test_runner.h"

namespace streamops::app {
namespace {

/// The outcomes of a .test file, or of the tests inside of a pipeline file; nothing after its mistakes were told.
std::optional<std::vector<pipeline::TestOutcome>> run_tests(const Arguments& arguments, Terminal& terminal,
                                                            ExitCode& code) {
  const std::string path = arguments.text("FILE");
  if (path.ends_with(".test")) return std::vector{pipeline::run_test_file(path)};
  const pipeline::CheckedPipelinePtr checked = load_pipeline(arguments, terminal, code);
  if (!checked) return std::nullopt;
  return pipeline::run_file_tests(checked);
}

std::string to_json(const std::vector<pipeline::TestOutcome>& outcomes) {
  JsonWriter json;
  json.begin_array();
  for (const pipeline::TestOutcome& outcome : outcomes) {
    json.begin_object().field("name", outcome.name).field("passed", outcome.passed).key("difference").begin_array();
    for (const std::string& line : outcome.difference) json.string(line);
    json.end_array();
    if (outcome.error) json.field("error", outcome.error->to_line());
    json.end_object();
  }
  json.end_array();
  return std::move(json).text();
}

ExitCode test(const Arguments& arguments, Terminal& terminal) {
  ExitCode code = ExitCode::success;
  const auto outcomes = run_tests(arguments, terminal, code);
  if (!outcomes) return code;
  std::size_t failed = 0;
  for (const pipeline::TestOutcome& outcome : *outcomes) failed += outcome.passed ? 0 : 1;
  if (arguments.has("--json")) {
    terminal.print(to_json(*outcomes));
  } else {
    for (const pipeline::TestOutcome& outcome : *outcomes) {
      terminal.print(
          fmt::format("{} {}", outcome.passed ? terminal.green("ok  ") : terminal.red("FAIL"), outcome.name));
      if (outcome.error) terminal.print(outcome.error->to_report());
      for (const std::string& line : outcome.difference) terminal.print("    " + line);
    }
    terminal.print(fmt::format("{} passed, {} failed", outcomes->size() - failed, failed));
  }
  return failed == 0 ? ExitCode::success : ExitCode::failed;
}

}  // namespace

VerbSpec test_verb() {
  return {
      .name = "test",
      .summary = "Run the tests of a pipeline file, or a .test file, in virtual time",
      .details =
          "Decoding, SQL and encoding are those of production; sources, sinks and the clock are the test's. Exit "
          "status 1 when a test fails.",
      .positionals = {{"FILE", "a pipeline file with `tests:`, or a .test file; the reference pipeline when left out"}},
      .options = {profile_option(), json_option()},
      .examples = {{"streamops test pipeline.yaml", "every test of the file"},
                   {"streamops test late_data.test", "one scenario"}},
      .run = test};
}

}  // namespace streamops::app
