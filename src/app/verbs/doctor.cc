#include "doctor/doctor.h"

#include <csignal>
#include <filesystem>

#include "app/column_fits.h"
#include "app/data_directory.h"
#include "app/pipeline_text.h"
#include "app/settings_of.h"
#include "app/verbs/verbs.h"
#include "base/json_writer.h"
#include "errors/app.h"
#include "errors/doctor.h"

namespace streamops::app {
namespace {

using doctor::Finding;
using doctor::ProbeReport;
using doctor::Severity;

constexpr const char* usual_airflow = "http://localhost:8080";

/// The ports that `up` would listen on under this profile; 0 is no port that
/// could be taken.
Result<std::vector<std::pair<std::string, int>>> ports_of(const Arguments& arguments,
                                                          const pipeline::Profile& profile) {
  STREAMOPS_ASSIGN(SettingValues settings, settings_of(arguments));
  STREAMOPS_RETURN_IF_ERROR(choose_ports(arguments, settings));
  std::vector<std::string> names{"server.console_port", "server.control_center_port"};
  if (!profile.kafka) names.insert(names.end(), {"server.kafka_port", "server.kafka_second_port"});
  if (!profile.cassandra) names.emplace_back("server.cql_port");
  if (!profile.registry) names.emplace_back("server.registry_port");
  std::vector<std::pair<std::string, int>> ports;
  for (const std::string& name : names) {
    if (const auto port = static_cast<int>(settings.integer(name)); port != 0) ports.emplace_back(name, port);
  }
  return ports;
}

/// The Airflow to ask: that of --airflow, or the usual one where the profile
/// leaves the tasks to it.
Result<std::optional<doctor::AirflowTarget>> airflow_of(const Arguments& arguments,
                                                        const pipeline::PipelineFile& file) {
  if (!arguments.has("--airflow") && (file.profile.scheduler || file.tasks.empty()))
    return std::optional<doctor::AirflowTarget>();
  const std::string text = arguments.has("--airflow") ? arguments.text("--airflow") : usual_airflow;
  const std::optional<doctor::UrlParts> url = doctor::parse_url(text);
  if (!url) return Error(errors::app::usage, "--airflow {} is no URL such as {}", text, usual_airflow);
  doctor::AirflowTarget target;
  target.url = url->without_login();
  while (target.url.ends_with('/')) target.url.pop_back();
  target.username = url->username;
  target.password = url->password;
  target.dag = file.name;
  target.own_scheduler = file.profile.scheduler;
  return std::optional(std::move(target));
}

Result<doctor::Targets> targets_of(const Arguments& arguments) {
  STREAMOPS_ASSIGN(const PipelineText text, load_pipeline_text(arguments.text("FILE")));
  const std::string profile = arguments.text("--profile");
  const pipeline::Surroundings surroundings = pipeline::Surroundings::of_process(text.name);
  // The registry is asked below, with everything else: columns that only it knows stay unknown to the check.
  const pipeline::NewestSchema not_asked = [](const pipeline::Profile&, const std::string& topic) {
    return Result<schema::AvroSchemaPtr>(Error(errors::doctor::registry_not_there, "{} was not asked for", topic));
  };
  pipeline::Checking checking =
      pipeline::check_pipeline(text.text, text.name, profile, surroundings, cassandra_column_fits(), not_asked);
  std::erase_if(checking.errors, [](const Error& error) { return error.is(errors::doctor::registry_not_there); });
  // With mistakes in it, a file still tells which endpoints it means.
  const pipeline::FileReading reading = pipeline::read_pipeline_file(text.text, text.name, profile, surroundings);
  const pipeline::PipelineFile& file = checking.pipeline ? checking.pipeline->file : reading.file;
  doctor::Targets targets = doctor::targets_of(file, checking.pipeline.get(), cassandra_column_fits());
  targets.mistakes = checking.errors;
  targets.file = text.name;
  if (arguments.has("FILE")) {
    const std::string folder = std::filesystem::path(text.name).parent_path().string();
    targets.folder = folder.empty() ? "." : folder;
  }
  STREAMOPS_ASSIGN(targets.airflow, airflow_of(arguments, file));
  STREAMOPS_ASSIGN(targets.machine.ports, ports_of(arguments, file.profile));
  targets.machine.data_directory =
      arguments.has("--data-dir") ? arguments.text("--data-dir") : default_data_directory();
  targets.machine.try_directory = [](const std::string& path) -> Result<void> {
    STREAMOPS_RETURN_IF_ERROR(DataDirectory::open(path, runtime::system_disk()));
    return Ok();
  };
  return targets;
}

std::string_view state_of(const doctor::Verdict& verdict) {
  if (!verdict.findings.empty()) return "found";
  return verdict.skipped ? "skipped" : "fine";
}

void write_finding(JsonWriter& json, const Finding& finding) {
  json.begin_object().field("severity", to_string(finding.severity)).field("code", finding.error.code());
  json.field("where", finding.where).field("message", finding.error.message()).field("label", finding.error.label());
  json.field("fix", finding.error.hint());
  if (const Place* place = finding.error.place())
    json.field("file", place->file).field("line", place->line).field("column", place->column);
  json.end_object();
}

std::string to_json(const doctor::Report& report, const doctor::Targets& targets) {
  JsonWriter json;
  json.begin_object().field("file", targets.file).field("profile", targets.profile);
  json.field("problems", report.count(Severity::problem)).field("warnings", report.count(Severity::warning));
  json.field("took_ms", report.took.count() / 1000).key("probes").begin_array();
  for (const ProbeReport& each : report.probes) {
    json.begin_object().field("id", each.probe.id).field("system", each.probe.system).field("title", each.probe.title);
    json.field("state", state_of(each.verdict)).field("note", each.verdict.note).key("findings").begin_array();
    for (const Finding& finding : each.verdict.findings) write_finding(json, finding);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return std::move(json).text();
}

void print_finding(const Finding& finding, Terminal& terminal) {
  const std::string severity(to_string(finding.severity));
  const std::string painted = finding.severity == Severity::problem ? terminal.red(severity) : terminal.bold(severity);
  const std::string& label = finding.error.label();
  terminal.print(fmt::format("  {} {}  {}{}", painted, finding.error.code(), finding.error.message(),
                             label.empty() ? "" : " (" + label + ")"));
  if (const Place* place = finding.error.place())
    terminal.print(terminal.dim(fmt::format("    --> {}:{}:{}", place->file, place->line, place->column)));
  terminal.print(fmt::format("    fix: {}", finding.error.hint()));
}

/// What one system's probes came to, in a line: "14 fine, 2 skipped".
struct Tally {
  std::size_t fine = 0;
  std::size_t skipped = 0;
  std::size_t found = 0;
  std::string reason;  // of a skip, when all are skipped for the same one

  void add(const doctor::Verdict& verdict) {
    if (!verdict.findings.empty()) {
      ++found;
    } else if (verdict.skipped) {
      reason = skipped == 0 || reason == verdict.note ? verdict.note : "";
      ++skipped;
    } else {
      ++fine;
    }
  }
  std::string line() const {
    if (fine == 0 && found == 0) return "skipped" + (reason.empty() ? "" : ": " + reason);
    std::string text = fmt::format("{} fine", fine);
    if (found > 0) text += fmt::format(", {} not", found);
    if (skipped > 0) text += fmt::format(", {} skipped", skipped);
    return text;
  }
};

void print_probe(const ProbeReport& report, bool all, Terminal& terminal) {
  for (const Finding& finding : report.verdict.findings) print_finding(finding, terminal);
  if (!all || !report.verdict.findings.empty()) return;
  const std::string state = report.verdict.skipped ? terminal.dim("skipped") : terminal.green("fine   ");
  const std::string note = report.verdict.note.empty() ? "" : terminal.dim(" (" + report.verdict.note + ")");
  terminal.print(fmt::format("  {} {}{}", state, report.probe.title, note));
}

void print(const doctor::Report& report, const doctor::Targets& targets, bool all, Terminal& terminal) {
  for (std::size_t begin = 0; begin < report.probes.size();) {
    const std::string_view system = report.probes[begin].probe.system;
    std::size_t end = begin;
    Tally tally;
    for (; end < report.probes.size() && system == report.probes[end].probe.system; ++end)
      tally.add(report.probes[end].verdict);
    terminal.print(fmt::format("{}  {}", terminal.bold(fmt::format("{:<13}", system)), terminal.dim(tally.line())));
    for (; begin < end; ++begin) print_probe(report.probes[begin], all, terminal);
  }
  const std::size_t problems = report.count(Severity::problem);
  const std::size_t warnings = report.count(Severity::warning);
  terminal.print(fmt::format("{} under profile {}: {} problem{}, {} warning{}, {} ms", targets.file, targets.profile,
                             problems, problems == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s",
                             report.took.count() / 1000));
}

void print_list(Terminal& terminal) {
  std::vector<std::vector<std::string>> rows;
  for (const doctor::Probe& probe : doctor::all_probes()) rows.push_back({probe.id, probe.title, probe.codes});
  terminal.table({"probe", "what must hold", "codes"}, rows);
}

ExitCode run_doctor(const Arguments& arguments, Terminal& terminal) {
  if (arguments.has("--list")) {
    print_list(terminal);
    return ExitCode::success;
  }
  ::signal(SIGPIPE, SIG_IGN);  // whoever hangs up in mid-question is a finding,
                               // not the end of the process
  const Result<doctor::Targets> targets = targets_of(arguments);
  if (!targets) {
    terminal.fail(targets.error());
    return exit_code_for(targets.error());
  }
  const doctor::Report report = doctor::examine(*targets);
  if (arguments.has("--json")) {
    terminal.print(to_json(report, *targets));
  } else {
    print(report, *targets, arguments.has("--all"), terminal);
  }
  if (!targets->mistakes.empty()) return ExitCode::user;
  return report.hinders() ? ExitCode::failed : ExitCode::success;
}

}  // namespace

VerbSpec doctor_verb() {
  return {.name = "doctor",
          .summary = "Find before a start what would trip it",
          .details =
              "Asks everything that the profile names - Kafka, Cassandra, "
              "registry, Spark, Airflow, the API - and looks at "
              "this machine. Nothing is created or changed. Each finding has a "
              "code, a place and a fix. Exit status: 0 "
              "nothing hinders, 1 something does, 2 the call or the file is wrong.",
          .positionals = {{"FILE", "the pipeline file; the reference pipeline when left out"}},
          .options = {profile_option(),
                      {"--all", OptionSpec::Kind::flag, {}, "every probe, also those that are fine", {}},
                      {"--list", OptionSpec::Kind::flag, {}, "the probes, without asking anything", {}},
                      {"--airflow",
                       OptionSpec::Kind::text,
                       "URL",
                       "where Airflow is, with a login: "
                       "http://admin:admin@localhost:8080; asked without this, "
                       "too, when the "
                       "profile leaves the schedule to it",
                       {}},
                      data_directory_option(),
                      ports_option(),
                      set_option(),
                      json_option()},
          .examples = {{"streamops doctor", "may the reference pipeline start here?"},
                       {"streamops doctor pipeline.yaml --profile real", "are the real systems ready for it?"},
                       {"streamops doctor pipeline.yaml --profile real --json", "the same for a script"}},
          .run = run_doctor};
}

}  // namespace streamops::app
