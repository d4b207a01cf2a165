#include "console/impl/to_json.h"

#include "base/bytes.h"
#include "base/text.h"

namespace streamops::console {

namespace {

constexpr std::size_t longest_shown = 64 * 1024;  // bytes of a key or a value in a page

void field(JsonWriter& json, std::string_view name, const std::optional<WallTime>& time) {
  json.key(name);
  if (time) {
    json.string(to_iso8601(*time));
  } else {
    json.null();
  }
}

void field(JsonWriter& json, std::string_view name, WallTime time) {
  json.field(name, to_iso8601(time));
}

/// {"text": "..."} or, where it is no UTF-8, {"hex": "..."}; "size" counts the bytes, of which only the first are shown
/// when there are many.
void write_bytes(JsonWriter& json, const std::optional<std::string>& bytes) {
  if (!bytes) {
    json.null();
    return;
  }
  std::string_view shown = std::string_view(*bytes).substr(0, longest_shown);
  while (shown.size() < bytes->size() && !shown.empty() && (static_cast<unsigned char>(shown.back()) & 0x80) != 0) {
    shown.remove_suffix(1);
  }
  json.begin_object();
  if (is_utf8(shown)) {
    json.field("text", shown);
  } else {
    json.field("hex", to_hex(as_bytes(shown)));
  }
  json.field("size", bytes->size()).end_object();
}

std::string_view name_of(ColumnInfo::Kind kind) {
  switch (kind) {
    case ColumnInfo::Kind::partition_key:
      return "partition_key";
    case ColumnInfo::Kind::clustering:
      return "clustering";
    case ColumnInfo::Kind::fixed:
      return "static";
    case ColumnInfo::Kind::regular:
      return "regular";
  }
  return "regular";
}

std::string_view name_of(FlowNode::Kind kind) {
  switch (kind) {
    case FlowNode::Kind::api:
      return "api";
    case FlowNode::Kind::task:
      return "task";
    case FlowNode::Kind::topic:
      return "topic";
    case FlowNode::Kind::stream:
      return "stream";
    case FlowNode::Kind::table:
      return "table";
    case FlowNode::Kind::dead_letters:
      return "dead_letters";
  }
  return "api";
}

std::string_view name_of(FlowNode::State state) {
  switch (state) {
    case FlowNode::State::idle:
      return "idle";
    case FlowNode::State::running:
      return "running";
    case FlowNode::State::waiting:
      return "waiting";
    case FlowNode::State::failed:
      return "failed";
    case FlowNode::State::stopped:
      return "stopped";
  }
  return "idle";
}

void write_node(JsonWriter& json, const FlowNode& node) {
  json.begin_object();
  json.field("id", node.id).field("kind", name_of(node.kind)).field("title", node.title).field("detail", node.detail);
  json.field("sql", node.sql).field("state", name_of(node.state)).field("records", node.records);
  json.key("counters").begin_array();
  for (const auto& [name, value] : node.counters)
    json.begin_object().field("name", name).field("value", value).end_object();
  json.end_array();
  json.key("error");
  if (node.error) {
    write_json(json, *node.error);
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace

void write_json(JsonWriter& json, const Error& error) {
  json.begin_object();
  json.field("code", error.code()).field("blame", to_string(error.blame())).field("title", error.info().title);
  json.field("message", error.message()).field("hint", error.hint()).end_object();
}

void write_json(JsonWriter& json, const ErrorInfo& info) {
  json.begin_object();
  json.field("code", info.code).field("blame", to_string(info.blame)).field("title", info.title);
  json.field("text", info.text).field("hint", info.hint).end_object();
}

void write_json(JsonWriter& json, const workflow::DagInfo& dag) {
  json.begin_object();
  json.field("id", dag.id).field("description", dag.description).field("schedule", dag.schedule);
  json.field("time_zone", dag.time_zone).field("paused", dag.paused).field("max_active_runs", dag.max_active_runs);
  field(json, "next_run", dag.next_run);
  json.key("tasks").begin_array();
  for (const workflow::TaskInfo& task : dag.tasks) {
    json.begin_object()
        .field("id", task.id)
        .field("trigger_rule", to_string(task.trigger_rule))
        .field("retries", task.retries);
    json.key("upstream").begin_array();
    for (const std::string& before : task.upstream) json.string(before);
    json.end_array().end_object();
  }
  json.end_array().end_object();
}

void write_json(JsonWriter& json, const workflow::RunInfo& run) {
  json.begin_object();
  json.field("dag_id", run.dag_id).field("run_id", run.run_id).field("type", to_string(run.type));
  json.field("state", to_string(run.state)).field("number", run.number).field("triggered_by", run.triggered_by);
  field(json, "logical_date", run.logical_date);
  field(json, "queued_at", run.queued_at);
  field(json, "started_at", run.started_at);
  field(json, "ended_at", run.ended_at);
  json.field("conf", run.conf).end_object();
}

void write_json(JsonWriter& json, const workflow::TaskInstanceInfo& task) {
  json.begin_object();
  json.field("dag_id", task.dag_id).field("run_id", task.run_id).field("task_id", task.task_id);
  json.field("state", to_string(task.state)).field("try_number", task.try_number).field("max_tries", task.max_tries);
  field(json, "started_at", task.started_at);
  field(json, "ended_at", task.ended_at);
  field(json, "retry_at", task.retry_at);
  json.field("error_code", task.error_code).field("error", task.error).field("hint", task.hint).end_object();
}

void write_json(JsonWriter& json, const workflow::TryInfo& attempt) {
  json.begin_object();
  json.field("try_number", attempt.try_number).field("state", to_string(attempt.state));
  field(json, "started_at", attempt.started_at);
  field(json, "ended_at", attempt.ended_at);
  json.field("error_code", attempt.error_code).field("error", attempt.error).end_object();
}

void write_json(JsonWriter& json, const workflow::LogLine& line) {
  json.begin_object().field("offset", line.offset);
  field(json, "at", line.at);
  json.field("level", to_string(line.level)).field("text", line.text).end_object();
}

void write_json(JsonWriter& json, const workflow::LogAppended& appended) {
  json.begin_object();
  json.field("dag_id", appended.dag_id).field("run_id", appended.run_id).field("task_id", appended.task_id);
  json.field("try_number", appended.try_number).key("line");
  write_json(json, appended.line);
  json.end_object();
}

void write_json(JsonWriter& json, const TopicInfo& topic) {
  json.begin_object().field("name", topic.name).field("internal", topic.internal).key("partitions").begin_array();
  for (const PartitionInfo& partition : topic.partitions) {
    json.begin_object().field("id", partition.id).field("first_offset", partition.first_offset);
    json.field("next_offset", partition.next_offset).key("bytes");
    partition.bytes ? json.number(*partition.bytes) : json.null();
    json.end_object();
  }
  json.end_array().end_object();
}

void write_json(JsonWriter& json, const Message& message) {
  json.begin_object().field("partition", message.partition).field("offset", message.offset);
  field(json, "timestamp", message.timestamp);
  json.key("key");
  write_bytes(json, message.key);
  json.key("value");
  write_bytes(json, message.value);
  json.key("headers").begin_array();
  for (const auto& [name, value] : message.headers)
    json.begin_object().field("name", name).field("value", value).end_object();
  json.end_array().end_object();
}

void write_json(JsonWriter& json, const GroupInfo& group) {
  json.begin_object().field("name", group.name).field("state", group.state).key("members").begin_array();
  for (const GroupMember& member : group.members) {
    json.begin_object().field("client_id", member.client_id).field("host", member.host).key("partitions").begin_array();
    for (const auto& [topic, partition] : member.partitions) {
      json.begin_object().field("topic", topic).field("partition", partition).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().key("offsets").begin_array();
  for (const GroupOffset& offset : group.offsets) {
    json.begin_object().field("topic", offset.topic).field("partition", offset.partition);
    json.field("committed", offset.committed).field("end", offset.end).end_object();
  }
  json.end_array().end_object();
}

void write_json(JsonWriter& json, const TableInfo& table) {
  json.begin_object().field("keyspace", table.keyspace).field("name", table.name).field("system", table.system);
  json.key("columns").begin_array();
  for (const ColumnInfo& column : table.columns) {
    json.begin_object()
        .field("name", column.name)
        .field("type", column.type)
        .field("kind", name_of(column.kind))
        .end_object();
  }
  json.end_array().end_object();
}

void write_json(JsonWriter& json, const RowsPage& page) {
  json.begin_object().field("next", page.next).key("rows").begin_array();
  for (const auto& row : page.rows) {
    json.begin_array();
    for (const std::optional<std::string>& cell : row) cell ? json.string(*cell) : json.null();
    json.end_array();
  }
  json.end_array().end_object();
}

void write_json(JsonWriter& json, const SubjectList& subjects) {
  json.begin_object().field("compatibility", subjects.compatibility).key("subjects").begin_array();
  for (const std::string& name : subjects.names) json.string(name);
  json.end_array().end_object();
}

void write_json(JsonWriter& json, const SubjectInfo& subject) {
  json.begin_object().field("name", subject.name).field("compatibility", subject.compatibility);
  json.field("older", subject.older).key("versions").begin_array();
  for (const SchemaInfo& each : subject.versions) {
    json.begin_object()
        .field("version", each.version)
        .field("id", each.id)
        .field("type", each.type)
        .field("schema", each.text)
        .end_object();
  }
  json.end_array().end_object();
}

void write_json(JsonWriter& json, const Flow& flow) {
  json.begin_object().field("pipeline", flow.pipeline).field("file", flow.file).field("profile", flow.profile);
  json.key("nodes").begin_array();
  for (const FlowNode& node : flow.nodes) write_node(json, node);
  json.end_array().key("edges").begin_array();
  for (const FlowEdge& edge : flow.edges) {
    json.begin_object().field("from", edge.from).field("to", edge.to).field("records", edge.records).end_object();
  }
  json.end_array().end_object();
}

void write_json(JsonWriter& json, const SystemStatus& status) {
  json.begin_object().field("version", status.version).field("data_directory", status.data_directory);
  field(json, "started_at", status.started_at);
  json.field("memory_bytes", status.memory_bytes).key("endpoints").begin_array();
  for (const EndpointInfo& one : status.endpoints) {
    json.begin_object().field("name", one.name).field("at", one.at).field("external", one.external).end_object();
  }
  json.end_array().end_object();
}

}  // namespace streamops::console
