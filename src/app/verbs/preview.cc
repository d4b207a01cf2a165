#include "pipeline/preview.h"

#include <charconv>

#include "app/choose_step.h"
#include "app/live_records.h"
#include "app/pipeline_text.h"
#include "app/verbs/verbs.h"
#include "base/json_writer.h"
#include "errors/app.h"
#include "runtime/on_loop.h"

namespace streamops::app {
namespace {

constexpr std::size_t most_records = 100'000;
constexpr std::size_t shown_letters = 5;

Result<std::size_t> whole_number(const Arguments& arguments, const std::string& option) {
  const std::string text = arguments.text(option);
  std::size_t number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (bad == std::errc() && end == text.data() + text.size() && number >= 1 && number <= most_records) return number;
  return Error(errors::app::usage, "{} is a whole number from 1 to {}, not `{}`", option, most_records, text);
}

struct Shown {
  std::string step;
  pipeline::Stage stage;
  std::size_t records = 0;
  bool groups = false;
  pipeline::Preview preview;
};

Result<Shown> look(const Arguments& arguments, const pipeline::CheckedPipeline& checked) {
  STREAMOPS_ASSIGN(const pipeline::CheckedStep* step, choose_step(checked, arguments.text("--stream")));
  const std::optional<pipeline::Stage> stage = pipeline::parse_stage(arguments.text("--stage"));
  if (!stage) {
    return Error(errors::app::usage, "--stage is source, decode, select or sink, not `{}`", arguments.text("--stage"));
  }
  STREAMOPS_ASSIGN(const std::size_t limit, whole_number(arguments, "--limit"));
  if (step->reads_several()) {
    return Error(errors::app::usage, "{} reads several topics, and a preview shows what one gives", step->name());
  }
  LiveRecordsOptions options;
  options.data_directory = data_directory_of(arguments);
  STREAMOPS_ASSIGN(options.most, whole_number(arguments, "--records"));
  options.newest = arguments.has("--new");
  STREAMOPS_ASSIGN(const std::unique_ptr<LiveRecords> live, LiveRecords::read(checked, *step, options));
  Shown shown{step->name(), *stage, live->records().records.size(), step->query->keeps_state(), {}};
  std::vector<bool> needed = step->query->needed();
  if (*stage == pipeline::Stage::decode) needed.assign(needed.size(), true);
  live->use(needed, [&](format::RecordReaderPtr reader) {
    shown.preview = pipeline::preview(checked, *step, std::move(reader), live->records(), *stage, limit,
                                      to_micros(runtime::system_clock().wall()));
  });
  return shown;
}

void write_optional(JsonWriter& json, std::string_view name, const std::optional<std::string>& text, bool is_json) {
  json.key(name);
  if (!text) {
    json.null();
  } else if (is_json) {
    json.raw(*text);
  } else {
    json.string(*text);
  }
}

std::string to_json(const Shown& shown) {
  const bool is_source = shown.stage == pipeline::Stage::source;
  JsonWriter json;
  json.begin_object().field("step", shown.step);
  json.field("stage", pipeline::stage_names[static_cast<std::size_t>(shown.stage)]).field("records", shown.records);
  json.field("all_rows", shown.preview.all_rows).field("late", shown.preview.late).key("rows").begin_array();
  for (const pipeline::PreviewRow& row : shown.preview.rows) {
    json.begin_object();
    if (row.record) json.field("partition", row.record->first).field("offset", row.record->second);
    if (is_source || shown.stage == pipeline::Stage::sink) write_optional(json, "key", row.key, false);
    write_optional(json, is_source ? "value" : "row", row.text, !is_source);
    if (row.is_delete) json.field("delete", true);
    json.end_object();
  }
  json.end_array().key("dead_letters").begin_array();
  for (const data::DeadLetter& letter : shown.preview.letters) {
    json.begin_object().field("letter", letter.identity()).field("code", letter.code).field("message", letter.message);
    json.end_object();
  }
  json.end_array().end_object();
  return std::move(json).text();
}

void print(const Shown& shown, Terminal& terminal) {
  for (const pipeline::PreviewRow& row : shown.preview.rows) {
    const std::string key = row.key ? *row.key + "  " : "";
    terminal.print(key + (row.text ? *row.text : row.is_delete ? "(delete)" : "(no value)"));
  }
  terminal.note(fmt::format("{}, {}: {} of {} rows from {} records, {} dead letters", shown.step,
                            pipeline::stage_names[static_cast<std::size_t>(shown.stage)], shown.preview.rows.size(),
                            shown.preview.all_rows, shown.records, shown.preview.letters.size()));
  for (std::size_t i = 0; i < std::min(shown_letters, shown.preview.letters.size()); ++i) {
    const data::DeadLetter& letter = shown.preview.letters[i];
    terminal.note(fmt::format("  {}  {} {}", letter.identity(), letter.code, letter.message));
  }
  if (shown.preview.late > 0) terminal.note(fmt::format("  {} rows behind the watermark", shown.preview.late));
  if (shown.groups && shown.preview.all_rows == 0 && shown.records > 0 && shown.stage != pipeline::Stage::decode) {
    terminal.note("  no group is complete yet: --records takes in more; `mode: update` shows groups as they change");
  }
}

ExitCode preview(const Arguments& arguments, Terminal& terminal) {
  ExitCode code = ExitCode::success;
  const pipeline::CheckedPipelinePtr checked = load_pipeline(arguments, terminal, code);
  if (!checked) return code;
  const Result<Shown> shown = look(arguments, *checked);
  if (!shown) {
    terminal.fail(shown.error());
    return exit_code_for(shown.error());
  }
  if (arguments.has("--json")) {
    terminal.print(to_json(*shown));
  } else {
    print(*shown, terminal);
  }
  return ExitCode::success;
}

}  // namespace

VerbSpec preview_verb() {
  return {
      .name = "preview",
      .summary = "Show the first rows of a stream or task at any stage, without side effects",
      .details =
          "Reads the source as it is now (a topic from its beginning, or one answer of the API) and runs the code of "
          "production on it: `source` shows the raw records, `decode` the columns of `schema`, `select` the rows of "
          "the query, `sink` keys and rows as they would be written. Nothing is written, committed or joined. With "
          "the embedded profile, topics are those of the running `streamops up`.",
      .positionals = {{"FILE", "the pipeline file; the reference pipeline when left out"}},
      .options = {{"--stream", OptionSpec::Kind::text, "NAME", "a stream or task; the only stream when left out", {}},
                  {"--stage", OptionSpec::Kind::text, "STAGE", "source, decode, select or sink", "select"},
                  {"--limit", OptionSpec::Kind::text, "N", "rows to show", "10"},
                  {"--records", OptionSpec::Kind::text, "N", "records to read, at most", "1000"},
                  {"--new", OptionSpec::Kind::flag, {}, "records that come within ten seconds, none from before", {}},
                  profile_option(),
                  data_directory_option(),
                  json_option()},
      .examples = {{"streamops preview pipeline.yaml", "the first rows of the file's stream"},
                   {"streamops preview pipeline.yaml --stage decode --limit 3", "what `schema` makes of the records"},
                   {"streamops preview --stream stream_data_from_api", "what one answer of the API becomes"},
                   {"streamops preview pipeline.yaml --profile real --stage sink --json", "for scripts"}},
      .run = preview};
}

}  // namespace streamops::app
