// DAGs, runs, tasks and logs over the API.
#include <algorithm>
#include <utility>

#include "console/impl/api.h"
#include "errors/console.h"

namespace streamops::console {

namespace {

constexpr int most_grid_runs = 50;
constexpr std::size_t longest_run_id = 250;

/// The port, or nothing after an answer that says that there is none.
DagsPort* port_of(const CallPtr& call) {
  if (call->context.ports.dags) return call->context.ports.dags.get();
  call->respond_error(Error(errors::console::not_served, "no scheduler runs in this process"));
  return nullptr;
}

/// The body, or nothing after an answer that says what is wrong with it.
std::optional<JsonBody> body_of(const CallPtr& call) {
  Result<JsonBody> body = JsonBody::parse(call->request.body);
  if (body) return std::move(*body);
  call->respond_error(body.error());
  return std::nullopt;
}

void list_dags(CallPtr call) {
  if (DagsPort* port = port_of(call)) port->dags(answer_json<std::vector<workflow::DagInfo>>(call));
}

void list_runs(CallPtr call) {
  DagsPort* port = port_of(call);
  if (port == nullptr) return;
  const std::int64_t before = call->number("before", 0, 1, INT64_MAX);
  port->runs(call->words[0], before > 0 ? std::optional(before) : std::nullopt,
             static_cast<int>(call->number("limit", 25, 1, 500)), answer_json<std::vector<workflow::RunInfo>>(call));
}

/// Runs with their task instances, filled in as the answers come.
struct Grid {
  std::vector<workflow::RunInfo> runs;
  std::vector<std::vector<workflow::TaskInstanceInfo>> tasks;
  std::size_t missing = 0;
};

void answer_grid(const CallPtr& call, const Grid& grid) {
  JsonWriter json;
  json.begin_array();
  for (std::size_t i = 0; i < grid.runs.size(); ++i) {
    json.begin_object().key("run");
    write_json(json, grid.runs[i]);
    json.key("tasks");
    write_json(json, grid.tasks[i]);
    json.end_object();
  }
  json.end_array();
  call->respond_json(std::move(json).text());
}

void show_grid(CallPtr call) {
  DagsPort* port = port_of(call);
  if (port == nullptr) return;
  const int limit = static_cast<int>(call->number("limit", 25, 1, most_grid_runs));
  port->runs(call->words[0], std::nullopt, limit,
             then_answer<std::vector<workflow::RunInfo>>(call, [call, port](std::vector<workflow::RunInfo> runs) {
               auto grid = std::make_shared<Grid>();
               grid->runs = std::move(runs);
               grid->tasks.resize(grid->runs.size());
               grid->missing = grid->runs.size();
               if (grid->missing == 0) answer_grid(call, *grid);
               for (std::size_t i = 0; i < grid->runs.size(); ++i) {
                 port->task_instances(grid->runs[i].dag_id, grid->runs[i].run_id,
                                      then_answer<std::vector<workflow::TaskInstanceInfo>>(
                                          call, [call, grid, i](std::vector<workflow::TaskInstanceInfo> tasks) {
                                            grid->tasks[i] = std::move(tasks);
                                            if (--grid->missing == 0) answer_grid(call, *grid);
                                          }));
               }
             }));
}

void list_tasks(CallPtr call) {
  if (DagsPort* port = port_of(call)) {
    port->task_instances(call->words[0], call->words[1], answer_json<std::vector<workflow::TaskInstanceInfo>>(call));
  }
}

void list_tries(CallPtr call) {
  if (DagsPort* port = port_of(call)) {
    port->tries(call->words[0], call->words[1], call->words[2], answer_json<std::vector<workflow::TryInfo>>(call));
  }
}

void show_log(CallPtr call) {
  DagsPort* port = port_of(call);
  if (port == nullptr) return;
  port->log(call->words[0], call->words[1], call->words[2], static_cast<int>(call->number("try", 1, 1, INT32_MAX)),
            call->number("offset", 0, 0, INT64_MAX), static_cast<int>(call->number("limit", 1000, 1, 5000)),
            answer_json<std::vector<workflow::LogLine>>(call));
}

Result<workflow::TriggerRequest> read_trigger(const Call& call, const JsonBody& body) {
  workflow::TriggerRequest request;
  request.dag_id = call.words[0];
  request.triggered_by = call.who();
  STREAMOPS_ASSIGN(const auto conf, body.object("conf"));
  STREAMOPS_ASSIGN(const auto run_id, body.text("run_id"));
  STREAMOPS_ASSIGN(const auto date, body.text("logical_date"));
  STREAMOPS_ASSIGN(const auto unpause, body.boolean("unpause"));
  if (conf) request.conf = *conf;
  if (run_id && (run_id->size() > longest_run_id || run_id->find('/') != std::string::npos)) {
    return Error(errors::console::bad_request, "`run_id` may have {} letters, and no slash", longest_run_id);
  }
  request.run_id = run_id.value_or("");
  if (date) {
    STREAMOPS_ASSIGN(request.logical_date, parse_iso8601(*date));
  }
  request.unpause = unpause.value_or(true);
  return request;
}

void trigger(CallPtr call) {
  DagsPort* port = port_of(call);
  const std::optional<JsonBody> body = port != nullptr ? body_of(call) : std::nullopt;
  if (!body) return;
  Result<workflow::TriggerRequest> request = read_trigger(*call, *body);
  if (!request) {
    call->respond_error(request.error());
    return;
  }
  port->trigger(std::move(*request), answer_json<workflow::RunInfo>(call));
}

void pause(CallPtr call) {
  DagsPort* port = port_of(call);
  const std::optional<JsonBody> body = port != nullptr ? body_of(call) : std::nullopt;
  if (!body) return;
  const Result<std::optional<bool>> paused = body->boolean("paused");
  if (!paused || !*paused) {
    call->respond_error(Error(errors::console::bad_request, "`paused` in the body must be true or false"));
    return;
  }
  port->set_paused(call->words[0], **paused, answer_empty(call));
}

void clear(CallPtr call) {
  DagsPort* port = port_of(call);
  const std::optional<JsonBody> body = port != nullptr ? body_of(call) : std::nullopt;
  if (!body) return;
  const auto task = body->text("task_id");
  const auto downstream = body->boolean("downstream");
  const auto only_failed = body->boolean("only_failed");
  if (!task || !downstream || !only_failed) {
    call->respond_error(!task ? task.error() : !downstream ? downstream.error() : only_failed.error());
    return;
  }
  port->clear(
      {call->words[0], call->words[1], task->value_or(""), downstream->value_or(true), only_failed->value_or(false)},
      answer_empty(call));
}

void mark(CallPtr call) {
  DagsPort* port = port_of(call);
  const std::optional<JsonBody> body = port != nullptr ? body_of(call) : std::nullopt;
  if (!body) return;
  const Result<std::string> text = body->required("state");
  const auto state = text ? workflow::parse_run_state(*text) : std::nullopt;
  if (!state || !workflow::is_final(*state)) {
    call->respond_error(Error(errors::console::bad_request, "`state` in the body must be success or failed"));
    return;
  }
  port->mark_run(call->words[0], call->words[1], *state, answer_empty(call));
}

}  // namespace

std::span<const Route> dag_routes() {
  static constexpr Route routes[] = {{"GET", "dags", list_dags},
                                     {"GET", "dags/*/runs", list_runs},
                                     {"GET", "dags/*/grid", show_grid},
                                     {"POST", "dags/*/trigger", trigger},
                                     {"POST", "dags/*/pause", pause},
                                     {"GET", "dags/*/runs/*/tasks", list_tasks},
                                     {"POST", "dags/*/runs/*/clear", clear},
                                     {"POST", "dags/*/runs/*/mark", mark},
                                     {"GET", "dags/*/runs/*/tasks/*/tries", list_tries},
                                     {"GET", "dags/*/runs/*/tasks/*/log", show_log}};
  return routes;
}

}  // namespace streamops::console
