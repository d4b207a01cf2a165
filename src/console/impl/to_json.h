// console/impl/to_json.h — the JSON forms of what the console shows. Times are ISO 8601 in UTC, or null.
#pragma once

#include "base/error.h"
#include "base/json_writer.h"
#include "console/ports.h"
#include "workflow/records.h"

namespace streamops::console {

void write_json(JsonWriter& json, const Error& error);
void write_json(JsonWriter& json, const workflow::DagInfo& dag);
void write_json(JsonWriter& json, const workflow::RunInfo& run);
void write_json(JsonWriter& json, const workflow::TaskInstanceInfo& task);
void write_json(JsonWriter& json, const workflow::TryInfo& attempt);
void write_json(JsonWriter& json, const workflow::LogLine& line);
void write_json(JsonWriter& json, const workflow::LogAppended& appended);
void write_json(JsonWriter& json, const TopicInfo& topic);
void write_json(JsonWriter& json, const Message& message);
void write_json(JsonWriter& json, const GroupInfo& group);
void write_json(JsonWriter& json, const TableInfo& table);
void write_json(JsonWriter& json, const RowsPage& page);
void write_json(JsonWriter& json, const SubjectList& subjects);
void write_json(JsonWriter& json, const SubjectInfo& subject);
void write_json(JsonWriter& json, const Flow& flow);
void write_json(JsonWriter& json, const SystemStatus& status);
void write_json(JsonWriter& json, const ErrorInfo& info);

template <typename T>
void write_json(JsonWriter& json, const std::vector<T>& values) {
  json.begin_array();
  for (const T& value : values) write_json(json, value);
  json.end_array();
}

template <typename T>
std::string to_json(const T& value) {
  JsonWriter json;
  write_json(json, value);
  return std::move(json).text();
}

}  // namespace streamops::console
