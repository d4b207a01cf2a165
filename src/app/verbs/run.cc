#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <future>

#include "app/instance.h"
#include "app/pipeline_text.h"
#include "app/progress.h"
#include "app/settings_of.h"
#include "app/signals.h"
#include "app/spark_check.h"
#include "app/verbs/verbs.h"
#include "base/text.h"
#include "errors/app.h"
#include "errors/pipeline.h"
#include "runtime/on_loop.h"

namespace streamops::app {
namespace {

constexpr Milliseconds start_look{20};
constexpr std::chrono::seconds cluster_patience{30};  // for a cluster that was never there; then the run fails
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

/// Starts one task on the pipeline's loop and waits for its end; a signal cancels it. A `run_id` of before goes on with
/// what that run has kept; an empty one begins a run.
Result<void> run_task(Instance& instance, const workflow::TaskSpec& task, const std::string& dag,
                      const std::string& run_id, Terminal& terminal, Signals& signals) {
  workflow::TaskContext context;
  context.dag_id = dag;
  context.task_id = task.id;
  context.logical_date = runtime::system_clock().wall();
  context.run_id = run_id.empty() ? "manual__" + to_iso8601(context.logical_date) : run_id;
  context.conf = "{}";
  context.log = std::make_shared<PrintedLog>(terminal);
  auto ended = std::make_shared<std::promise<Result<void>>>();
  std::future<Result<void>> end = ended->get_future();
  std::unique_ptr<workflow::TaskHandle> handle = on_loop(instance.pipeline_loop(), [&] {
    return task.body->start(std::move(context), [ended](Result<void> result) { ended->set_value(std::move(result)); });
  });
  Progress progress(terminal, instance.pipeline());
  const auto give_up = std::chrono::steady_clock::now() + cluster_patience;
  std::optional<Error> unreachable;
  while (end.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
    progress.show();
    const bool stopped = signals.wait(Milliseconds{100});
    if (!unreachable && std::chrono::steady_clock::now() > give_up) unreachable = instance.pipeline()->status().opening;
    if (stopped || unreachable) on_loop(instance.pipeline_loop(), [&] { handle->cancel(); });
  }
  Result<void> result = end.get();
  on_loop(instance.pipeline_loop(), [&] { handle.reset(); });
  if (!result && unreachable) return *unreachable;
  return result;
}

/// Waits until the streams have worked off what is in their topics. True unless a signal came first.
bool drain(const pipeline::Pipeline& pipeline, Terminal& terminal, Signals& signals) {
  Progress progress(terminal, &pipeline);
  int quiet = 0;
  std::int64_t seen = -1;
  while (quiet < quiet_looks) {
    if (signals.wait(drain_look)) return false;
    progress.show();
    std::int64_t done = 0;
    bool waits = false;
    for (const pipeline::StreamStatus& stream : pipeline.status().streams) {
      done += stream.records_in;
      const bool unread =
          stream.engine.empty() && stream.lag.value_or(1) > 0 && stream.state != pipeline::StreamState::failed;
      waits = waits || unread || stream.state == pipeline::StreamState::starting;
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
  const workflow::DagSpec dag = instance.dag();
  const std::string wanted = arguments.text("--task");
  std::vector<std::string> names;
  names.reserve(dag.tasks.size());
  for (const workflow::TaskSpec& task : dag.tasks) names.push_back(task.id);
  if (!wanted.empty() && std::find(names.begin(), names.end(), wanted) == names.end()) {
    return Error(errors::app::usage, "the file has no task {}", wanted).with_label(did_you_mean(wanted, names));
  }
  for (const workflow::TaskSpec& task : dag.tasks) {
    if (!wanted.empty() && task.id != wanted) continue;
    STREAMOPS_RETURN_IF_ERROR(run_task(instance, task, dag.id, arguments.text("--run-id"), terminal, signals));
  }
  return ExitCode::success;
}

/// Lets other engines work off what is in the topics now.
Result<ExitCode> pass(Instance& instance, Signals& signals) {
  auto passed = std::make_shared<std::promise<Result<void>>>();
  std::future<Result<void>> end = passed->get_future();
  instance.pipeline_loop().post([pipeline = instance.pipeline(), passed] {
    pipeline->pass([passed](Result<void> result) { passed->set_value(std::move(result)); });
  });
  while (end.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
    if (signals.wait(drain_look)) return ExitCode::interrupted;
  }
  STREAMOPS_RETURN_IF_ERROR(end.get());
  return ExitCode::success;
}

/// Tasks first, then the streams until they have caught up.
Result<ExitCode> run_once(Instance& instance, const Arguments& arguments, Terminal& terminal, Signals& signals) {
  ExitCode code = ExitCode::success;
  if (!arguments.has("--no-tasks")) {
    STREAMOPS_ASSIGN(code, run_tasks(instance, arguments, terminal, signals));
  }
  if (arguments.has("--task")) return code;
  STREAMOPS_ASSIGN(code, pass(instance, signals));
  if (code == ExitCode::success && !drain(*instance.pipeline(), terminal, signals)) code = ExitCode::interrupted;
  for (const pipeline::StreamStatus& stream : instance.pipeline()->status().streams) {
    if (stream.state == pipeline::StreamState::failed && stream.trouble) return stream.trouble->in(stream.name);
  }
  return code;
}

/// Until a signal comes, or a stream on Spark has failed for good: nobody would start it again here.
Result<ExitCode> run_on(Instance& instance, Terminal& terminal, Signals& signals) {
  Progress progress(terminal, instance.pipeline());
  while (!signals.wait(progress.interval())) {
    progress.show();
    for (const pipeline::StreamStatus& stream : instance.pipeline()->status().streams) {
      const bool failed = !stream.engine.empty() && stream.state == pipeline::StreamState::failed;
      if (failed && stream.trouble) return stream.trouble->in(stream.name);
    }
  }
  progress.finish();
  for (const pipeline::StreamStatus& stream : instance.pipeline()->status().streams) {
    if (!stream.engine.empty() && stream.state == pipeline::StreamState::running)
      terminal.note(fmt::format("{} runs on on {}; `streamops stop` ends it", stream.name, stream.engine));
  }
  return ExitCode::success;
}

ExitCode run_instance(Instance& instance, const Arguments& arguments, Terminal& terminal, Signals& signals) {
  Result<ExitCode> code = ExitCode::success;
  if (const std::optional<Error>& error = instance.pipeline_error()) code = *error;
  if (code && (arguments.has("--once") || arguments.has("--task"))) {
    code = run_once(instance, arguments, terminal, signals);
  } else if (code) {
    code = run_on(instance, terminal, signals);
  }
  tell_result(instance.pipeline()->status(), terminal);
  instance.stop();
  if (code) return *code;
  terminal.fail(code.error());
  return code.error().is(errors::pipeline::stopped) ? ExitCode::interrupted : exit_code_for(code.error());
}

/// Starts the instance on a thread of its own, for a start may wait long for other systems: a signal meanwhile ends the
/// process on the spot, and what is on disk is whole at any moment.
Result<std::unique_ptr<Instance>> start_unless_stopped(InstanceOptions options, Terminal& terminal, Signals& signals) {
  auto start = [&options] { return Instance::start(std::move(options)); };
  auto starting = std::async(std::launch::async, start);
  while (starting.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
    if (!signals.wait(start_look)) continue;
    terminal.note("stopped before anything had begun");
    ::_exit(static_cast<int>(ExitCode::interrupted));
  }
  return starting.get();
}

/// Ties this process to the one that started it, where --parent asks for that.
Result<void> follow_parent(const Arguments& arguments) {
  const std::string text = arguments.text("--parent");
  if (text.empty()) return Ok();
  std::int64_t pid = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (failure != std::errc{} || end != text.data() + text.size() || pid <= 0)
    return Error(errors::app::usage, "--parent {} is not the id of a process", text);
  Signals::end_with_parent(pid);
  return Ok();
}

ExitCode run(const Arguments& arguments, Terminal& terminal) {
  Signals signals;
  if (const Result<void> followed = follow_parent(arguments); !followed) {
    terminal.fail(followed.error());
    return exit_code_for(followed.error());
  }
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
  // A single task is what Airflow asks for; its streams run elsewhere.
  options.only_task = arguments.text("--task");
  options.once = arguments.has("--once");
  if (!admit_engine(arguments, *checked, terminal, options.engine, code)) return code;
  Result<SettingValues> settings = settings_of(arguments);
  if (!settings) return fail(settings.error());
  options.settings = std::move(settings).value();
  if (const Result<void> ports = choose_ports(arguments, options.settings); !ports) return fail(ports.error());
  const Result<std::unique_ptr<Instance>> instance = start_unless_stopped(std::move(options), terminal, signals);
  if (!instance) return fail(instance.error());
  return run_instance(**instance, arguments, terminal, signals);
}

}  // namespace

VerbSpec run_verb() {
  return {.name = "run",
          .summary = "Run a pipeline in the foreground, without console and schedule",
          .details =
              "With --once every task runs one time and the process ends when the streams have caught up; with --task "
              "that task alone runs to its end, as an Airflow task does: logs on standard error, exit status 0 when it "
              "succeeded, 2 for a mistake in the file, 3 when another system is to blame, 130 when it was stopped. "
              "What a try has fetched and could not deliver is delivered first by the next one with the same --run-id.",
          .positionals = {{"FILE", "the pipeline file; the reference pipeline when left out"}},
          .options = {profile_option(),
                      engine_option(),
                      data_directory_option(),
                      ports_option(),
                      {"--once", OptionSpec::Kind::flag, {}, "run the tasks once, let the streams catch up, end", {}},
                      {"--task", OptionSpec::Kind::text, "T", "run this task alone, to its end", {}},
                      {"--no-tasks", OptionSpec::Kind::flag, {}, "with --once: the streams alone", {}},
                      {"--run-id", OptionSpec::Kind::text, "ID", "name of the run, the same for each try of it", {}},
                      {"--parent", OptionSpec::Kind::text, "PID", "end when this process, the parent, ends", {}},
                      set_option()},
          .examples = {{"streamops run pipeline.yaml --once", "one pass through the whole line"},
                       {"streamops run pipeline.yaml --engine spark --profile real --once",
                        "the streams on a Spark cluster: what is in the topics now"},
                       {"streamops run pipeline.yaml --task stream_data_from_api --profile real",
                        "one task, against the real systems"}},
          .run = run};
}

}  // namespace streamops::app
