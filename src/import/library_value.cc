// Methods and properties of values: texts, lists, dicts, parts of an answer, points in time.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "import/library.h"

namespace streamops::importer {

namespace {

constexpr std::size_t longest_text = 64 * 1024;

/// A method of texts that SQL has too.
template <const char* const& sql>
ValuePtr sql_method(Call& call) {
  if (!depends_on_data(*call.self)) return call.self;
  std::vector<ValuePtr> items{call.self};
  items.insert(items.end(), call.arguments.begin(), call.arguments.end());
  return operation(sql, std::move(items));
}
constexpr const char* upper = "call upper";
constexpr const char* lower = "call lower";
constexpr const char* trim = "call trim";
constexpr const char* ltrim = "call ltrim";
constexpr const char* rtrim = "call rtrim";
constexpr const char* initcap = "call initcap";
constexpr const char* replace = "call replace";
constexpr const char* startswith = "call startswith";
constexpr const char* endswith = "call endswith";

ValuePtr same(Call& call) {
  return call.self;
}

ValuePtr get(Call& call) {
  const ValuePtr key = call.argument(0, "key");
  const ValuePtr fallback = call.argument(1, "default");
  if (!key) return unknown("get()");
  if (call.self->is(ValueKind::dict)) {
    if (ValuePtr found = call.self->find(key->text)) return found;
    return fallback ? fallback : none_value();
  }
  if (!call.self->is(ValueKind::path) || !key->is(ValueKind::text)) return unknown("get()");
  ValuePtr member = step_into(*call.self, {Step::Kind::member, key->text, 0});
  const bool plain = fallback && (fallback->is(ValueKind::text) || fallback->is(ValueKind::number));
  return plain ? operation("call coalesce", {member, fallback}) : member;
}

ValuePtr append(Call& call) {
  if (!call.self->is(ValueKind::list) || call.arguments.empty() || call.self->items.size() > 1000) return none_value();
  call.facts().arena.keep(call.self);
  call.self->items.push_back(call.arguments[0]);
  return none_value();
}

ValuePtr update(Call& call) {
  if (!call.self->is(ValueKind::dict)) return none_value();
  call.facts().arena.keep(call.self);
  const ValuePtr more = call.argument(0, "");
  const auto entries = more ? more->entries : std::vector<std::pair<std::string, ValuePtr>>();
  for (const auto& [name, value] : entries) call.self->set(name, value);
  for (const auto& [name, value] : call.named) call.self->set(name, value);
  return none_value();
}

ValuePtr setdefault(Call& call) {
  const ValuePtr key = call.argument(0, "key");
  ValuePtr value = call.argument(1, "default");
  if (!call.self->is(ValueKind::dict) || !key || !value || call.self->find(key->text)) return unknown("setdefault()");
  call.facts().arena.keep(call.self);
  call.self->set(key->text, value);
  return value;
}

ValuePtr copy(Call& call) {
  return std::make_shared<Value>(*call.self);
}

/// ', '.join([a, b])
ValuePtr join(Call& call) {
  const ValuePtr list = call.argument(0, "iterable");
  if (!list || !list->is(ValueKind::list)) return unknown("join()");
  if (!depends_on_data(*list)) {
    std::vector<ValuePtr> pieces;
    for (const ValuePtr& item : list->items) {
      if (!pieces.empty()) pieces.push_back(call.self);
      pieces.push_back(item);
    }
    return concatenate(std::move(pieces));
  }
  std::vector<ValuePtr> items{call.self};
  items.insert(items.end(), list->items.begin(), list->items.end());
  return operation("call concat_ws", std::move(items));
}

/// 'a {} b'.format(x), '{name}'.format(name=x)
ValuePtr format(Call& call) {
  if (!call.self->is(ValueKind::text)) return unknown("format()");
  std::vector<ValuePtr> pieces;
  std::string plain;
  std::size_t next = 0;
  const std::string& text = call.self->text;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool doubled = at + 1 < text.size() && text[at + 1] == text[at];
    if (text[at] != '{' || doubled) {
      if (doubled && (text[at] == '{' || text[at] == '}')) ++at;
      plain += text[at];
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos) return unknown("format()");
    std::string name = text.substr(at + 1, end - at - 1);
    name = name.substr(0, name.find_first_of(":!"));
    pieces.push_back(text_value(std::exchange(plain, {})));
    const bool by_position = name.empty() || (name[0] >= '0' && name[0] <= '9');
    const int position = name.empty()                     ? static_cast<int>(next++)
                         : by_position && name.size() < 4 ? std::stoi(name)
                                                          : -1;
    const ValuePtr value = by_position ? call.argument(position, "") : call.argument(-1, name);
    pieces.push_back(value ? value : unknown(name));
    at = end;
  }
  pieces.push_back(text_value(plain));
  return concatenate(std::move(pieces));
}

ValuePtr split(Call& call) {
  const ValuePtr separator = call.argument(0, "sep");
  if (!depends_on_data(*call.self)) return unknown("split()");
  return operation("call split", {call.self, separator ? separator : text_value(" ")});
}

ValuePtr xcom_pull(Call& call) {
  ValuePtr ids = call.argument(0, "task_ids");
  const std::string key = call.text(-1, "key");
  if (ids && ids->is(ValueKind::list) && !ids->items.empty()) ids = ids->items[0];
  const auto& results = call.interpreter.results;
  const std::string id = ids ? ids->text : "";
  if (const auto found = results.find(key.empty() ? id : id + "/" + key); found != results.end()) return found->second;
  // Without an id, or with another one: whoever pushed that key.
  for (const auto& [name, value] : results) {
    if (!key.empty() && name.ends_with("/" + key)) return value;
  }
  return unknown("xcom_pull()");
}

ValuePtr xcom_push(Call& call) {
  const ValuePtr value = call.argument(1, "value");
  if (value) call.interpreter.results[call.interpreter.task + "/" + call.text(0, "key")] = value;
  return none_value();
}

ValuePtr seconds(Call& call) {
  if (call.self->is_object("timedelta")) return call.self->find("seconds");
  return call.self;
}

/// now.isoformat(), now.strftime(...): a text in data, a clock in conditions.
ValuePtr moment_text(Call&) {
  return operation("cast STRING", {operation("now", {})});
}

ValuePtr moment(Call& call) {
  return call.self;
}

constexpr std::array<Entry, 46> entries{{
    {"value.upper", sql_method<upper>},
    {"value.lower", sql_method<lower>},
    {"value.strip", sql_method<trim>},
    {"value.lstrip", sql_method<ltrim>},
    {"value.rstrip", sql_method<rtrim>},
    {"value.title", sql_method<initcap>},
    {"value.capitalize", sql_method<initcap>},
    {"value.replace", sql_method<replace>},
    {"value.startswith", sql_method<startswith>},
    {"value.endswith", sql_method<endswith>},
    {"value.encode", same},
    {"value.decode", same},
    {"value.json", same},
    {"value.read", same},
    {"value.get", get},
    {"value.append", append},
    {"value.update", update},
    {"value.setdefault", setdefault},
    {"value.copy", copy},
    {"value.join", join},
    {"value.format", format},
    {"value.split", split},
    {"value.xcom_pull", xcom_pull},
    {"value.xcom_push", xcom_push},
    {"value.total_seconds", seconds},
    {"timedelta.total_seconds", seconds},
    {"Now.isoformat", moment_text},
    {"Now.strftime", moment_text},
    {"Now.timestamp", moment},
    {"Now.replace", moment},
    {"Now.astimezone", moment},
    {"Now.add", moment},
    {"Now.subtract", moment},
    {"date.replace", same},
    {"Answer.json", [](Call& call) { return call.self->find("body"); }},
    {"Answer.raise_for_status", [](Call&) { return none_value(); }},
    {"Answer.read", [](Call& call) { return call.self->find("body"); }},
    {"Message.value", [](Call& call) { return call.self->find("value"); }},
    {"Message.key", [](Call&) { return unknown("the record's key"); }},
    {"Message.error", [](Call&) { return unknown("the record's error"); }},
    {"Row.asDict", [](Call& call) { return call.self->find("record"); }},
    {"Row.get", get},
    {"KafkaConsumer.subscribe",
     [](Call& call) {
       if (const ValuePtr topics = call.argument(0, "topics")) call.self->set("topics", topics);
       return none_value();
     }},
    {"KafkaConsumer.poll", [](Call& call) { return element_of(call.self, "message"); }},
    {"KafkaConsumer.consume", [](Call& call) { return list_value({element_of(call.self, "message")}); }},
    {"KafkaConsumer.close", [](Call&) { return none_value(); }},
}};

}  // namespace

