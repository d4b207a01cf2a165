// Health and version.
#include "base/json_writer.h"
#include "console/airflow/request.h"

namespace streamops::console::airflow {
namespace {

// The releases whose answers these are.
constexpr std::string_view like_v1 = "2.11.2";
constexpr std::string_view like_v2 = "3.3.2";

void part(JsonWriter& json, std::string_view name, std::string_view status, std::string_view heartbeat,
          const std::optional<WallTime>& at) {
  json.key(name).begin_object().key("status");
  status.empty() ? json.null() : json.string(status);
  if (!heartbeat.empty()) {
    json.key(heartbeat);
    at ? json.string(to_iso8601(*at)) : json.null();
  }
  json.end_object();
}

/// Healthy is a scheduler that has just answered; one that is stuck leaves the question open until the client gives up.
void show_health(const Request& request) {
  DagsPort* port = request.dags();
  if (port == nullptr) return;
  port->dags(then_answer<std::vector<workflow::DagInfo>>(request, [request](const auto&) {
    const WallTime now = request.call->context.loop.clock().wall();
    JsonWriter json;
    json.begin_object();
    part(json, "metadatabase", "healthy", "", std::nullopt);
    part(json, "scheduler", "healthy", "latest_scheduler_heartbeat", now);
    part(json, "triggerer", "", "latest_triggerer_heartbeat", std::nullopt);
    part(json, "dag_processor", "", "latest_dag_processor_heartbeat", std::nullopt);
    json.end_object();
    request.respond(std::move(json).text());
  }));
}

void show_version(const Request& request) {
  const std::string own = request.call->context.ports.system->status().version;
  JsonWriter json;
  json.begin_object().field("version", request.line == Line::v1 ? like_v1 : like_v2);
  json.field("git_version", "streamops " + own).end_object();
  request.respond(std::move(json).text());
}

}  // namespace

std::span<const Route> monitor_routes() {
  static constexpr Route routes[] = {{"GET", "version", show_version, "", true},
                                     {"GET", "health", show_health, "", true},
                                     {"GET", "monitor/health", show_health, "", true}};
  return routes;
}

}  // namespace streamops::console::airflow
