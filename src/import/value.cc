#include "import/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace streamops::importer {

namespace {

ValuePtr make(ValueKind kind, std::string text = {}) {
  auto made = std::make_shared<Value>();
  made->kind = kind;
  made->text = std::move(text);
  return made;
}

/// Values share parts, so a tree of them may be huge: no more than this is looked at.
constexpr int most_parts = 5000;

bool depends(const Value& value, int depth, int& parts) {
  if (depth > 20 || --parts < 0) return false;
  if (value.kind == ValueKind::path) return true;
  const auto one = [&](const ValuePtr& item) { return item && depends(*item, depth + 1, parts); };
  if (std::any_of(value.items.begin(), value.items.end(), one)) return true;
  return value.kind != ValueKind::object &&
         std::any_of(value.entries.begin(), value.entries.end(), [&](const auto& entry) { return one(entry.second); });
}

/// A text of a script is no reference of a pipeline file.
std::string without_references(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '$' && at + 1 < text.size() && text[at + 1] == '{') out += '$';
    out += text[at];
  }
  return out;
}

std::optional<std::string> setting(const Value* value, int depth, int& parts) {
  if (value == nullptr || depth > 20 || --parts < 0) return std::nullopt;
  switch (value->kind) {
    case ValueKind::text:
      return without_references(value->text);
    case ValueKind::number:
    case ValueKind::boolean:
      return value->text;
    case ValueKind::list: {
      std::string out;
      for (const ValuePtr& item : value->items) {
        const std::optional<std::string> piece = setting(item.get(), depth + 1, parts);
        if (!piece) return std::nullopt;
        out += (out.empty() ? "" : ",") + *piece;
      }
      return out;
    }
    case ValueKind::operation:
      break;
    default:
      return std::nullopt;
  }
  if (value->text == "env") {
    const bool has_default = value->items.size() > 1 && !value->items[1]->is(ValueKind::none);
    if (has_default && !names_secret(value->items[0]->text)) return setting(value->items[1].get(), depth + 1, parts);
    return "${env:" + value->items[0]->text + "}";
  }
  if (value->text != "concat") return std::nullopt;
  std::string out;
  for (const ValuePtr& item : value->items) {
    const std::optional<std::string> piece = setting(item.get(), depth + 1, parts);
    if (!piece) return std::nullopt;
    out += *piece;
  }
  return out;
}

}  // namespace

ValuePtr Value::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name == key) return value;
  }
  return nullptr;
}

void Value::set(std::string_view key, ValuePtr value) {
  for (auto& entry : entries) {
    if (entry.first != key) continue;
    entry.second = std::move(value);
    return;
  }
  if (entries.size() < 10'000) entries.emplace_back(std::string(key), std::move(value));
}

std::optional<double> Value::as_number() const {
  if (kind != ValueKind::number) return std::nullopt;
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

ValuePtr unknown(std::string why) {
  return make(ValueKind::unknown, std::move(why));
}
ValuePtr none_value() {
  return make(ValueKind::none);
}
ValuePtr boolean_value(bool value) {
  return make(ValueKind::boolean, value ? "true" : "false");
}
ValuePtr number_value(double value) {
  return make(ValueKind::number, fmt::format("{}", value));
}
ValuePtr text_value(std::string text) {
  return make(ValueKind::text, std::move(text));
}
ValuePtr symbol(std::string name) {
  return make(ValueKind::symbol, std::move(name));
}
ValuePtr object(std::string class_name, const Where& where) {
  ValuePtr made = make(ValueKind::object, std::move(class_name));
  made->where = where;
  return made;
}
ValuePtr operation(std::string what, std::vector<ValuePtr> items) {
  ValuePtr made = make(ValueKind::operation, std::move(what));
  made->items = std::move(items);
  return made;
}
ValuePtr path_value(std::string root) {
  return make(ValueKind::path, std::move(root));
}
ValuePtr type_value(std::string ddl) {
  return make(ValueKind::type, std::move(ddl));
}
ValuePtr list_value(std::vector<ValuePtr> items) {
  ValuePtr made = make(ValueKind::list);
  made->items = std::move(items);
  return made;
}

ValuePtr step_into(const Value& base, Step step) {
  ValuePtr made = make(ValueKind::path, base.text);
  made->steps = base.steps;
  made->steps.push_back(std::move(step));
  made->where = base.where;
  return made;
}

bool depends_on_data(const Value& value) {
  int parts = most_parts;
  return depends(value, 0, parts);
}

std::optional<std::string> setting_text(const Value* value) {
  int parts = most_parts;
  return setting(value, 0, parts);
}

bool names_secret(std::string_view name) {
  const std::string lower = to_lower(name);
  constexpr std::array<std::string_view, 12> parts{"password",   "passwd",    "secret",     "token",
                                                   "apikey",     "api_key",   "api-key",    "appid",
                                                   "access_key", "x-api-key", "credential", "authorization"};
  const auto within = [&](std::string_view part) { return lower.find(part) != std::string::npos; };
  return lower == "key" || lower == "auth" || lower == "pass" || lower == "pwd" || lower.ends_with("_key") ||
         std::any_of(parts.begin(), parts.end(), within);
}

}  // namespace streamops::importer
