#include <unistd.h>

#include "app/instance.h"
#include "app/pipeline_text.h"
#include "app/progress.h"
#include "app/settings_of.h"
#include "app/signals.h"
#include "app/spark_check.h"
#include "app/verbs/verbs.h"
#include "errors/app.h"

namespace streamops::app {
namespace {

/// The address as people write it: the loopback address is localhost.
std::string shown(const std::string& address) {
  return address.starts_with("127.0.0.1:") ? "localhost" + address.substr(9) : address;
}

/// What runs where: "localhost:9092", or a cluster of the profile.
std::string place_of(const Instance& instance, const char* name, const std::string& profile) {
  const std::string at = shown(instance.endpoints().at(name));
  return instance.is_external(name) ? fmt::format("{}   (the cluster of profile {})", at, profile) : at;
}

/// "localhost" or "db1 9043": the first node as cqlsh wants it.
std::string cqlsh_words(const std::string& at) {
  const std::string first = at.substr(0, at.find(','));
  const std::size_t colon = first.rfind(':');
  if (colon == std::string::npos || first.substr(colon + 1) == "9042") return first.substr(0, colon);
  return first.substr(0, colon) + " " + first.substr(colon + 1);
}

/// Commands that show the result; not for clusters that want a login, which is nobody's business here.
void announce_results(const Instance& instance, const pipeline::CheckedPipeline& checked, Terminal& terminal) {
  const pipeline::Profile& profile = checked.file.profile;
  const std::string kafka = shown(instance.endpoints().at("kafka"));
  const std::string cql = shown(instance.endpoints().at("cql"));
  std::vector<std::string> commands;
  for (const pipeline::CheckedStep& task : checked.tasks) {
    const bool open = !profile.kafka || (profile.kafka->sasl_mechanism.empty() && !profile.kafka->tls);
    if (const auto& sink = task.spec->kafka_sink; sink && open)
      commands.push_back(fmt::format("kcat -b {} -t {} -C -e", kafka, sink->topic));
  }
  for (const pipeline::CheckedStep& stream : checked.streams) {
    const auto& topic = stream.spec->kafka_sink;
    const bool plain = !profile.kafka || (profile.kafka->sasl_mechanism.empty() && !profile.kafka->tls);
    if (topic && plain) commands.push_back(fmt::format("kcat -b {} -t {} -C -e", kafka, topic->topic));
    const bool open = !profile.cassandra || (profile.cassandra->username.empty() && !profile.cassandra->tls);
    if (const auto& sink = stream.spec->cassandra_sink; sink && open)
      commands.push_back(
          fmt::format("cqlsh {} -e \"SELECT * FROM {}.{}\"", cqlsh_words(cql), sink->keyspace, sink->table));
  }
  if (!commands.empty()) terminal.note("See the result:");
  for (const std::string& command : commands) terminal.note("  " + command);
}

void announce(const Instance& instance, const pipeline::CheckedPipeline* checked, Terminal& terminal) {
  const auto at = [&](const char* name) { return shown(instance.endpoints().at(name)); };
  const std::string profile = checked == nullptr ? "embedded" : checked->file.profile.name;
  const char* login = instance.has_default_password() ? "login: admin / admin" : "log in as admin";
  terminal.note(terminal.bold("StreamOps is up."));
  terminal.note(fmt::format("  console   {}   ({})", terminal.cyan("http://" + at("console")), login));
  terminal.note(fmt::format("  topics    {}", terminal.cyan("http://" + at("control_center"))));
  terminal.note(fmt::format("  kafka     {}", place_of(instance, "kafka", profile)));
  terminal.note(fmt::format("  cassandra {}", place_of(instance, "cql", profile)));
  if (instance.endpoints().contains("registry"))
    terminal.note(fmt::format("  registry  {}", place_of(instance, "registry", profile)));
  if (checked == nullptr) return;
  if (!checked->tasks.empty() && !checked->file.profile.scheduler)
    terminal.note(fmt::format("  scheduler off: profile {} leaves the tasks to another one", profile));
  announce_results(instance, *checked, terminal);
  terminal.note("Stop with Ctrl-C; the next `streamops up` goes on where this one stopped.");
}

Result<InstanceOptions> options_of(const Arguments& arguments) {
  InstanceOptions options;
  options.data_directory = arguments.has("--data-dir") ? arguments.text("--data-dir") : default_data_directory();
  STREAMOPS_ASSIGN(options.settings, settings_of(arguments));
  STREAMOPS_RETURN_IF_ERROR(choose_ports(arguments, options.settings));
  if (arguments.has("--trust-network")) {
    STREAMOPS_RETURN_IF_ERROR(options.settings.set("server.trust_network", "true", SettingValues::Origin::flag));
  }
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
    if (!admit_engine(arguments, *options->pipeline, terminal, options->engine, code)) return code;
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
  // Looks into a cluster that is away hold a thread for some seconds; nobody waits for their answers any more.
  if ((*instance)->is_external("kafka")) ::_exit(static_cast<int>(ExitCode::success));
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
                  engine_option(),
                  data_directory_option(),
                  ports_option(),
                  {"--trigger", OptionSpec::Kind::text, "WHEN",
                   "run the DAG at start: first (if it never ran here), always, never", "first"},
                  {"--trust-network",
                   OptionSpec::Kind::flag,
                   {},
                   "listen on all addresses, with no login but the console's: for containers and closed networks",
                   {}},
                  {"--servers-only", OptionSpec::Kind::flag, {}, "Kafka, Cassandra and the console, no pipeline", {}},
                  set_option()},
      .examples = {{"streamops up", "the reference pipeline, everything embedded"},
                   {"streamops up pipeline.yaml --profile live", "your file, on the real API"},
                   {"streamops up --data-dir /tmp/try --ports auto",
                    "beside another one; /tmp/try/endpoints.json says where"}},
      .run = up};
}

}  // namespace streamops::app
