// DAGs and their tasks: list, one, pause.
#include <algorithm>

#include "console/airflow/shapes.h"
#include "errors/console.h"
#include "errors/workflow.h"

namespace streamops::console::airflow {
namespace {

/// Hands the DAG that the path names to `then`.
template <typename Then>
void with_dag(const Request& request, const Then& then) {
  DagsPort* port = request.dags();
  if (port == nullptr) return;
  port->dags(then_answer<std::vector<workflow::DagInfo>>(request, [request, then](const auto& dags) {
    const auto found =
        std::find_if(dags.begin(), dags.end(), [&](const auto& dag) { return dag.id == request.word(0); });
    if (found != dags.end()) return then(*found);
    request.fail(Error(errors::workflow::not_found, "there is no DAG {}", request.word(0)));
  }));
}

void list_dags(const Request& request) {
  DagsPort* port = request.dags();
  if (port == nullptr) return;
  port->dags(then_answer<std::vector<workflow::DagInfo>>(request, [request](std::vector<workflow::DagInfo> dags) {
    const std::string paused = request.call->query("paused");
    if (!paused.empty()) std::erase_if(dags, [&](const auto& dag) { return dag.paused != (paused == "true"); });
    request.respond(write_page("dags", dags, page_of(request), [&](JsonWriter& json, const workflow::DagInfo& dag) {
      write_dag(json, dag, request.line);
    }));
  }));
}

void answer_dag(const Request& request, const workflow::DagInfo& dag) {
  JsonWriter json;
  write_dag(json, dag, request.line);
  request.respond(std::move(json).text());
}

void show_dag(const Request& request) {
  with_dag(request, [request](const workflow::DagInfo& dag) { answer_dag(request, dag); });
}

void patch_dag(const Request& request) {
  DagsPort* port = request.dags();
  if (port == nullptr) return;
  const Result<JsonBody> body = JsonBody::parse(request.call->request.body);
  if (!body) return request.fail(body.error());
  const Result<std::optional<bool>> paused = body->boolean("is_paused");
  if (!paused || !*paused) {
    return request.fail(Error(errors::console::bad_request, "`is_paused` in the body must be true or false"));
  }
  port->set_paused(request.word(0), **paused, then_answer<void>(request, [request] { show_dag(request); }));
}

void list_tasks(const Request& request) {
  with_dag(request, [request](const workflow::DagInfo& dag) {
    request.respond(write_page("tasks", dag.tasks, {dag.tasks.size(), 0},
                               [&](JsonWriter& json, const auto& task) { write_task(json, task, dag, request.line); }));
  });
}

void show_task(const Request& request) {
  with_dag(request, [request](const workflow::DagInfo& dag) {
    for (const workflow::TaskInfo& task : dag.tasks) {
      if (task.id != request.word(1)) continue;
      JsonWriter json;
      write_task(json, task, dag, request.line);
      return request.respond(std::move(json).text());
    }
    request.fail(Error(errors::workflow::not_found, "the DAG {} has no task {}", dag.id, request.word(1)));
  });
}

}  // namespace

std::span<const Route> dag_routes() {
  static constexpr Route routes[] = {{"GET", "dags", list_dags, "limit offset paused"},
                                     {"GET", "dags/*", show_dag},
                                     {"PATCH", "dags/*", patch_dag, "update_mask"},
                                     {"GET", "dags/*/tasks", list_tasks},
                                     {"GET", "dags/*/tasks/*", show_task}};
  return routes;
}

}  // namespace streamops::console::airflow
