#include "app/local_api.h"
#include "app/verbs/verbs.h"

namespace streamops::app {
namespace {

/// With the engine behind the name of a stream that another one runs.
std::string name_of(simdjson::dom::element node) {
  const std::string detail = text_at(node, "detail");
  constexpr std::string_view foreign = "stream on ";
  if (!detail.starts_with(foreign)) return text_at(node, "title");
  return fmt::format("{} ({})", text_at(node, "title"), detail.substr(foreign.size()));
}

void show_flow(simdjson::dom::element flow, Terminal& terminal) {
  std::vector<std::vector<std::string>> rows;
  for (const simdjson::dom::element node : array_at(flow, "nodes")) {
    std::string counters;
    for (const simdjson::dom::element counter : array_at(node, "counters")) {
      counters +=
          fmt::format("{}{} {}", counters.empty() ? "" : ", ", text_at(counter, "name"), text_at(counter, "value"));
    }
    simdjson::dom::element error;
    if (node["error"].get(error) == simdjson::SUCCESS && !error.is_null())
      counters += fmt::format("  {}: {}", text_at(error, "code"), text_at(error, "message"));
    rows.push_back({text_at(node, "kind"), name_of(node), text_at(node, "state"), text_at(node, "records"), counters});
  }
  terminal.print(fmt::format("{} (profile {})", terminal.bold(text_at(flow, "pipeline")), text_at(flow, "profile")));
  terminal.table({"WHAT", "NAME", "STATE", ">RECORDS", "COUNTS"}, rows);
}

ExitCode status(const Arguments& arguments, Terminal& terminal) {
  const Result<std::unique_ptr<LocalApi>> api = LocalApi::open(arguments);
  const Result<JsonAnswer> process = api ? (*api)->get("status") : Result<JsonAnswer>(api.error());
  if (!process) {
    terminal.fail(process.error());
    return exit_code_for(process.error());
  }
  const Result<JsonAnswer> flow = (*api)->get("flow");  // a process without a pipeline has none
  if (arguments.has("--json")) {
    terminal.print(fmt::format("{{\"process\":{},\"flow\":{}}}", process->text, flow ? flow->text : "null"));
    return ExitCode::success;
  }
  terminal.print(fmt::format("StreamOps {}, since {}, {} MiB", text_at(process->root, "version"),
                             text_at(process->root, "started_at"), number_at(process->root, "memory_bytes") / 1048576));
  for (const simdjson::dom::element endpoint : array_at(process->root, "endpoints")) {
    const bool external = text_at(endpoint, "external") == "true";
    terminal.print(fmt::format("  {:15} {}{}", text_at(endpoint, "name"), text_at(endpoint, "at"),
                               external ? "  (a cluster of the profile)" : ""));
  }
  if (flow) show_flow(flow->root, terminal);
  return ExitCode::success;
}

}  // namespace

VerbSpec status_verb() {
  return {.name = "status",
          .summary = "Show what the running process does: endpoints, pipeline, counts, trouble",
          .details = {},
          .positionals = {},
          .options = {data_directory_option(), json_option()},
          .examples = {{"streamops status", "of the process in the default data directory"},
                       {"streamops status --data-dir /tmp/try --json", "for scripts"}},
          .run = status};
}

}  // namespace streamops::app
