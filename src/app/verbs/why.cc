// `streamops why`: from a row back to the records that made it. The source is read again and goes through the code that
// wrote the row, which gives the same rows for the same records; what comes out under the row's key is the answer.
#include <algorithm>
#include <map>

#include "app/live_records.h"
#include "app/local_api.h"
#include "app/pipeline_text.h"
#include "app/verbs/verbs.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "errors/app.h"
#include "pipeline/preview.h"
#include "runtime/http_server.h"

namespace streamops::app {
namespace {

constexpr std::size_t most_records = 1'000'000;

/// One record that made rows with the key.
struct Cause {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string value;
  std::vector<std::string> rows;  // as JSON; empty where the record deletes the row
  std::string run;                // of the task that wrote it, where one of this file did
};

struct Answer {
  std::string stream;
  std::string topic;
  std::string sink;
  std::size_t records = 0;  // looked at
  std::vector<Cause> causes;
};

/// The pipeline that the running process works on.
Result<pipeline::CheckedPipelinePtr> running_pipeline(LocalApi& api, const std::string& data_directory) {
  STREAMOPS_ASSIGN(const JsonAnswer flow, api.get("flow"));
  const std::string file = text_at(flow.root, "file");
  STREAMOPS_ASSIGN(const PipelineText text, load_pipeline_text(file.starts_with("(built-in)") ? std::string() : file));
  pipeline::Checking checking = check_text(text, text_at(flow.root, "profile"), data_directory);
  if (!checking.errors.empty()) return checking.errors[0];
  return checking.pipeline;
}

/// The forms in which a row's key may be told: as preview() gives it, or the bare value of a key of one column.
bool is_key(const std::string& key, const std::string& wanted, const pipeline::CheckedStep& step) {
  if (key == wanted) return true;
  if (step.spec->kafka_sink || step.key_columns.size() != 1) return false;
  JsonWriter text;
  text.begin_object().field(step.key_columns[0], wanted).end_object();
  return key == text.text() || key == fmt::format("{{\"{}\":{}}}", step.key_columns[0], wanted);
}

/// Names the run of a task of this file during which each record was written.
Result<void> find_runs(const pipeline::CheckedPipeline& checked, LocalApi& api, Answer& answer) {
  const bool own = std::any_of(checked.tasks.begin(), checked.tasks.end(), [&](const pipeline::CheckedStep& task) {
    return task.spec->kafka_sink->topic == answer.topic;
  });
  if (!own) return Ok();
  STREAMOPS_ASSIGN(const JsonAnswer runs,
                   api.get("dags/" + runtime::percent_encode(checked.file.name) + "/runs?limit=500"));
  for (const simdjson::dom::element run : runs.root.get_array()) {
    const Result<WallTime> from = parse_iso8601(text_at(run, "started_at"));
    const Result<WallTime> to = parse_iso8601(text_at(run, "ended_at"));
    if (!from) continue;
    for (Cause& cause : answer.causes) {
      const WallTime at = from_millis(cause.timestamp_ms);
      if (at >= *from - Seconds{1} && (!to || at <= *to + Seconds{1})) cause.run = text_at(run, "run_id");
    }
  }
  return Ok();
}

Result<Answer> find(const Arguments& arguments, LocalApi& api) {
  const std::string directory = data_directory_of(arguments);
  STREAMOPS_ASSIGN(const pipeline::CheckedPipelinePtr checked, running_pipeline(api, directory));
  const std::string name = arguments.text("STREAM");
  const pipeline::CheckedStep* step = checked->step(name);
  if (step == nullptr || !step->spec->kafka_source) {
    std::vector<std::string> names;
    for (const pipeline::CheckedStep& stream : checked->streams) names.push_back(stream.name());
    return Error(errors::app::usage, "{} runs no stream {}", checked->file.name, name)
        .with_label(did_you_mean(name, names));
  }
  if (step->query->keeps_state() || step->reads_several()) {
    return Error(errors::app::usage, "a row of {} stems from many records: all those of its group", name)
        .with_hint(fmt::format("streamops tap {}.decode --where ... shows those that come", name));
  }
  LiveRecordsOptions options;
  options.data_directory = directory;
  options.most = most_records;
  options.patience = std::chrono::seconds{60};
  STREAMOPS_ASSIGN(const std::unique_ptr<LiveRecords> live, LiveRecords::read(*checked, *step, options));
  const std::vector<data::Record>& records = live->records().records;
  pipeline::Preview rows;
  live->use(step->query->needed(), [&](format::RecordReaderPtr reader) {
    rows = pipeline::preview(*checked, *step, std::move(reader), live->records(), pipeline::Stage::sink, SIZE_MAX, 0);
  });
  Answer answer{name,
                step->spec->kafka_source->topic,
                step->spec->kafka_sink ? step->spec->kafka_sink->topic : step->spec->table.text,
                records.size(),
                {}};
  std::map<std::pair<std::int32_t, std::int64_t>, Cause> causes;
  for (const pipeline::PreviewRow& row : rows.rows) {
    if (!row.key || !is_key(*row.key, arguments.text("KEY"), *step)) continue;
    Cause& cause = causes[*row.record];
    if (row.text) cause.rows.push_back(*row.text);
  }
  for (const data::Record& record : records) {
    const auto found = causes.find({record.partition, record.offset});
    if (found == causes.end()) continue;
    Cause& cause = found->second;
    cause.partition = record.partition;
    cause.offset = record.offset;
    cause.timestamp_ms = record.timestamp_ms;
    cause.value = std::string(record.value.value_or("(no value: a delete)"));
    answer.causes.push_back(cause);
  }
  std::stable_sort(answer.causes.begin(), answer.causes.end(),
                   [](const Cause& a, const Cause& b) { return a.timestamp_ms < b.timestamp_ms; });
  STREAMOPS_RETURN_IF_ERROR(find_runs(*checked, api, answer));
  return answer;
}

std::string to_json(const Answer& answer) {
  JsonWriter json;
  json.begin_object().field("stream", answer.stream).field("sink", answer.sink).field("records", answer.records);
  json.key("causes").begin_array();
  for (const Cause& cause : answer.causes) {
    json.begin_object().field("topic", answer.topic).field("partition", cause.partition).field("offset", cause.offset);
    json.field("at", to_iso8601(from_millis(cause.timestamp_ms))).field("run", cause.run).field("value", cause.value);
    json.key("rows").begin_array();
    for (const std::string& row : cause.rows) json.raw(row);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return std::move(json).text();
}

void print(const Answer& answer, Terminal& terminal) {
  for (const Cause& cause : answer.causes) {
    terminal.print(
        terminal.bold(fmt::format("{} partition {} offset {}", answer.topic, cause.partition, cause.offset)) +
        fmt::format(", {}{}", to_iso8601(from_millis(cause.timestamp_ms)),
                    cause.run.empty() ? "" : ", run " + cause.run));
    terminal.print("  source  " + cause.value);
    for (const std::string& row : cause.rows) terminal.print("  select  " + row);
    terminal.print(fmt::format("  sink    {}{}", answer.sink, cause.rows.empty() ? ": the row is deleted" : ""));
  }
  if (answer.causes.size() > 1) terminal.note("newest last: that one stands");
}

ExitCode why(const Arguments& arguments, Terminal& terminal) {
  const Result<std::unique_ptr<LocalApi>> api = LocalApi::open(arguments);
  const Result<Answer> answer = api ? find(arguments, **api) : Result<Answer>(api.error());
  if (!answer) {
    terminal.fail(answer.error());
    return exit_code_for(answer.error());
  }
  if (arguments.has("--json")) {
    terminal.print(to_json(*answer));
  } else {
    print(*answer, terminal);
  }
  if (!answer->causes.empty()) return ExitCode::success;
  terminal.note(fmt::format("no record of {} gives a row {}: {} were looked at", answer->topic, arguments.text("KEY"),
                            answer->records));
  return ExitCode::failed;
}

}  // namespace

VerbSpec why_verb() {
  return {
      .name = "why",
      .summary = "Say why a row is there: the source's records that made it, their run and stages",
      .details =
          "Reads the stream's topic again (at most a million records), runs the running pipeline's code on it and "
          "shows "
          "the records whose rows have this key, with topic, partition and offset, the run of the task that wrote them "
          "where it is one of this file, and what the query made of them. Nothing is written. Exit status 1 when no "
          "record gives such a row.",
      .positionals = {{"STREAM", "a stream of the running pipeline", true},
                      {"KEY", "the row's key: the value of its one column, or all columns as a JSON object", true}},
      .options = {data_directory_option(), json_option()},
      .examples = {{"streamops why created_users 550e8400-e29b-41d4-a716-446655440000",
                    "which record that user is from"},
                   {"streamops why totals '{\"shop\":\"a\",\"day\":\"2024-01-01\"}' --json", "a key of two columns"}},
      .run = why};
}

}  // namespace streamops::app
