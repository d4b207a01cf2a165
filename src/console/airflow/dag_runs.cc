// Runs: list, one, trigger, end, run again.
#include <algorithm>

#include "base/text.h"
#include "console/airflow/runs.h"
#include "console/airflow/shapes.h"
#include "errors/console.h"
#include "errors/workflow.h"

namespace streamops::console::airflow {
namespace {

constexpr int all_runs = 100'000;  // more than the scheduler keeps
constexpr std::size_t longest_run_id = 250;

using Runs = std::vector<workflow::RunInfo>;

/// Runs as they come in, DAG by DAG.
struct Gathered {
  Runs runs;
  std::size_t missing = 0;
};

void gather(const Request& request, DagsPort& port, const std::vector<workflow::DagInfo>& dags,
            const std::function<void(Runs)>& then) {
  auto gathered = std::make_shared<Gathered>();
  gathered->missing = dags.size();
  if (dags.empty()) return then({});
  for (const workflow::DagInfo& dag : dags) {
    port.runs(dag.id, std::nullopt, all_runs, then_answer<Runs>(request, [gathered, then](Runs runs) {
                std::move(runs.begin(), runs.end(), std::back_inserter(gathered->runs));
                if (--gathered->missing == 0) then(std::move(gathered->runs));
              }));
  }
}

using Before = bool (*)(const workflow::RunInfo&, const workflow::RunInfo&);
struct Order {
  std::string_view name;
  Before before;
};
constexpr Order orders[] = {
    {"logical_date", [](const auto& a, const auto& b) { return a.logical_date < b.logical_date; }},
    {"execution_date", [](const auto& a, const auto& b) { return a.logical_date < b.logical_date; }},
    {"run_after", [](const auto& a, const auto& b) { return a.logical_date < b.logical_date; }},
    {"start_date", [](const auto& a, const auto& b) { return a.started_at < b.started_at; }},
    {"end_date", [](const auto& a, const auto& b) { return a.ended_at < b.ended_at; }},
    {"dag_run_id", [](const auto& a, const auto& b) { return a.run_id < b.run_id; }},
    {"id", [](const auto& a, const auto& b) { return a.number < b.number; }},
    {"state", [](const auto& a, const auto& b) { return to_string(a.state) < to_string(b.state); }}};

/// Sorts by `order_by`: a name of the table above, with "-" before it for the other way round.
Result<void> sort_runs(Runs& runs, std::string_view order_by) {
  const bool is_descending = order_by.starts_with('-');
  const std::string_view name = order_by.substr(is_descending ? 1 : 0);
  const auto order =
      std::find_if(std::begin(orders), std::end(orders), [&](const Order& each) { return each.name == name; });
  if (order == std::end(orders)) return Error(errors::console::bad_request, "runs cannot be ordered by {}", order_by);
  std::stable_sort(runs.begin(), runs.end(), [&](const auto& a, const auto& b) {
    return is_descending ? order->before(b, a) : order->before(a, b);
  });
  return Ok();
}

void list_runs(const Request& request) {
  with_runs(request, request.word(0), [request](Runs runs) {
    const std::string state = request.call->query("state");
    const std::string type = request.call->query("run_type");
    const std::string order = request.call->query("order_by");
    std::erase_if(runs, [&](const auto& run) {
      return (!state.empty() && to_string(run.state) != state) || (!type.empty() && to_string(run.type) != type);
    });
    if (const Result<void> sorted = sort_runs(runs, order.empty() ? "id" : order); !sorted)
      return request.fail(400, sorted.error().message());
    request.respond(write_page("dag_runs", runs, page_of(request),
                               [&](JsonWriter& json, const auto& run) { write_run(json, run, request.line); }));
  });
}

void answer_run(const Request& request, const workflow::RunInfo& run) {
  JsonWriter json;
  write_run(json, run, request.line);
  request.respond(std::move(json).text());
}

void show_run(const Request& request) {
  with_run(request, [request](const workflow::RunInfo& run) { answer_run(request, run); });
}

/// What clients may send and this scheduler does not keep: refused, not forgotten.
Result<void> refuse_unkept(const JsonBody& body) {
  for (const char* name : {"note", "data_interval_start", "data_interval_end", "run_after", "partition_key"}) {
    STREAMOPS_ASSIGN(const std::optional<std::string> text, body.text(name));
    if (text) return Error(errors::console::bad_request, "`{}` is not supported here", name);
  }
  return Ok();
}

Result<workflow::TriggerRequest> read_trigger(const Request& request) {
  STREAMOPS_ASSIGN(const JsonBody body, JsonBody::parse(request.call->request.body));
  STREAMOPS_RETURN_IF_ERROR(refuse_unkept(body));
  workflow::TriggerRequest trigger;
  trigger.dag_id = request.word(0);
  trigger.triggered_by = request.call->who();
  STREAMOPS_ASSIGN(const auto conf, body.object("conf"));
  STREAMOPS_ASSIGN(const auto run_id, body.text("dag_run_id"));
  STREAMOPS_ASSIGN(auto date, body.text("logical_date"));
  if (!date) {
    STREAMOPS_ASSIGN(date, body.text("execution_date"));
  }
  if (conf) trigger.conf = *conf;
  trigger.run_id = run_id.value_or("");
  if (trigger.run_id.size() > longest_run_id || trigger.run_id.find('/') != std::string::npos) {
    return Error(errors::console::bad_request, "`dag_run_id` may have {} letters, and no slash", longest_run_id);
  }
  if (date) {
    STREAMOPS_ASSIGN(trigger.logical_date, parse_iso8601(*date));
  }
  return trigger;
}

void trigger(const Request& request) {
  DagsPort* port = request.dags();
  if (port == nullptr) return;
  Result<workflow::TriggerRequest> wanted = read_trigger(request);
  if (!wanted) return request.fail(wanted.error());
  port->trigger(std::move(*wanted),
                then_answer<workflow::RunInfo>(request, [request](const auto& run) { answer_run(request, run); }));
}

void patch_run(const Request& request) {
  DagsPort* port = request.dags();
  if (port == nullptr) return;
  const Result<JsonBody> body = JsonBody::parse(request.call->request.body);
  const Result<std::string> text = body ? body->required("state") : Result<std::string>(body.error());
  if (!text) return request.fail(text.error());
  const auto state = workflow::parse_run_state(*text);
  const auto then_show = then_answer<void>(request, [request] { show_run(request); });
  if (state == workflow::RunState::queued)
    return port->clear({request.word(0), request.word(1), "", true, false}, then_show);
  if (state && workflow::is_final(*state)) return port->mark_run(request.word(0), request.word(1), *state, then_show);
  request.fail(Error(errors::console::bad_request, "`state` in the body must be success, failed or queued"));
}

}  // namespace

void with_runs(const Request& request, const std::string& dag_id, std::function<void(Runs)> then) {
  DagsPort* port = request.dags();
  if (port == nullptr) return;
  port->dags(then_answer<std::vector<workflow::DagInfo>>(
      request, [request, port, dag_id, then = std::move(then)](std::vector<workflow::DagInfo> dags) {
        if (dag_id != "~") std::erase_if(dags, [&](const auto& dag) { return dag.id != dag_id; });
        if (dags.empty() && dag_id != "~")
          return request.fail(Error(errors::workflow::not_found, "there is no DAG {}", dag_id));
        gather(request, *port, dags, then);
      }));
}

void with_run(const Request& request, std::function<void(workflow::RunInfo)> then) {
  with_runs(request, request.word(0), [request, then = std::move(then)](const Runs& runs) {
    for (const workflow::RunInfo& run : runs) {
      if (run.run_id == request.word(1)) return then(run);
    }
    request.fail(Error(errors::workflow::not_found, "the DAG {} has no run {}", request.word(0), request.word(1)));
  });
}

std::span<const Route> dag_run_routes() {
  static constexpr Route routes[] = {{"GET", "dags/*/dagRuns", list_runs, "limit offset order_by state run_type"},
                                     {"POST", "dags/*/dagRuns", trigger},
                                     {"GET", "dags/*/dagRuns/*", show_run},
                                     {"PATCH", "dags/*/dagRuns/*", patch_run, "update_mask"}};
  return routes;
}

}  // namespace streamops::console::airflow