std::span<const Entry> value_library() {
  return entries;
}

ValuePtr element_of(const ValuePtr& list, const std::string& name) {
  if (list->is(ValueKind::path)) return step_into(*list, {Step::Kind::each, name, 0});
  if (list->is_operation("each_of")) return list->items[0];
  if (list->is_operation("pairs")) return list_value({unknown("a number"), element_of(list->items[0], name)});
  if (list->is(ValueKind::list) && !list->items.empty()) return list->items[0];
  if (list->is_object("Rows")) {
    ValuePtr row = object("Row", list->where);
    row->frame = list->frame;
    return row;
  }
  if (!list->is_object("KafkaConsumer")) return unknown(name);
  // What a consumer gives: its value is JSON, whether a deserializer reads it or the loop does.
  ValuePtr message = object("Message", list->where);
  ValuePtr record = path_value("record");
  message->set("value", record);
  return message;
}

ValuePtr property_of(const ValuePtr& self, const std::string& name, const Where& where) {
  if (self->is_object("Answer") && (name == "text" || name == "content")) return self->find("body");
  if (self->is_object("Row") || self->is_object("DataFrame")) {
    if (self->is_object("DataFrame") && (name == "writeStream" || name == "write")) {
      ValuePtr writer = object("Writer", where);
      writer->frame = self->frame;
      writer->set("streams", boolean_value(name == "writeStream"));
      return writer;
    }
    ValuePtr column = operation("column", {text_value(name)});
    column->frame = self->frame;
    return column;
  }
  if (self->is_object("SparkSession") && (name == "readStream" || name == "read")) {
    ValuePtr reader = object("Reader", where);
    reader->set("streams", boolean_value(name == "readStream"));
    return reader;
  }
  if (self->is_object("SparkSession") &&
      (name == "builder" || name == "sparkContext" || name == "streams" || name == "conf"))
    return self;
  if (self->is(ValueKind::object)) {
    const ValuePtr of = self->find("__class");
    if (of && of->find(name)) return of->find(name);
  }
  if (self->is_operation("column")) {
    ValuePtr column = operation("column", {text_value(self->items[0]->text + "." + name)});
    column->frame = self->frame;
    return column;
  }
  return unknown(fmt::format(".{}", name));
}

