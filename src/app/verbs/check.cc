#include "pipeline/check.h"

#include "app/infer_schemas.h"
#include "app/pipeline_text.h"
#include "app/spark_check.h"
#include "app/verbs/verbs.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace streamops::app {
namespace {

/// What an outer scheduler needs: the DAG, its schedule and its tasks.
void write_dag(JsonWriter& json, const pipeline::PipelineFile& file) {
  json.key("dag").begin_object().field("id", file.name).field("description", file.description);
  json.field("schedule", file.schedule.text).field("time_zone", file.time_zone).key("tasks").begin_array();
  for (const pipeline::TaskFileSpec& task : file.tasks) {
    json.begin_object().field("id", task.name).key("after").begin_array();
    for (const pipeline::Located& before : task.after) json.string(before.text);
    json.end_array().field("retries", task.retries);
    json.field("retry_delay_ms", std::chrono::floor<Milliseconds>(task.retry_delay).count()).end_object();
  }
  json.end_array().end_object();
}

std::string to_json(const pipeline::Checking& checking) {
  JsonWriter json;
  json.begin_object().field("ok", checking.errors.empty());
  if (checking.pipeline) write_dag(json, checking.pipeline->file);
  json.key("errors").begin_array();
  for (const Error& error : checking.errors) {
    json.begin_object().field("code", error.code()).field("message", error.message()).field("label", error.label());
    json.field("hint", error.hint());
    if (const Place* place = error.place()) {
      json.field("file", place->file).field("line", place->line).field("column", place->column);
    }
    json.end_object();
  }
  json.end_array().end_object();
  return std::move(json).text();
}

void describe(const pipeline::CheckedPipeline& checked, Terminal& terminal) {
  for (const pipeline::CheckedStep& task : checked.tasks) {
    terminal.print(fmt::format("  task   {}: {}", task.name(), task.query->output()->to_sql()));
  }
  for (const pipeline::CheckedStep& stream : checked.streams) {
    terminal.print(fmt::format("  stream {}: {}", stream.name(), stream.query->output()->to_sql()));
  }
}

/// What does not run on Spark is a mistake; what runs otherwise there is told.
ExitCode check_engine(const Arguments& arguments, const pipeline::CheckedPipeline& checked, Terminal& terminal) {
  const Result<std::optional<pipeline::Engine>> asked = parse_engine(arguments.text("--engine"));
  const SparkReport report = asked ? check_for_spark(checked, *asked) : SparkReport{{asked.error()}, {}};
  for (const Error& note : report.notes) terminal.warn(note);
  for (const Error& error : report.errors) terminal.fail(error);
  return report.errors.empty() ? ExitCode::success : ExitCode::user;
}

/// Prints a schema for every source; the file needs no right schema yet, only its form.
ExitCode infer(const Arguments& arguments, const PipelineText& text, Terminal& terminal) {
  const pipeline::FileReading reading = pipeline::read_pipeline_file(text.text, text.name, arguments.text("--profile"),
                                                                     pipeline::Surroundings::of_process(text.name));
  for (const Error& error : reading.errors) terminal.fail(error);
  if (!reading.errors.empty()) return ExitCode::user;
  ExitCode code = ExitCode::success;
  for (const InferredSchema& inferred : infer_schemas(reading.file, arguments)) {
    if (!inferred.schema) {
      terminal.fail(inferred.schema.error().in(inferred.step));
      code = exit_code_for(inferred.schema.error());
      continue;
    }
    terminal.print(terminal.dim(fmt::format("# {}, from {}", inferred.step, inferred.source)));
    terminal.print("schema: |");
    for (const std::string_view line : split(*inferred.schema, '\n')) terminal.print(fmt::format("  {}", line));
  }
  return code;
}

ExitCode check(const Arguments& arguments, Terminal& terminal) {
  const Result<PipelineText> text = load_pipeline_text(arguments.text("FILE"));
  if (!text) {
    terminal.fail(text.error());
    return exit_code_for(text.error());
  }
  if (arguments.has("--infer")) return infer(arguments, *text, terminal);
  const pipeline::Checking checking = check_text(*text, arguments.text("--profile"), data_directory_of(arguments));
  if (arguments.has("--json")) {
    terminal.print(to_json(checking));
    return checking.pipeline ? ExitCode::success : ExitCode::user;
  }
  for (const Error& error : checking.errors) terminal.fail(error);
  if (!checking.pipeline) {
    terminal.note(
        fmt::format("{}: {} mistake{}", text->name, checking.errors.size(), checking.errors.size() == 1 ? "" : "s"));
    return ExitCode::user;
  }
  if (check_engine(arguments, *checking.pipeline, terminal) != ExitCode::success) return ExitCode::user;
  terminal.print(fmt::format("{}: fine under profile {}", text->name, arguments.text("--profile")));
  describe(*checking.pipeline, terminal);
  return ExitCode::success;
}

}  // namespace

VerbSpec check_verb() {
  return {
      .name = "check",
      .summary = "Check a pipeline file: form, schemas, SQL, keys, schedule",
      .details =
          "All mistakes are told at once, each with its place. What passes here starts: `up` uses the same code.",
      .positionals = {{"FILE", "the pipeline file; the reference pipeline when left out"}},
      .options = {profile_option(),
                  engine_option(),
                  {"--infer", OptionSpec::Kind::flag, {}, "print a schema for every source, from live data", {}},
                  data_directory_option(),
                  json_option()},
      .examples = {{"streamops check pipeline.yaml", "every mistake with line, column and what to do"},
                   {"streamops check pipeline.yaml --profile real", "with the endpoints and variables of that profile"},
                   {"streamops check pipeline.yaml --infer",
                    "what `schema:` could be, from one answer or the newest messages"},
                   {"streamops check pipeline.yaml --engine spark --profile real",
                    "what will not run on Spark, or not alike"}},
      .run = check};
}

}  // namespace streamops::app
