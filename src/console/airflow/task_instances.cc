// The tasks of a run: list, one, tries, logs, run again.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "console/airflow/runs.h"
#include "console/airflow/shapes.h"
#include "errors/console.h"
#include "errors/workflow.h"

namespace streamops::console::airflow {
namespace {

constexpr int lines_of_page = 10'000;  // of a log, in one answer

using Tasks = std::vector<workflow::TaskInstanceInfo>;

/// Hands the run of the path and its tasks to `then`.
template <typename Then>
void with_tasks(const Request& request, const std::string& run_id, Then then) {
  DagsPort* port = request.dags();
  if (port == nullptr) return;
  with_runs(request, request.word(0), [request, port, run_id, then](const std::vector<workflow::RunInfo>& runs) {
    const auto run = std::find_if(runs.begin(), runs.end(), [&](const auto& each) { return each.run_id == run_id; });
    if (run == runs.end())
      return request.fail(Error(errors::workflow::not_found, "the DAG {} has no run {}", request.word(0), run_id));
    port->task_instances(run->dag_id, run->run_id,
                         then_answer<Tasks>(request, [then, run = *run](const Tasks& tasks) { then(run, tasks); }));
  });
}

/// Hands the task that the path's third word names to `then`.
template <typename Then>
void with_task(const Request& request, Then then) {
  with_tasks(request, request.word(1), [request, then](const workflow::RunInfo& run, const Tasks& tasks) {
    for (const workflow::TaskInstanceInfo& task : tasks) {
      if (task.task_id == request.word(2)) return then(run, task);
    }
    request.fail(Error(errors::workflow::not_found, "the run {} has no task {}", run.run_id, request.word(2)));
  });
}

std::string page_of_tasks(const Request& request, const workflow::RunInfo& run, const Tasks& tasks, Page page) {
  return write_page("task_instances", tasks, page,
                    [&](JsonWriter& json, const auto& task) { write_task_instance(json, task, run, request.line); });
}

void list_tasks(const Request& request) {
  with_tasks(request, request.word(1), [request](const workflow::RunInfo& run, const Tasks& tasks) {
    request.respond(page_of_tasks(request, run, tasks, page_of(request)));
  });
}

void show_task(const Request& request) {
  with_task(request, [request](const workflow::RunInfo& run, const workflow::TaskInstanceInfo& task) {
    JsonWriter json;
    write_task_instance(json, task, run, request.line);
    request.respond(std::move(json).text());
  });
}

/// The task as it was in one of its tries.
workflow::TaskInstanceInfo in_try(workflow::TaskInstanceInfo task, const workflow::TryInfo& attempt) {
  task.try_number = attempt.try_number;
  task.state = attempt.state;
  task.started_at = attempt.started_at;
  task.ended_at = attempt.ended_at;
  task.error_code = attempt.error_code;
  task.error = attempt.error;
  return task;
}

template <typename Then>
void with_tries(const Request& request, Then then) {
  with_task(request, [request, then](const workflow::RunInfo& run, const workflow::TaskInstanceInfo& task) {
    request.dags()->tries(run.dag_id, run.run_id, task.task_id,
                          then_answer<std::vector<workflow::TryInfo>>(request, [run, task, then](const auto& tries) {
                            Tasks all;
                            for (const workflow::TryInfo& attempt : tries) all.push_back(in_try(task, attempt));
                            then(run, all);
                          }));
  });
}

void list_tries(const Request& request) {
  with_tries(request, [request](const workflow::RunInfo& run, const Tasks& tries) {
    request.respond(page_of_tasks(request, run, tries, {tries.size(), 0}));
  });
}

void show_try(const Request& request) {
  with_tries(request, [request](const workflow::RunInfo& run, const Tasks& tries) {
    for (const workflow::TaskInstanceInfo& task : tries) {
      if (std::to_string(task.try_number) != request.word(3)) continue;
      JsonWriter json;
      write_task_instance(json, task, run, request.line);
      return request.respond(std::move(json).text());
    }
    request.fail(Error(errors::workflow::not_found, "the task has no try {}", request.word(3)));
  });
}

// --- Logs ------------------------------------------------------------------------------------------------------------

std::string as_text_lines(const std::vector<workflow::LogLine>& lines) {
  std::string text;
  for (const workflow::LogLine& line : lines) {
    text += fmt::format("[{}] {} - {}\n", to_iso8601(line.at), to_upper(to_string(line.level)), line.text);
  }
  return text;
}

void write_content(JsonWriter& json, const std::vector<workflow::LogLine>& lines, Line line) {
  if (line == Line::v1) {
    json.string(as_text_lines(lines));
    return;
  }
  json.begin_array();
  for (const workflow::LogLine& each : lines) {
    json.begin_object().field("timestamp", to_iso8601(each.at)).field("event", each.text);
    json.field("level", to_string(each.level)).field("logger", "streamops").end_object();
  }
  json.end_array();
}

void answer_log(const Request& request, const std::vector<workflow::LogLine>& lines, bool is_whole) {
  const std::string* accept = request.call->request.header("accept");
  if (request.line == Line::v1 && accept != nullptr && accept->starts_with("text/plain")) {
    return request.call->respond(runtime::ServerResponse::text(as_text_lines(lines)));
  }
  JsonWriter json;
  json.begin_object().key("content");
  write_content(json, lines, request.line);
  json.key("continuation_token");
  // More may come: the token says where to go on. At the end Airflow 2 gives one all the same.
  const std::int64_t next = lines.empty() ? request.call->number("token", 0, 0, INT64_MAX) : lines.back().offset + 1;
  is_whole&& request.line == Line::v2 ? json.null() : json.string(std::to_string(next));
  json.end_object();
  request.respond(std::move(json).text());
}

void show_log(const Request& request) {
  const std::string& text = request.word(3);
  int number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc{} || end != text.data() + text.size() || number < 1)
    return request.fail(Error(errors::console::bad_request, "{} is not the number of a try", text));
  with_task(request, [request, number](const workflow::RunInfo& run, const workflow::TaskInstanceInfo& task) {
    if (number > task.try_number)
      return request.fail(
          Error(errors::workflow::not_found, "the task {} has had {} tries", task.task_id, task.try_number));
    const bool is_over = number < task.try_number || workflow::is_final(task.state);
    request.dags()->log(run.dag_id, run.run_id, task.task_id, number, request.call->number("token", 0, 0, INT64_MAX),
                        lines_of_page,
                        then_answer<std::vector<workflow::LogLine>>(request, [request, is_over](const auto& lines) {
                          answer_log(request, lines, is_over && lines.size() < lines_of_page);
                        }));
  });
}

// --- Running again ---------------------------------------------------------------------------------------------------

bool has_failed(const workflow::TaskInstanceInfo& task) {
  return task.state == workflow::TaskState::failed || task.state == workflow::TaskState::upstream_failed;
}

/// What a body of both clear calls says; Airflow's defaults.
struct Clearing {
  std::string run_id;
  bool is_dry = true;
  bool only_failed = false;
  bool downstream = false;
  std::optional<std::vector<std::string>> tasks;  // nothing: all
};

Result<Clearing> read_clearing(const JsonBody& body, bool only_failed) {
  Clearing clearing;
  STREAMOPS_ASSIGN(const auto dry, body.boolean("dry_run"));
  STREAMOPS_ASSIGN(const auto failed, body.boolean("only_failed"));
  STREAMOPS_ASSIGN(const auto downstream, body.boolean("include_downstream"));
  STREAMOPS_ASSIGN(clearing.tasks, body.texts("task_ids"));
  for (const char* name : {"include_upstream", "include_future", "include_past", "only_running"}) {
    STREAMOPS_ASSIGN(const auto wanted, body.boolean(name));
    if (wanted.value_or(false)) return Error(errors::console::bad_request, "`{}` is not supported here", name);
  }
  clearing.is_dry = dry.value_or(true);
  clearing.only_failed = failed.value_or(only_failed);
  clearing.downstream = downstream.value_or(false);
  return clearing;
}

/// Clears task after task, then calls `then`.
void clear_next(const Request& request, const std::shared_ptr<std::vector<workflow::ClearRequest>>& rest,
                const std::function<void()>& then) {
  if (rest->empty()) return then();
  workflow::ClearRequest clear = std::move(rest->back());
  rest->pop_back();
  request.dags()->clear(std::move(clear), then_answer<void>(request, [=] { clear_next(request, rest, then); }));
}

/// The tasks that a clearing is about; all of the names must exist.
Result<Tasks> chosen(const Clearing& clearing, const Tasks& tasks) {
  Tasks out;
  std::size_t known = 0;
  for (const workflow::TaskInstanceInfo& task : tasks) {
    const auto& names = clearing.tasks;
    if (names && std::find(names->begin(), names->end(), task.task_id) == names->end()) continue;
    ++known;
    if (!clearing.only_failed || has_failed(task)) out.push_back(task);
  }
  if (clearing.tasks && known != clearing.tasks->size())
    return Error(errors::workflow::not_found, "the run {} does not have all of the tasks named", clearing.run_id);
  return out;
}

void clear(const Request& request, const Clearing& clearing, bool answers_with_run) {
  with_tasks(request, clearing.run_id, [=](const workflow::RunInfo& run, const Tasks& tasks) {
    const Result<Tasks> picked = chosen(clearing, tasks);
    if (!picked) return request.fail(picked.error());
    auto rest = std::make_shared<std::vector<workflow::ClearRequest>>();
    for (const workflow::TaskInstanceInfo& task : *picked) {
      if (!clearing.is_dry)
        rest->push_back({run.dag_id, run.run_id, task.task_id, clearing.downstream, clearing.only_failed});
    }
    clear_next(request, rest, [request, run, answers_with_run, tasks = *picked, is_dry = clearing.is_dry] {
      if (!answers_with_run || is_dry) return request.respond(page_of_tasks(request, run, tasks, {tasks.size(), 0}));
      with_run(request, [request](const workflow::RunInfo& now) {
        JsonWriter json;
        write_run(json, now, request.line);
        request.respond(std::move(json).text());
      });
    });
  });
}

void clear_run(const Request& request) {
  const Result<JsonBody> body = JsonBody::parse(request.call->request.body);
  Result<Clearing> clearing = body ? read_clearing(*body, false) : Result<Clearing>(body.error());
  if (!clearing) return request.fail(clearing.error());
  clearing->run_id = request.word(1);
  clear(request, *clearing, true);
}

void clear_tasks(const Request& request) {
  const Result<JsonBody> body = JsonBody::parse(request.call->request.body);
  Result<Clearing> clearing = body ? read_clearing(*body, true) : Result<Clearing>(body.error());
  if (!clearing) return request.fail(clearing.error());
  const Result<std::string> run_id = body->required("dag_run_id");
  if (!run_id) return request.fail(run_id.error());
  clearing->run_id = *run_id;
  clear(request, *clearing, false);
}

}  // namespace

std::span<const Route> task_instance_routes() {
  static constexpr Route routes[] = {
      {"GET", "dags/*/dagRuns/*/taskInstances", list_tasks, "limit offset"},
      {"GET", "dags/*/dagRuns/*/taskInstances/*", show_task},
      {"GET", "dags/*/dagRuns/*/taskInstances/*/tries", list_tries},
      {"GET", "dags/*/dagRuns/*/taskInstances/*/tries/*", show_try},
      {"GET", "dags/*/dagRuns/*/taskInstances/*/logs/*", show_log, "full_content token map_index"},
      {"POST", "dags/*/dagRuns/*/clear", clear_run},
      {"POST", "dags/*/clearTaskInstances", clear_tasks}};
  return routes;
}

}  // namespace streamops::console::airflow
