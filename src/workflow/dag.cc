#include "workflow/dag.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "base/text.h"
#include "errors/workflow.h"

namespace streamops::workflow {

namespace {

constexpr std::size_t longest_id = 250;

bool is_id(std::string_view text) {
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
  };
  return !text.empty() && text.size() <= longest_id && std::all_of(text.begin(), text.end(), fits);
}

Result<void> check_ids(const DagSpec& dag) {
  if (!is_id(dag.id)) return Error(errors::workflow::bad_id, "`{}` cannot name a DAG", dag.id);
  std::vector<std::string> seen;
  for (const TaskSpec& task : dag.tasks) {
    if (!is_id(task.id)) return Error(errors::workflow::bad_id, "`{}` cannot name a task of `{}`", task.id, dag.id);
    if (std::find(seen.begin(), seen.end(), task.id) != seen.end()) {
      return Error(errors::workflow::bad_id, "`{}` has two tasks called `{}`", dag.id, task.id);
    }
    seen.push_back(task.id);
  }
  return Ok();
}

Result<void> check_upstream(const DagSpec& dag) {
  std::vector<std::string> ids;
  ids.reserve(dag.tasks.size());
  for (const TaskSpec& task : dag.tasks) ids.push_back(task.id);
  for (const TaskSpec& task : dag.tasks) {
    for (const std::string& before : task.upstream) {
      if (std::find(ids.begin(), ids.end(), before) != ids.end()) continue;
      return Error(errors::workflow::unknown_upstream, "`{}` waits for `{}`, which `{}` does not have (it has {})",
                   task.id, before, dag.id, join(ids, ", "))
          .with_label(did_you_mean(before, ids));
    }
  }
  return Ok();
}

/// Removes, again and again, the tasks that wait for nothing; what is left is or hangs on a circle.
Result<void> check_circle(const DagSpec& dag) {
  std::map<std::string, std::vector<std::string>> waits;
  for (const TaskSpec& task : dag.tasks) waits[task.id] = task.upstream;
  for (bool removed = true; removed;) {
    removed = std::erase_if(waits, [&](const auto& entry) {
                return std::none_of(entry.second.begin(), entry.second.end(),
                                    [&](const std::string& before) { return waits.contains(before); });
              }) > 0;
  }
  if (waits.empty()) return Ok();
  std::vector<std::string> path;
  std::string at = waits.begin()->first;
  while (std::find(path.begin(), path.end(), at) == path.end()) {
    path.push_back(at);
    const auto& before = waits[at];
    at = *std::find_if(before.begin(), before.end(), [&](const std::string& id) { return waits.contains(id); });
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), at));
  path.push_back(at);
  return Error(errors::workflow::circle, "in `{}`: {}", dag.id, join(path, " waits for "));
}

}  // namespace

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "info";
}

Error skip_task(std::string_view reason) {
  return Error(errors::workflow::skipped, "{}", reason);
}

Result<void> check_dag(const DagSpec& dag) {
  STREAMOPS_RETURN_IF_ERROR(check_ids(dag));
  STREAMOPS_RETURN_IF_ERROR(check_upstream(dag));
  return check_circle(dag);
}

}  // namespace streamops::workflow
