#include <algorithm>
#include <set>
#include <thread>

#include "app/instance.h"
#include "app/on_loop.h"
#include "app/pipeline_text.h"
#include "app/settings_of.h"
#include "app/signals.h"
#include "app/verbs/verbs.h"
#include "base/text.h"
#include "errors/app.h"

namespace streamops::app {
namespace {

constexpr Milliseconds drain_look{50};
constexpr int quiet_looks = 10;  // so often nothing moved: the streams have caught up

/// A task's log, as lines of this process: Airflow and a terminal show them as they come.
class PrintedLog final : public workflow::TaskLog {
 public:
  explicit PrintedLog(Terminal& terminal) : terminal_(terminal) {}
  void write(workflow::LogLevel level, std::string text) override {
    terminal_.note(fmt::format("{} {}", to_string(level), text));
  }

 private:
  Terminal& terminal_;
};

/// Starts one task on the pipeline's loop and waits for its end; a signal cancels it.
Result<void> run_task(Instance& instance, const workflow::TaskSpec& task, const std::string& dag, Terminal& terminal,
                      Signals& signals) {
  workflow::TaskContext context;
  context.dag_id = dag;
  context.task_id = task.id;
  context.logical_date = runtime::system_clock().wall();
  context.run_id = "manual__" + to_iso8601(context.logical_date);
  context.conf = "{}";
  context.log = std::make_shared<PrintedLog>(terminal);
  auto ended = std::make_shared<std::promise<Result<void>>>();
  std::future<Result<void>> end = ended->get_future();
  std::unique_ptr<workflow::TaskHandle> handle = on_loop(instance.pipeline_loop(), [&] {
    return task.body->start(std::move(context), [ended](Result<void> result) { ended->set_value(std::move(result)); });
  });
  while (end.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
    if (!signals.wait(Milliseconds{100})) continue;
    on_loop(instance.pipeline_loop(), [&] { handle->cancel(); });
  }
  Result<void> result = end.get();
  on_loop(instance.pipeline_loop(), [&] { handle.reset(); });
  return result;
}

/// Waits until the streams have worked off what is in their topics. True unless a signal came first.
bool drain(const pipeline::Pipeline& pipeline, Signals& signals) {
  int quiet = 0;
  std::int64_t seen = -1;
  while (quiet < quiet_looks) {
    if (signals.wait(drain_look)) return false;
    std::int64_t done = 0;
    bool waits = false;
    for (const pipeline::StreamStatus& stream : pipeline.status().streams) {
      done += stream.records_in;
      waits = waits || stream.lag.value_or(0) > 0 || stream.state == pipeline::StreamState::starting;
    }
    quiet = waits || done != seen ? 0 : quiet + 1;
    seen = done;
  }
  return true;
}

void tell_result(const pipeline::PipelineStatus& status, Terminal& terminal) {
  for (const pipeline::TaskStatus& run : status.runs) {
    terminal.note(fmt::format("{}: {} polls, {} records to {}, {} dead letters", run.name, run.polls, run.rows_out,
                              run.topic, run.poison));
  }
  for (const pipeline::StreamStatus& stream : status.streams) {
    terminal.note(fmt::format("{}: {} records, {} rows to {}, {} dead letters", stream.name, stream.records_in,
                              stream.rows_out, stream.table, stream.poison));
  }
}

Result<ExitCode> run_tasks(Instance& instance, const Arguments& arguments, Terminal& terminal, Signals& signals) {
  const workflow::DagSpec dag = instance.pipeline()->dag();
  const std::string wanted = arguments.text("--task");
  std::vector<std::string> names;
  for (const workflow::TaskSpec& task : dag.tasks) names.push_back(task.id);
  if (!wanted.empty() && std::find(names.begin(), names.end(), wanted) == names.end()) {
    return Error(errors::app::usage, "the file has no task {}", wanted).with_label(did_you_mean(wanted, names));
  }
  for (const workflow::TaskSpec& task : dag.tasks) {
    if (!wanted.empty() && task.id != wanted) continue;
    STREAMOPS_RETURN_IF_ERROR(run_task(instance, task, dag.id, terminal, signals));
  }
  return ExitCode::success;
}

ExitCode run_instance(Instance& instance, const Arguments& arguments, Terminal& terminal, Signals& signals) {
  Result<ExitCode> code = ExitCode::success;
  if (const std::optional<Error>& error = instance.pipeline_error()) code = *error;
  if (code && (arguments.has("--once") || arguments.has("--task"))) {
    code = run_tasks(instance, arguments, terminal, signals);
    // A single task is what Airflow asks for; its streams run elsewhere.
    if (code && !arguments.has("--task") && !drain(*instance.pipeline(), signals)) code = ExitCode::interrupted;
  } else if (code) {
    while (!signals.wait(std::nullopt)) {
    }
  }
  tell_result(instance.pipeline()->status(), terminal);
  instance.stop();
  if (code) return *code;
  terminal.fail(code.error());
  return exit_code_for(code.error());
}

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  Signals signals;
  const auto fail = [&](const Error& error) {
    terminal.fail(error);
    return exit_code_for(error);
  };
  ExitCode code = ExitCode::success;
  const pipeline::CheckedPipelinePtr checked = load_pipeline(arguments, terminal, code);
  if (!checked) return code;

  InstanceOptions options;
  options.data_directory = arguments.has("--data-dir") ? arguments.text("--data-dir") : default_data_directory();
  options.pipeline = checked;
  options.with_console = false;
  options.with_scheduler = false;
  Result<SettingValues> settings = settings_of(arguments);
  if (!settings) return fail(settings.error());
  options.settings = std::move(settings).value();
  if (const Result<void> ports = choose_ports(arguments, options.settings); !ports) return fail(ports.error());
  const Result<std::unique_ptr<Instance>> instance = Instance::start(std::move(options));
  if (!instance) return fail(instance.error());
  return run_instance(**instance, arguments, terminal, signals);
}

}  // namespace

VerbSpec run_verb() {
  return {.name = "run",
          .summary = "Run a pipeline in the foreground, without console and schedule",
          .details =
              "With --once every task runs one time and the process ends when the streams have caught up; with --task "
              "that task alone "
              "runs to its end, as an Airflow task does: logs on standard error, exit status 0 when it succeeded.",
          .positionals = {{"FILE", "the pipeline file; the reference pipeline when left out"}},
          .options = {profile_option(),
                      data_directory_option(),
                      ports_option(),
                      {"--once", OptionSpec::Kind::flag, {}, "run the tasks once, let the streams catch up, end", {}},
                      {"--task", OptionSpec::Kind::text, "T", "run this task alone, to its end", {}},
                      set_option()},
          .examples = {{"streamops run pipeline.yaml --once", "one pass through the whole line"},
                       {"streamops run pipeline.yaml --task stream_data_from_api --profile real",
                        "one task, against the real systems"}},
          .run = run};
}

}  // namespace streamops::app
