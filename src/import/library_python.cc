// Python's own: builtins, time, json, uuid, os, and the methods of texts, lists, dicts and parts of an answer.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "import/library.h"

namespace streamops::importer {

namespace {

ValuePtr cast(const ValuePtr& value, const char* type) {
  return operation(fmt::format("cast {}", type), {value ? value : unknown("nothing")});
}

ValuePtr to_text(Call& call) {
  const ValuePtr value = call.argument(0, "object");
  if (!value) return text_value("");
  if (value->is(ValueKind::text) || value->is(ValueKind::number)) return text_value(value->text);
  if (value->is_operation("uuid") || value->is_operation("uuid object")) return operation("uuid", {});
  if (value->is_operation("now")) return cast(value, "STRING");
  if (value->is_object("Now")) return cast(operation("now", {}), "STRING");
  return depends_on_data(*value) ? cast(value, "STRING") : value;
}

ValuePtr to_int(Call& call) {
  ValuePtr value = call.argument(0, "x");
  if (value && value->is(ValueKind::text)) return number_value(std::strtod(value->text.c_str(), nullptr));
  if (value && (value->is(ValueKind::number) || value->is_operation("env"))) return value;
  if (value && value->is_object("Now")) return operation("call unix_timestamp", {operation("now", {})});
  return cast(value, "BIGINT");
}

ValuePtr to_float(Call& call) {
  ValuePtr value = call.argument(0, "x");
  if (value && value->is(ValueKind::text)) return number_value(std::strtod(value->text.c_str(), nullptr));
  if (value && (value->is(ValueKind::number) || value->is_operation("env"))) return value;
  return cast(value, "DOUBLE");
}

ValuePtr round_(Call& call) {
  std::vector<ValuePtr> items{call.argument(0, "number") ? call.argument(0, "number") : unknown("nothing")};
  if (const ValuePtr digits = call.argument(1, "ndigits")) items.push_back(digits);
  return operation("call round", std::move(items));
}

ValuePtr length(Call& call) {
  const ValuePtr value = call.argument(0, "obj");
  if (value && value->is(ValueKind::list)) return number_value(static_cast<double>(value->items.size()));
  return value && depends_on_data(*value) ? operation("call length", {value}) : unknown("len()");
}

ValuePtr range(Call& call) {
  ValuePtr made = object("range", call.where);
  const ValuePtr first = call.argument(0, "start");
  const ValuePtr second = call.argument(1, "stop");
  const std::optional<double> from = second && first ? first->as_number() : 0;
  const std::optional<double> to = second ? second->as_number() : first ? first->as_number() : std::nullopt;
  made->set("count", from && to && *to > *from ? number_value(*to - *from) : unknown("range()"));
  return made;
}

ValuePtr dict(Call& call) {
  auto made = std::make_shared<Value>();
  made->kind = ValueKind::dict;
  if (const ValuePtr first = call.argument(0, ""); first && first->is(ValueKind::dict)) made->entries = first->entries;
  for (const auto& [name, value] : call.named) made->set(name, value);
  return made;
}

ValuePtr first_argument(Call& call) {
  return call.arguments.empty() ? unknown(call.name) : call.arguments[0];
}

ValuePtr enumerate(Call& call) {
  const ValuePtr over = call.argument(0, "iterable");
  return over ? operation("pairs", {over}) : unknown("enumerate()");
}

ValuePtr get_attribute(Call& call) {
  const ValuePtr self = call.argument(0, "object");
  return self ? property_of(self, call.text(1, "name"), call.where) : unknown("getattr()");
}

/// print and its kin.
ValuePtr nothing(Call&) {
  return none_value();
}

ValuePtr now(Call& call) {
  ValuePtr made = object("Now", call.where);
  made->set("offset", number_value(0));
  return made;
}

ValuePtr timedelta(Call& call) {
  constexpr std::array<std::pair<const char*, double>, 6> units{{{"days", 86400},
                                                                 {"seconds", 1},
                                                                 {"microseconds", 1e-6},
                                                                 {"milliseconds", 1e-3},
                                                                 {"minutes", 60},
                                                                 {"hours", 3600}}};
  double seconds = 0;
  int position = 0;
  for (const auto& [unit, worth] : units) {
    // days, seconds, microseconds, milliseconds, minutes, hours, weeks: in this order by position
    if (const ValuePtr given = call.argument(position++, unit)) seconds += given->as_number().value_or(0) * worth;
  }
  if (const ValuePtr weeks = call.argument(6, "weeks")) seconds += weeks->as_number().value_or(0) * 7 * 86400;
  ValuePtr made = object("timedelta", call.where);
  made->set("seconds", number_value(seconds));
  return made;
}

ValuePtr a_date(Call& call) {
  ValuePtr made = object("date", call.where);
  std::string text;
  for (int i = 0; i < 3; ++i) {
    const ValuePtr part = call.argument(i, i == 0 ? "year" : i == 1 ? "month" : "day");
    if (!part || !part->as_number()) break;
    text += fmt::format("{}{:02}", i == 0 ? "" : "-", static_cast<int>(*part->as_number()));
  }
  made->set("text", text_value(text));
  if (const ValuePtr zone = call.argument(-1, "tz")) made->set("tz", zone);
  if (const ValuePtr zone = call.argument(-1, "tzinfo")) made->set("tz", zone);
  return made;
}

ValuePtr sleep(Call& call) {
  if (call.interpreter.loops().empty()) return none_value();
  LoopFact& loop = call.facts().loops[call.interpreter.loops().back()];
  const ValuePtr seconds = call.argument(0, "secs");
  loop.has_pause = true;
  if (seconds && seconds->as_number()) loop.pause = loop.pause.value_or(0) + *seconds->as_number();
  return none_value();
}

ValuePtr environment(Call& call) {
  const ValuePtr name = call.argument(0, "key");
  if (!name || !name->is(ValueKind::text)) return unknown("a variable of the environment");
  const ValuePtr fallback = call.argument(1, "default");
  return operation("env", {name, fallback ? fallback : none_value()});
}

ValuePtr uuid_object(Call&) {
  return operation("uuid object", {});
}

/// What json.dumps refuses in Python.
void look_for_objects(Call& call, const Value& value, const std::string& name, int depth) {
  if (depth > 6 || call.facts().not_json.size() > 20) return;
  if (value.is_operation("uuid object")) call.facts().not_json.push_back({name + " is a UUID", call.where});
  if (value.is_object("Now")) call.facts().not_json.push_back({name + " is a datetime", call.where});
  for (const auto& [key, item] : value.entries) {
    if (!value.is(ValueKind::object)) look_for_objects(call, *item, key, depth + 1);
  }
  if (value.is(ValueKind::list) && !value.items.empty()) look_for_objects(call, *value.items[0], name, depth + 1);
}

ValuePtr json_dumps(Call& call) {
  const ValuePtr value = call.argument(0, "obj");
  if (!value) return unknown("json.dumps()");
  if (!call.argument(-1, "default")) look_for_objects(call, *value, "the value", 0);
  return operation("json text", {value});
}

ValuePtr json_loads(Call& call) {
  ValuePtr text = call.argument(0, "s");
  if (!text) return unknown("json.loads()");
  if (text->is_operation("json text")) return text->items[0];
  return text;
}

ValuePtr join_path(Call& call) {
  std::vector<ValuePtr> pieces;
  for (const ValuePtr& each : call.arguments) {
    if (!pieces.empty()) pieces.push_back(text_value("/"));
    pieces.push_back(each);
  }
  return concatenate(std::move(pieces));
}

constexpr std::array<Entry, 46> entries{{
    {"builtins:str", to_text},
    {"builtins:int", to_int},
    {"builtins:float", to_float},
    {"builtins:round", round_},
    {"builtins:len", length},
    {"builtins:range", range},
    {"builtins:dict", dict},
    {"builtins:list", first_argument},
    {"builtins:tuple", first_argument},
    {"builtins:sorted", first_argument},
    {"builtins:iter", first_argument},
    {"builtins:enumerate", enumerate},
    {"builtins:getattr", get_attribute},
    {"builtins:print", nothing},
    {"builtins:exit", nothing},
    {"builtins:input", [](Call&) { return unknown("input()"); }},
    {"builtins:open", [](Call&) { return unknown("a file"); }},
    {"builtins:bytes", first_argument},
    {"builtins:super", [](Call&) { return unknown("super()"); }},
    {"builtins:isinstance", [](Call&) { return unknown("isinstance()"); }},
    {"builtins:Exception", [](Call&) { return unknown("Exception()"); }},
    {"logging:info", nothing},
    {"logging:error", nothing},
    {"logging:warning", nothing},
    {"logging:debug", nothing},
    {"logging:exception", nothing},
    {"time:time", now},
    {"time:monotonic", now},
    {"time:sleep", sleep},
    {"datetime:now", now},
    {"datetime:utcnow", now},
    {"datetime:today", now},
    {"datetime:timedelta", timedelta},
    {"datetime:datetime", a_date},
    {"datetime:date", a_date},
    {"pendulum:datetime", a_date},
    {"pendulum:now", now},
    {"pendulum:today", now},
    {"pendulum:duration", timedelta},
    {"os:getenv", environment},
    {"os:get", environment},
    {"os:join", join_path},
    {"uuid:uuid4", uuid_object},
    {"uuid:uuid1", uuid_object},
    {"json:dumps", json_dumps},
    {"json:loads", json_loads},
}};

}  // namespace

std::span<const Entry> python_library() {
  return entries;
}

const Entry* find_entry(std::string_view name) {
  for (const std::span<const Entry> table :
       {python_library(), value_library(), service_library(), airflow_library(), spark_library()}) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const Entry& each) { return each.name == name; });
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

ValuePtr Call::argument(int position, std::string_view keyword) const {
  for (const auto& [each, value] : named) {
    if (each == keyword) return value;
  }
  if (position < 0 || static_cast<std::size_t>(position) >= arguments.size()) return nullptr;
  return arguments[static_cast<std::size_t>(position)];
}

std::string Call::text(int position, std::string_view keyword) const {
  return setting_text(argument(position, keyword).get()).value_or("");
}

}  // namespace streamops::importer
