#include "import/topic_sink.h"

#include <algorithm>

#include "base/text.h"
#include "import/frame.h"

namespace streamops::importer {

namespace {

/// Without what does not change a text's bytes.
ValuePtr bare(ValuePtr value) {
  for (int depth = 0; depth < 40; ++depth) {
    const bool wraps = value->is_operation("alias") || value->is_operation("cast STRING") ||
                       value->is_operation("cast BINARY") || value->is_operation("call encode");
    if (!wraps || value->items.empty()) break;
    value = value->items[0];
  }
  return value;
}

/// Whether two expressions are the same one; `parts` bounds the work.
bool same(const Value& a, const Value& b, int& parts) {
  if (--parts < 0 || a.kind != b.kind || a.text != b.text || a.steps != b.steps) return false;
  if (a.items.size() != b.items.size() || a.entries.size() != b.entries.size()) return false;
  if (a.is(ValueKind::object) || a.is(ValueKind::unknown)) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!same(*a.items[i], *b.items[i], parts)) return false;
  }
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    if (a.entries[i].first != b.entries[i].first || !same(*a.entries[i].second, *b.entries[i].second, parts))
      return false;
  }
  return true;
}

ValuePtr column(const Frame& frame, std::string_view name) {
  for (const Frame::Column& each : frame.columns) {
    if (equals_ignore_case(each.name, name)) return bare(each.value);
  }
  return nullptr;
}

/// The columns of to_json(…): of a struct, or of the record as it was read.
bool columns_of(const Frame& frame, const Value& object, std::vector<Frame::Column>& columns) {
  if (object.is(ValueKind::dict)) {
    for (const auto& [name, value] : object.entries) columns.push_back({name, value});
  } else if (object.is(ValueKind::path)) {
    const data::TypePtr type = type_of(frame, object);
    if (!type || type->id() != data::TypeId::structure) return false;
    for (const data::Field& field : type->fields())
      columns.push_back({field.name, step_into(object, {Step::Kind::member, field.name, 0})});
  }
  return !columns.empty();
}

void read_key(const Frame& frame, TopicSink& sink) {
  const ValuePtr key = column(frame, "key");
  if (!key || key->is(ValueKind::none)) return;
  int parts = 20'000;
  for (const Frame::Column& each : sink.columns) {
    if (!same(*bare(each.value), *key, parts)) continue;
    sink.key = each.name;
    return;
  }
  sink.no_key = "it is none of the value's columns: name one of them as `key`";
}

}  // namespace

TopicSink read_topic_sink(const WriteFact& write) {
  TopicSink sink;
  const Frame& frame = *write.frame;
  for (const auto& [name, value] : write.options) {
    if (equals_ignore_case(name, "topic")) sink.topic = setting_text(value.get()).value_or("");
  }
  const ValuePtr named = column(frame, "topic");
  if (sink.topic.empty() && named && named->is(ValueKind::text)) sink.topic = named->text;
  const ValuePtr value = column(frame, "value");
  if (sink.topic.empty()) {
    sink.why_not =
        "its topic is known only when the script runs, or differs from row to row: a sink here has one topic";
  } else if (!value || !value->is_operation("call to_json") || value->items.empty() ||
             !columns_of(frame, *value->items[0], sink.columns)) {
    sink.why_not = "its value is no to_json(struct(…)) of columns: a sink here writes columns as a JSON object";
  } else {
    read_key(frame, sink);
  }
  return sink;
}

}  // namespace streamops::importer
