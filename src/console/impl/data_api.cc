// Topics, groups, tables, schemas and the flow over the API.
#include <algorithm>
#include <tuple>

#include "console/impl/api.h"
#include "errors/console.h"

namespace streamops::console {

namespace {

constexpr int most_messages = 500;
constexpr int most_rows = 500;

/// The port, or nothing after an answer that says that there is none.
template <typename Port>
Port* port_of(const CallPtr& call, const std::shared_ptr<Port>& port, const char* what) {
  if (port) return port.get();
  call->respond_error(Error(errors::console::not_served, "no {} runs in this process", what));
  return nullptr;
}

void list_topics(CallPtr call) {
  if (auto* port = port_of(call, call->context.ports.topics, "broker")) {
    port->list(answer_json<std::vector<TopicInfo>>(call));
  }
}

void list_groups(CallPtr call) {
  if (auto* port = port_of(call, call->context.ports.topics, "broker")) {
    port->groups(answer_json<std::vector<GroupInfo>>(call));
  }
}

Result<MessageQuery::From> read_from(const std::string& text) {
  if (text.empty() || text == "newest") return MessageQuery::From::newest;
  if (text == "oldest") return MessageQuery::From::oldest;
  if (text == "offset") return MessageQuery::From::offset;
  if (text == "timestamp") return MessageQuery::From::timestamp;
  return Error(errors::console::bad_request, "`from` must be newest, oldest, offset or timestamp, not `{}`", text);
}

/// Newest first by time, cut to `limit`, unless a position was asked for: then in the order of the log.
void arrange(std::vector<Message>& messages, const MessageQuery& query) {
  const bool newest_first = query.from == MessageQuery::From::newest;
  std::stable_sort(messages.begin(), messages.end(), [newest_first](const Message& a, const Message& b) {
    const auto left = std::tie(a.timestamp, a.partition, a.offset);
    const auto right = std::tie(b.timestamp, b.partition, b.offset);
    return newest_first ? right < left : left < right;
  });
  if (messages.size() > static_cast<std::size_t>(query.limit)) messages.resize(static_cast<std::size_t>(query.limit));
}

void list_messages(CallPtr call) {
  auto* port = port_of(call, call->context.ports.topics, "broker");
  if (port == nullptr) return;
  const Result<MessageQuery::From> from = read_from(call->query("from"));
  if (!from) {
    call->respond_error(from.error());
    return;
  }
  MessageQuery query;
  query.topic = call->words[0];
  query.from = *from;
  query.position = call->number("position", 0, 0, INT64_MAX);
  query.limit = static_cast<int>(call->number("limit", 50, 1, most_messages));
  query.search = call->query("search");
  const std::int64_t partition = call->number("partition", -1, -1, INT32_MAX);
  if (partition >= 0) query.partition = static_cast<std::int32_t>(partition);
  port->messages(query, then_answer<std::vector<Message>>(call, [call, query](std::vector<Message> messages) {
                   arrange(messages, query);
                   call->respond_json(to_json(messages));
                 }));
}

void list_tables(CallPtr call) {
  if (auto* port = port_of(call, call->context.ports.tables, "store")) {
    port->list(answer_json<std::vector<TableInfo>>(call));
  }
}

void list_rows(CallPtr call) {
  if (auto* port = port_of(call, call->context.ports.tables, "store")) {
    port->rows(call->words[0], call->words[1], call->query("page"),
               static_cast<int>(call->number("limit", 50, 1, most_rows)), answer_json<RowsPage>(call));
  }
}

void list_subjects(CallPtr call) {
  if (auto* port = port_of(call, call->context.ports.schemas, "schema registry"))
    port->list(answer_json<SubjectList>(call));
}

void show_subject(CallPtr call) {
  if (auto* port = port_of(call, call->context.ports.schemas, "schema registry"))
    port->subject(call->query("name"), answer_json<SubjectInfo>(call));
}

void show_flow(CallPtr call) {
  if (auto* port = port_of(call, call->context.ports.streams, "pipeline")) port->flow(answer_json<Flow>(call));
}

}  // namespace

std::span<const Route> data_routes() {
  static constexpr Route routes[] = {
      {"GET", "topics", list_topics},           {"GET", "topics/*/messages", list_messages},
      {"GET", "groups", list_groups},           {"GET", "tables", list_tables},
      {"GET", "tables/*/*/rows", list_rows},    {"GET", "schemas", list_subjects},
      {"GET", "schemas/subject", show_subject}, {"GET", "flow", show_flow}};
  return routes;
}

}  // namespace streamops::console
