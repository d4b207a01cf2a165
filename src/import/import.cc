#include "import/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "errors/import.h"
#include "import/dag.h"
#include "import/endpoints.h"
#include "import/spark_job.h"
#include "import/tables.h"
#include "import/traps.h"
#include "import/write.h"
#include "pipeline/check.h"

namespace streamops::importer {

namespace {

/// The environment as it will be: variables that the file wants have a value.
pipeline::Surroundings as_if_set() {
  pipeline::Surroundings made;
  made.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "USERS_API") return std::nullopt;  // the profiles bring it
    const bool is_url = name.find("URL") != std::string::npos || name.find("URI") != std::string::npos ||
                        name.find("ENDPOINT") != std::string::npos;
    return is_url ? "http://localhost/" : "to be set";
  };
  made.read_file = [](const std::string& path) -> Result<std::string> {
    return Error(errors::import::check_failed, "an imported file reads no other: {}", path);
  };
  return made;
}

std::vector<Error> check(const std::string& text, const ImportOptions& options) {
  std::vector<Error> errors;
  for (const char* profile : {"embedded", "real"}) {
    pipeline::Checking checking = pipeline::check_pipeline(text, options.file, profile, as_if_set(), options.fits);
    errors.insert(errors.end(), checking.errors.begin(), checking.errors.end());
    if (!errors.empty()) break;
  }
  return errors;
}

/// Takes the step with the mistake out; with a mistake elsewhere, what is not needed. False when there is nothing left
/// to take out.
bool take_out(PipelineDraft& draft, const WrittenFile& file, const Error& error) {
  const std::uint32_t line = error.place() == nullptr ? 0 : error.place()->line;
  for (const WrittenStep& step : file.steps) {
    if (line < step.first_line || line > step.last_line) continue;
    const std::string what = fmt::format("the {} {}", step.is_task ? "task" : "stream", step.name);
    const auto same = [&](const StepDraft& each) { return each.name == step.name; };
    Where where;
    if (step.is_task) {
      where = std::find_if(draft.tasks.begin(), draft.tasks.end(), same)->where;
      std::erase_if(draft.tasks, same);
      for (TaskDraft& task : draft.tasks) std::erase(task.after, step.name);
    } else {
      where = std::find_if(draft.streams.begin(), draft.streams.end(), same)->where;
      std::erase_if(draft.streams, same);
    }
    draft.leave(what, fmt::format("it does not pass the check: {}", error.message()), where);
    return true;
  }
  if (!draft.schedule.empty() && error.message().find("schedule") != std::string::npos) {
    draft.leave(fmt::format("the schedule {}", draft.schedule), error.message(), {});
    draft.schedule.clear();
    return true;
  }
  if (draft.real.bootstrap.empty() && draft.real.contact_points.empty()) return false;
  draft.leave("the profile real", fmt::format("it does not pass the check: {}", error.message()), {});
  draft.real = {};
  return true;
}

template <typename Entry, typename Key>
void without_repeats(std::vector<Entry>& entries, Key key) {
  std::set<std::string> seen;
  std::erase_if(entries, [&](const Entry& each) { return !seen.insert(key(each)).second; });
}

/// Places in order, and nothing twice: a script may be walked through more than once.
void tidy(PipelineDraft& draft) {
  without_repeats(draft.taken, [](const Taken& each) { return each.what; });
  without_repeats(draft.left, [](const Left& each) { return each.what + each.advice + each.where.to_text(); });
  without_repeats(draft.traps, [](const Trap& each) {
    return std::string(each.error.code()) + each.error.message() + each.where.to_text();
  });
  std::stable_sort(draft.traps.begin(), draft.traps.end(), [](const Trap& a, const Trap& b) {
    return std::pair(a.where, a.error.code()) < std::pair(b.where, b.error.code());
  });
}

/// A place of the project in an error.
Error placed(const Trap& trap) {
  return trap.error.with_place({trap.where.file, trap.where.line, 1, {}, 1});
}

/// Writes, checks, and takes out what does not pass, until the rest does.
void write_and_check(Imported& out, const ImportOptions& options) {
  for (;;) {
    tidy(out.draft);
    if (out.draft.tasks.empty() && out.draft.streams.empty()) {
      out.failure = Error(errors::import::nothing_found, "nothing to import in {}", out.project);
      return;
    }
    const WrittenFile file = write_file(out.draft, out.project, options.file);
    const std::vector<Error> errors = check(file.text, options);
    if (errors.empty()) {
      out.text = file.text;
      out.to_set = variables_to_set(file.text);
      return;
    }
    if (take_out(out.draft, file, errors[0])) continue;
    out.failure =
        Error(errors::import::check_failed, "what was imported does not pass the check: {}", errors[0].to_line());
    return;
  }
}

}  // namespace

Imported import_files(Project project, const ImportOptions& options) {
  Imported out;
  out.project = project.name;
  Sources sources;
  read_sources(std::move(project), sources);
  const CqlSchema tables = read_cql(sources.project, sources.facts);
  draft_tasks(sources.facts, types_of_topics(sources.facts), out.draft);
  draft_streams(sources.facts, tables, options.fits, out.draft);
  if (out.draft.name.empty()) out.draft.name = to_name(sources.project.name);
  draft_profile(sources, out.draft);
  find_traps(sources, out.draft);
  for (Trap& trap : out.draft.traps) trap.error = placed(trap);
  write_and_check(out, options);
  return out;
}

Result<Imported> import_project(const std::string& folder, const ImportOptions& options) {
  STREAMOPS_ASSIGN(Project project, read_project(folder));
  return import_files(std::move(project), options);
}

}  // namespace streamops::importer
