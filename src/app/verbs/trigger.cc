#include <thread>

#include "app/local_api.h"
#include "app/verbs/verbs.h"
#include "base/json_writer.h"
#include "errors/app.h"
#include "runtime/http_server.h"

namespace streamops::app {
namespace {

constexpr std::chrono::milliseconds look_interval{200};

/// Waits until the run has ended; its state.
Result<std::string> wait_for_end(LocalApi& api, const std::string& dag, const std::string& run) {
  while (true) {
    STREAMOPS_ASSIGN(const JsonAnswer runs, api.get("dags/" + runtime::percent_encode(dag) + "/runs?limit=100"));
    for (const simdjson::dom::element one : runs.root.get_array()) {
      if (text_at(one, "run_id") != run) continue;
      const std::string state = text_at(one, "state");
      if (state == "success" || state == "failed") return state;
    }
    std::this_thread::sleep_for(look_interval);
  }
}

ExitCode trigger(const Arguments& arguments, Terminal& terminal) {
  const auto fail = [&](const Error& error) {
    terminal.fail(error);
    return exit_code_for(error);
  };
  const Result<std::unique_ptr<LocalApi>> api = LocalApi::open(arguments);
  if (!api) return fail(api.error());
  const std::string dag = arguments.text("DAG");
  JsonWriter body;
  body.begin_object().key("conf").raw(arguments.text("--conf")).end_object();
  const Result<JsonAnswer> answer = (*api)->post("dags/" + runtime::percent_encode(dag) + "/trigger", body.text());
  if (!answer) return fail(answer.error());
  const std::string run = text_at(answer->root, "run_id");
  if (!arguments.has("--wait")) {
    terminal.print(arguments.has("--json") ? answer->text : run);
    return ExitCode::success;
  }
  const Result<std::string> state = wait_for_end(**api, dag, run);
  if (!state) return fail(state.error());
  terminal.print(fmt::format("{} {}", run, *state));
  return *state == "success" ? ExitCode::success : ExitCode::failed;
}

}  // namespace

VerbSpec trigger_verb() {
  return {
      .name = "trigger",
      .summary = "Run a DAG now",
      .details = {},
      .positionals = {{"DAG", "its name, like user_automation", true}},
      .options = {{"--conf", OptionSpec::Kind::text, "JSON", "an object for the run", "{}"},
                  {"--wait", OptionSpec::Kind::flag, {}, "until the run has ended; exit status 1 when it failed", {}},
                  data_directory_option(),
                  json_option()},
      .examples = {{"streamops trigger user_automation", "prints the run's id"},
                   {"streamops trigger user_automation --wait", "and waits for its end"}},
      .run = trigger};
}

}  // namespace streamops::app
