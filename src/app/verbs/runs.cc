#include "app/local_api.h"
#include "app/verbs/verbs.h"
#include "runtime/http_server.h"

namespace streamops::app {
namespace {

/// The DAG named on the command line, or the first one that there is.
Result<std::string> dag_of(const Arguments& arguments, LocalApi& api) {
  if (arguments.has("DAG")) return arguments.text("DAG");
  STREAMOPS_ASSIGN(const JsonAnswer dags, api.get("dags"));
  for (const simdjson::dom::element dag : dags.root.get_array()) return text_at(dag, "id");
  return std::string();
}

void show_runs(simdjson::dom::element root, Terminal& terminal) {
  std::vector<std::vector<std::string>> rows;
  for (const simdjson::dom::element run : root.get_array()) {
    rows.push_back({text_at(run, "dag_id"), text_at(run, "run_id"), text_at(run, "state"), text_at(run, "started_at"),
                    text_at(run, "ended_at"), text_at(run, "triggered_by")});
  }
  terminal.table({"DAG", "RUN", "STATE", "STARTED", "ENDED", "BY"}, rows);
}

ExitCode show_log(const Arguments& arguments, Terminal& terminal, LocalApi& api, const std::string& run) {
  const auto fail = [&](const Error& error) {
    terminal.fail(error);
    return exit_code_for(error);
  };
  const Result<std::string> dag = dag_of(arguments, api);
  if (!dag) return fail(dag.error());
  const std::string base = "dags/" + runtime::percent_encode(*dag) + "/runs/" + runtime::percent_encode(run) + "/tasks";
  const Result<JsonAnswer> tasks = api.get(base);
  if (!tasks) return fail(tasks.error());
  for (const simdjson::dom::element task : tasks->root.get_array()) {
    const std::string id = text_at(task, "task_id");
    terminal.print(terminal.bold(fmt::format("{}: {}", id, text_at(task, "state"))));
    const std::int64_t last_try = std::max<std::int64_t>(1, number_at(task, "try_number"));
    const Result<JsonAnswer> log =
        api.get(fmt::format("{}/{}/log?try={}", base, runtime::percent_encode(id), last_try));
    if (!log) return fail(log.error());
    for (const simdjson::dom::element line : log->root.get_array()) {
      terminal.print(fmt::format("  {} {:7} {}", text_at(line, "at"), text_at(line, "level"), text_at(line, "text")));
    }
  }
  return ExitCode::success;
}

ExitCode runs(const Arguments& arguments, Terminal& terminal) {
  const Result<std::unique_ptr<LocalApi>> api = LocalApi::open(arguments);
  if (api && arguments.has("--log")) return show_log(arguments, terminal, **api, arguments.text("--log"));
  const Result<std::string> dag = api ? dag_of(arguments, **api) : Result<std::string>(api.error());
  if (!dag) {
    terminal.fail(dag.error());
    return exit_code_for(dag.error());
  }
  const std::string path =
      fmt::format("dags/{}/runs?limit={}", runtime::percent_encode(*dag), arguments.text("--limit"));
  return list(arguments, terminal, path, [&](simdjson::dom::element root) { show_runs(root, terminal); });
}

}  // namespace

VerbSpec runs_verb() {
  return {.name = "runs",
          .summary = "List the runs of a DAG, or show the log of one",
          .details = {},
          .positionals = {{"DAG", "the DAG; the first one when left out"}},
          .options = {{"--limit", OptionSpec::Kind::text, "N", "runs to show, newest first", "20"},
                      {"--log", OptionSpec::Kind::text, "RUN", "the log of this run's tasks", {}},
                      data_directory_option(),
                      json_option()},
          .examples = {{"streamops runs", "the newest runs"},
                       {"streamops runs --log manual__2026-01-01T00:00:00+00:00", "what its tasks said"}},
          .run = runs};
}

}  // namespace streamops::app