ValuePtr concatenate(std::vector<ValuePtr> pieces) {
  std::vector<ValuePtr> flat;
  const bool lists = !pieces.empty() && std::all_of(pieces.begin(), pieces.end(),
                                                    [](const ValuePtr& each) { return each->is(ValueKind::list); });
  for (const ValuePtr& piece : pieces) {
    const bool nested = piece->is_operation("concat") || lists;
    const std::vector<ValuePtr> inner = nested ? piece->items : std::vector<ValuePtr>{piece};
    for (const ValuePtr& each : inner) {
      if (flat.size() > 2000) return unknown("a text that is too long");
      const bool constant = each->is(ValueKind::text) || each->is(ValueKind::number) || each->is(ValueKind::boolean);
      if (!lists && constant && !flat.empty() && flat.back()->is(ValueKind::text)) {
        if (flat.back()->text.size() + each->text.size() > longest_text) return unknown("a text that is too long");
        flat.back() = text_value(flat.back()->text + each->text);
      } else if (lists || !constant) {
        flat.push_back(each);
      } else if (!each->text.empty()) {
        flat.push_back(text_value(each->text));
      }
    }
  }
  if (lists) return list_value(std::move(flat));
  if (flat.empty()) return text_value("");
  if (flat.size() == 1 && flat[0]->is(ValueKind::text)) return flat[0];
  return operation("concat", std::move(flat));
}

}  // namespace streamops::importer
