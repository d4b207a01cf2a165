// Traps of DAGs, of requirements.txt, and of the scripts that start containers.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "errors/doctor.h"
#include "errors/import.h"
#include "import/traps.h"

namespace streamops::importer {

namespace {

using namespace errors::import;

/// The version behind an image's colon: "2.6.0" of "apache/airflow:2.6.0-python3.9".
std::string version_of(const std::string& image) {
  const std::size_t colon = image.rfind(':');
  if (colon == std::string::npos) return {};
  const std::string tag = image.substr(colon + 1);
  return tag.substr(0, tag.find_first_not_of("0123456789."));
}

bool starts_with_digit(const std::string& text) {
  return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

void dags(const Facts& facts, bool airflow3, PipelineDraft& draft) {
  for (const DagFact& dag : facts.dags) {
    if (dag.schedule_keyword == "schedule_interval")
      draft.trap(Error(removed_in_airflow, "schedule_interval is gone in Airflow 3").with_hint("write schedule="),
                 dag.where);
    if (!dag.catchup && dag.start_date && !airflow3 && dag.schedule && !dag.schedule->is(ValueKind::none))
      draft.trap(Error(catchup_runs, "catchup is not said: Airflow 2 makes a run for every interval since start_date"),
                 dag.where);
    if (dag.catchup && dag.catchup->text == "true")
      draft.trap(
          Error(catchup_runs,
                "catchup=True makes a run for every interval since start_date, and each polls the API as it is today")
              .with_hint("catchup=False; here nothing is caught up"),
          dag.where);
    if (dag.start_date && dag.start_date->is_object("Now"))
      draft.trap(Error(start_date_moves, "start_date is counted from now"), dag.where);
  }
}

/// Lines of a requirements file: name -> version, line.
struct Requirement {
  std::string version;  // behind ==
  Where where;
};
std::map<std::string, Requirement> requirements_of(const Sources& sources) {
  std::map<std::string, Requirement> out;
  for (const ProjectFile* file : sources.project.of(FileKind::requirements)) {
    std::uint32_t number = 0;
    for (const std::string_view raw : split(file->text, '\n')) {
      ++number;
      const std::string line = to_lower(trim(raw.substr(0, raw.find('#'))));
      if (line.empty() || line[0] == '-') continue;
      std::string name = line.substr(0, line.find_first_of("=<>~![; "));
      std::replace(name.begin(), name.end(), '_', '-');
      const std::size_t pin = line.find("==");
      const std::string version =
          pin == std::string::npos ? "" : std::string(trim(std::string_view(line).substr(pin + 2)));
      out.try_emplace(name, Requirement{version, {file->path, number}});
    }
  }
  return out;
}

void requirements(const Sources& sources, PipelineDraft& draft) {
  const std::map<std::string, Requirement> listed = requirements_of(sources);
  if (listed.empty()) return;
  const auto [file, airflow] = sources.service(Role::airflow);
  const auto pinned = listed.find("apache-airflow");
  if (airflow != nullptr && pinned != listed.end() && !pinned->second.version.empty()) {
    const std::string image = version_of(airflow->image);
    if (starts_with_digit(image) && image != pinned->second.version)
      draft.trap(
          Error(versions_differ, "requirements pin apache-airflow {}, the image has {}", pinned->second.version, image),
          pinned->second.where);
  }
  const std::map<std::string, std::vector<std::string>> packages{{"kafka", {"kafka-python", "kafka-python-ng"}},
                                                                 {"confluent_kafka", {"confluent-kafka"}},
                                                                 {"cassandra", {"cassandra-driver", "scylla-driver"}},
                                                                 {"pyspark", {"pyspark"}},
                                                                 {"requests", {"requests", "apache-airflow"}}};
  std::set<std::string> told;
  for (const NamedPlace& module : sources.facts.modules) {
    const auto names = packages.find(module.name);
    if (names == packages.end() || !told.insert(module.name).second) continue;
    const bool has = std::any_of(names->second.begin(), names->second.end(),
                                 [&](const std::string& name) { return listed.contains(name); });
    if (!has && module.name != "requests")
      draft.trap(
          Error(module_missing, "{} imports {}, which requirements.txt does not bring", module.where.file, module.name)
              .with_hint(fmt::format("add {} to requirements.txt", names->second[0])),
          module.where);
  }
  if (const auto driver = listed.find("cassandra-driver"); driver != listed.end() && !driver->second.version.empty()) {
    int parts[3] = {0, 0, 0};
    std::size_t i = 0;
    for (const std::string_view part : split(driver->second.version, '.')) {
      if (i < 3) parts[i++] = std::atoi(std::string(part).c_str());
    }
    if (std::tie(parts[0], parts[1], parts[2]) < std::make_tuple(3, 29, 2))
      draft.trap(
          Error(driver_needs_libev, "cassandra-driver {} does not import on Python 3.12", driver->second.version),
          driver->second.where);
  }
}

void start_scripts(const Sources& sources, PipelineDraft& draft) {
  for (const ProjectFile* file : sources.project.of(FileKind::script)) {
    std::uint32_t number = 0;
    for (const std::string_view line : split(file->text, '\n')) {
      ++number;
      if (line.find("pip install") == std::string_view::npos || trim(line).starts_with("#")) continue;
      draft.trap(Error(installs_at_start, "{} installs packages at every start", file->path), {file->path, number});
      break;
    }
    if (file->text.find("\r\n") != std::string::npos)
      draft.trap(Error(errors::doctor::script_line_ends, "{} has lines that end in CR LF", file->path),
                 {file->path, 1});
    const std::string name = file->path.substr(file->path.rfind('/') + 1);
    const bool is_run = std::any_of(sources.compose.begin(), sources.compose.end(), [&](const ComposeFile& compose) {
      return std::any_of(compose.services.begin(), compose.services.end(), [&](const Service& service) {
        // `bash script.sh` needs no right to run it.
        return service.command.find(name) != std::string::npos && service.command.find("sh ") == std::string::npos;
      });
    });
    if (is_run && !file->executable)
      draft.trap(Error(errors::doctor::script_not_executable, "{} is not executable", file->path), {file->path, 1});
  }
}

void environment_files(const Sources& sources, PipelineDraft& draft) {
  for (const ProjectFile* file : sources.project.of(FileKind::environment)) {
    std::uint32_t number = 0;
    for (const std::string_view line : split(file->text, '\n')) {
      ++number;
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos || line.starts_with('#') || trim(line.substr(equals + 1)).empty()) continue;
      const std::string name(trim(line.substr(0, equals)));
      if (names_secret(name))
        draft.trap(Error(secret_in_script, "{} stands in {}", name, file->path)
                       .with_hint("keep the file out of version control: add it to .gitignore"),
                   {file->path, number});
    }
  }
}

}  // namespace

void find_airflow_traps(const Sources& sources, PipelineDraft& draft) {
  const auto [file, airflow] = sources.service(Role::airflow);
  dags(sources.facts, airflow != nullptr && version_of(airflow->image).starts_with('3'), draft);
  requirements(sources, draft);
  start_scripts(sources, draft);
  environment_files(sources, draft);
}

}  // namespace streamops::importer
