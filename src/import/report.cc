// What an import says of itself.
#include <fmt/format.h>

#include "base/json_writer.h"
#include "import/import.h"

namespace streamops::importer {

namespace {

std::string place(const Where& where) {
  return where.file.empty() ? "" : fmt::format("  ({})", where.to_text());
}

void write_where(JsonWriter& json, const Where& where) {
  if (!where.file.empty()) json.field("file", where.file).field("line", where.line);
}

}  // namespace

std::string report_text(const Imported& imported) {
  const PipelineDraft& draft = imported.draft;
  std::string out = "taken over\n";
  for (const Taken& each : draft.taken) out += fmt::format("  {}{}\n", each.what, place(each.where));
  if (draft.taken.empty()) out += "  nothing\n";
  if (!draft.left.empty()) out += "not taken over\n";
  for (const Left& each : draft.left) out += fmt::format("  {}{}\n    {}\n", each.what, place(each.where), each.advice);
  if (!draft.traps.empty()) out += "traps\n";
  for (const Trap& each : draft.traps)
    out += fmt::format("  {}  {}\n    --> {}\n    fix: {}\n", each.error.code(), each.error.message(),
                       each.where.to_text(), each.error.hint());
  if (!imported.to_set.empty()) out += "to be set in the environment\n";
  for (const std::string& name : imported.to_set) out += fmt::format("  {}\n", name);
  return out;
}

std::string report_json(const Imported& imported) {
  const PipelineDraft& draft = imported.draft;
  JsonWriter json;
  json.begin_object()
      .field("ok", !imported.failure.has_value())
      .field("project", imported.project)
      .field("name", draft.name);
  json.key("tasks").begin_array();
  for (const TaskDraft& task : draft.tasks) json.string(task.name);
  json.end_array().key("streams").begin_array();
  for (const StreamDraft& stream : draft.streams) json.string(stream.name);
  json.end_array().key("taken").begin_array();
  for (const Taken& each : draft.taken) {
    json.begin_object().field("what", each.what);
    write_where(json, each.where);
    json.end_object();
  }
  json.end_array().key("left").begin_array();
  for (const Left& each : draft.left) {
    json.begin_object().field("what", each.what).field("advice", each.advice);
    write_where(json, each.where);
    json.end_object();
  }
  json.end_array().key("traps").begin_array();
  for (const Trap& each : draft.traps) {
    json.begin_object()
        .field("code", each.error.code())
        .field("message", each.error.message())
        .field("fix", each.error.hint());
    write_where(json, each.where);
    json.end_object();
  }
  json.end_array().key("to_set").begin_array();
  for (const std::string& name : imported.to_set) json.string(name);
  json.end_array();
  if (imported.failure) json.field("error", imported.failure->code()).field("message", imported.failure->message());
  json.field("text", imported.text).end_object();
  return std::move(json).text();
}

}  // namespace streamops::importer
