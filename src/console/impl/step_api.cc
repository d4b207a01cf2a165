// Streams and tasks at work: what people do with them.
#include <algorithm>

#include "console/impl/api.h"
#include "errors/console.h"

namespace streamops::console {

namespace {

constexpr std::int64_t most_redrives = 100;

/// The port, or nothing after an answer that says that there is none.
StreamsPort* port_of(const CallPtr& call) {
  if (call->context.ports.streams) return call->context.ports.streams.get();
  call->respond_error(Error(errors::console::not_served, "no pipeline runs in this process"));
  return nullptr;
}

Done<std::string> answer_text(const CallPtr& call) {
  return then_answer<std::string>(call, [call](const std::string& json) { call->respond_json(json); });
}

Result<RedriveQuery> read_redrive(const CallPtr& call) {
  STREAMOPS_ASSIGN(const JsonBody body, JsonBody::parse(call->request.body));
  RedriveQuery query;
  query.step = call->words[0];
  STREAMOPS_ASSIGN(const auto fix, body.text("fix"));
  STREAMOPS_ASSIGN(const auto dry_run, body.boolean("dry_run"));
  STREAMOPS_ASSIGN(const auto until, body.text("until"));
  STREAMOPS_ASSIGN(const auto from, body.text("from"));
  query.fix = fix.value_or("");
  query.dry_run = dry_run.value_or(false);
  query.until = until.value_or("");
  query.from = from.value_or("");
  query.most_redrives = static_cast<int>(call->number("most_redrives", query.most_redrives, 1, most_redrives));
  return query;
}

void redrive(CallPtr call) {
  StreamsPort* port = port_of(call);
  if (port == nullptr) return;
  const Result<RedriveQuery> query = read_redrive(call);
  query ? port->redrive(*query, answer_text(call)) : call->respond_error(query.error());
}

void tap(CallPtr call) {
  StreamsPort* port = port_of(call);
  if (port == nullptr) return;
  const TapQuery query{call->words[0], call->query("edge"), call->query("where"),
                       static_cast<std::uint64_t>(call->number("tap", 0, 0, INT64_MAX))};
  port->tap(query, answer_text(call));
}

}  // namespace

std::span<const Route> step_routes() {
  static constexpr Route routes[] = {{"POST", "steps/*/redrive", redrive}, {"GET", "steps/*/tap", tap}};
  return routes;
}

}  // namespace streamops::console
