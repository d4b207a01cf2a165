#include "app/verbs/test_record.h"

#include <charconv>
#include <filesystem>

#include "app/choose_step.h"
#include "app/live_records.h"
#include "app/pipeline_text.h"
#include "base/json_writer.h"
#include "errors/app.h"
#include "pipeline/test_runner.h"

namespace streamops::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_records = 10'000;

Result<std::size_t> limit_of(const Arguments& arguments) {
  const std::string text = arguments.text("--limit");
  std::size_t number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (bad == std::errc() && end == text.data() + text.size() && number >= 1 && number <= most_records) return number;
  return Error(errors::app::usage, "--limit is a whole number from 1 to {}, not `{}`", most_records, text);
}

/// The pipeline file as the test beside it will name it.
std::string name_from(const std::string& test, const std::string& pipeline) {
  std::error_code problem;
  const fs::path folder = fs::absolute(test, problem).parent_path();
  const fs::path relative = fs::relative(fs::absolute(pipeline, problem), folder, problem);
  return problem || relative.empty() ? pipeline : relative.string();
}

struct Written {
  pipeline::RecordedTest test;
  std::string path;
};

Result<Written> record(const Arguments& arguments, const pipeline::CheckedPipelinePtr& checked) {
  const std::string file = arguments.text("FILE");
  if (file.empty()) return Error(errors::app::usage, "--record needs FILE: the test names it");
  STREAMOPS_ASSIGN(const pipeline::CheckedStep* step, choose_step(*checked, arguments.text("--stream")));
  if (step->reads_several()) {
    return Error(errors::app::usage, "{} reads several topics, and a test is recorded from one", step->name());
  }
  const std::string folder = fs::path(file).parent_path().string();
  const std::string path = arguments.has("--out")
                               ? arguments.text("--out")
                               : fmt::format("{}{}{}_recorded.test", folder, folder.empty() ? "" : "/", step->name());
  std::error_code problem;
  if (fs::exists(path, problem)) {
    return Error(errors::app::usage, "{} is there already, and a test is not overwritten", path)
        .with_hint("--out says another name");
  }
  LiveRecordsOptions options;
  options.data_directory = data_directory_of(arguments);
  STREAMOPS_ASSIGN(options.most, limit_of(arguments));
  STREAMOPS_ASSIGN(const std::unique_ptr<LiveRecords> live, LiveRecords::read(*checked, *step, options));
  STREAMOPS_ASSIGN(pipeline::RecordedTest test,
                   pipeline::record_test(checked, *step, live->records(), name_from(path, file)));
  if (test.records == 0) return Error(errors::app::usage, "{} has no record that a test could hold", step->name());
  STREAMOPS_RETURN_IF_ERROR(runtime::system_disk().replace_file(path, as_bytes(test.text)));
  return Written{std::move(test), path};
}

}  // namespace

ExitCode record_live_test(const Arguments& arguments, Terminal& terminal) {
  ExitCode code = ExitCode::success;
  const pipeline::CheckedPipelinePtr checked = load_pipeline(arguments, terminal, code);
  if (!checked) return code;
  const Result<Written> written = record(arguments, checked);
  if (!written) {
    terminal.fail(written.error());
    return exit_code_for(written.error());
  }
  const pipeline::RecordedTest& test = written->test;
  if (arguments.has("--json")) {
    JsonWriter json;
    json.begin_object().field("file", written->path).field("records", test.records).field("left_out", test.left_out);
    json.field("expected", test.lines).end_object();
    terminal.print(json.text());
    return ExitCode::success;
  }
  terminal.print(
      fmt::format("{}: {} records give {} rows and dead letters; it passes", written->path, test.records, test.lines));
  if (test.left_out > 0)
    terminal.note(fmt::format("{} records cannot be written as text, and were left out", test.left_out));
  return ExitCode::success;
}

}  // namespace streamops::app
