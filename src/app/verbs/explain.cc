#include "app/verbs/explain_plan.h"
#include "app/verbs/verbs.h"
#include "base/json_writer.h"
#include "errors/app.h"

namespace streamops::app {
namespace {

std::string to_json(const ErrorInfo& info) {
  JsonWriter json;
  json.begin_object().field("code", info.code).field("blame", to_string(info.blame)).field("title", info.title);
  json.field("text", info.text).field("hint", info.hint).end_object();
  return std::move(json).text();
}

ExitCode explain(const Arguments& arguments, Terminal& terminal) {
  const std::string code = arguments.text("CODE");
  if (code == "plan") return explain_plan(arguments, terminal);
  if (arguments.has("FILE") || arguments.has("--stream")) {
    const Error error(errors::app::usage, "a file and --stream go with `streamops explain plan FILE`");
    terminal.fail(error);
    return exit_code_for(error);
  }
  if (code.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const ErrorInfo* info : error_catalogue()) {
      if (arguments.has("--json")) terminal.print(to_json(*info));
      rows.push_back({info->code, std::string(to_string(info->blame)), info->title});
    }
    if (!arguments.has("--json")) terminal.table({"CODE", "WHO ACTS", "WHAT"}, rows);
    return ExitCode::success;
  }
  const ErrorInfo* info = find_error(code);
  if (info == nullptr) {
    const Error error(errors::app::unknown_code, "there is no error {}", code);
    terminal.fail(error);
    return exit_code_for(error);
  }
  if (arguments.has("--json")) {
    terminal.print(to_json(*info));
    return ExitCode::success;
  }
  terminal.print(terminal.bold(fmt::format("{}: {}", info->code, info->title)));
  terminal.print(fmt::format("\n{}\n", info->text));
  terminal.print(fmt::format("What to do: {}", info->hint));
  terminal.print(fmt::format("Who acts:   {}", to_string(info->blame)));
  return ExitCode::success;
}

}  // namespace

VerbSpec explain_verb() {
  return {.name = "explain",
          .summary = "Say more about an error code, or about the plan of a pipeline file",
          .details =
              "`explain plan FILE` shows for each stream and task what is read and skipped, what is remembered and "
              "how long, the watermark, and where rows go under which promise.",
          .positionals = {{"CODE", "the code, like SO-P014 or p014; all codes when left out; or the word `plan`"},
                          {"FILE", "plan: the pipeline file; the reference pipeline when left out"}},
          .options = {{"--stream", OptionSpec::Kind::text, "NAME", "plan: this stream or task alone", {}},
                      profile_option(),
                      data_directory_option(),
                      json_option()},
          .examples = {{"streamops explain SO-R001", "what it means, why it happens, what to do"},
                       {"streamops explain", "all codes, a line each"},
                       {"streamops explain plan pipeline.yaml --stream totals", "what the stream will do"}},
          .run = explain};
}

}  // namespace streamops::app
