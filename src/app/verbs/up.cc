#include "app/instance.h"
#include "app/pipeline_text.h"
#include "app/progress.h"
#include "app/settings_of.h"
#include "app/signals.h"
#include "app/verbs/verbs.h"
#include "errors/app.h"

namespace streamops::app {
namespace {

/// The address as people write it: the loopback address is localhost.
std::string shown(const std::string& address) {
  return address.starts_with("127.0.0.1:") ? "localhost" + address.substr(9) : address;
}

void announce(const Instance& instance, const pipeline::CheckedPipeline* checked, Terminal& terminal) {
  const auto at = [&](const char* name) { return shown(instance.endpoints().at(name)); };
  terminal.note(terminal.bold("StreamOps is up."));
  terminal.note(fmt::format("  console   {}   (login: admin / admin)", terminal.cyan("http://" + at("console"))));
  terminal.note(fmt::format("  topics    {}", terminal.cyan("http://" + at("control_center"))));
  terminal.note(fmt::format("  kafka     {}", at("kafka")));
  terminal.note(fmt::format("  cassandra {}", at("cql")));
  if (checked == nullptr) return;
  terminal.note("See the result:");
  for (const pipeline::CheckedStep& task : checked->tasks) {
    if (const auto& sink = task.spec->kafka_sink)
      terminal.note(fmt::format("  kcat -b {} -t {} -C -e", at("kafka"), sink->topic));
  }
  for (const pipeline::CheckedStep& stream : checked->streams) {
    const auto& sink = stream.spec->cassandra_sink;
    if (!sink) continue;
    const std::string cql = at("cql");
    const std::size_t colon = cql.rfind(':');
    const std::string port = cql.substr(colon + 1) == "9042" ? "" : " " + cql.substr(colon + 1);
    terminal.note(fmt::format("  cqlsh {}{} -e \"SELECT * FROM {}.{}\"", cql.substr(0, colon), port, sink->keyspace,
                              sink->table));
  }
  terminal.note("Stop with Ctrl-C; the next `streamops up` goes on where this one stopped.");
}

Result<InstanceOptions> options_of(const Arguments& arguments) {
  InstanceOptions options;
  options.data_directory = arguments.has("--data-dir") ? arguments.text("--data-dir") : default_data_directory();
  STREAMOPS_ASSIGN(options.settings, settings_of(arguments));
  STREAMOPS_RETURN_IF_ERROR(choose_ports(arguments, options.settings));
  const std::optional<workflow::TriggerPolicy> trigger = workflow::parse_trigger_policy(arguments.text("--trigger"));
  if (!trigger) {
    return Error(errors::app::usage, "--trigger {} is none of first, always, never", arguments.text("--trigger"));
  }
  options.trigger = *trigger;
  return options;
}

ExitCode up(const Arguments& arguments, Terminal& terminal) {
  // First of all: threads that start later inherit that signals wait for us.
  Signals signals;
  Result<InstanceOptions> options = options_of(arguments);
  if (!options) {
    terminal.fail(options.error());
    return exit_code_for(options.error());
  }
  ExitCode code = ExitCode::success;
  if (!arguments.has("--servers-only")) {
    options->pipeline = load_pipeline(arguments, terminal, code);
    if (!options->pipeline) return code;
  }
  const pipeline::CheckedPipelinePtr checked = options->pipeline;
  options->on_problem = [&terminal](const Error& error) { terminal.warn(error); };
  Result<std::unique_ptr<Instance>> instance = Instance::start(std::move(options).value());
  if (!instance) {
    terminal.fail(instance.error());
    return exit_code_for(instance.error());
  }
  announce(**instance, checked.get(), terminal);
  if (const std::optional<Error>& error = (*instance)->pipeline_error()) terminal.fail(*error);

  Progress progress(terminal, (*instance)->pipeline());
  while (!signals.wait(progress.interval())) progress.show();
  progress.finish();
  terminal.note("Stopping ...");
  signals.exit_at_once_on_next();
  (*instance)->stop();
  terminal.note("Stopped; nothing is lost.");
  return ExitCode::success;
}

}  // namespace

VerbSpec up_verb() {
  return {
      .name = "up",
      .summary = "Start everything: servers, pipeline, scheduler, console",
      .details =
          "Without FILE the built-in reference pipeline runs: users from an API into the topic users_created and the "
          "table "
          "spark_streams.created_users. Data survives in the data directory; a second `up` on it goes on where the "
          "first stopped.",
      .positionals = {{"FILE", "the pipeline file; the reference pipeline when left out"}},
      .options = {profile_option(),
                  data_directory_option(),
                  ports_option(),
                  {"--trigger", OptionSpec::Kind::text, "WHEN",
                   "run the DAG at start: first (if it never ran here), always, never", "first"},
                  {"--servers-only", OptionSpec::Kind::flag, {}, "Kafka, Cassandra and the console, no pipeline", {}},
                  set_option()},
      .examples = {{"streamops up", "the reference pipeline, everything embedded"},
                   {"streamops up pipeline.yaml --profile live", "your file, on the real API"},
                   {"streamops up --data-dir /tmp/try --ports auto",
                    "beside another one; /tmp/try/endpoints.json says where"}},
      .run = up};
}

}  // namespace streamops::app
