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
          .summary = "Say more about an error code",
          .details = {},
          .positionals = {{"CODE", "the code, like SO-P014 or p014; all codes when left out"}},
          .options = {json_option()},
          .examples = {{"streamops explain SO-R001", "what it means, why it happens, what to do"},
                       {"streamops explain", "all codes, a line each"}},
          .run = explain};
}

}  // namespace streamops::app
