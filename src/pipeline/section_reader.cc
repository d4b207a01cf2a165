#include "pipeline/section_reader.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/settings.h"
#include "base/text.h"
#include "errors/pipeline.h"

namespace streamops::pipeline {

namespace {

yaml::Kind kind_of(KeyType type) {
  switch (type) {
    case KeyType::list:
      return yaml::Kind::list;
    case KeyType::map:
    case KeyType::section:
    case KeyType::sections:
      return yaml::Kind::mapping;
    default:
      return yaml::Kind::scalar;
  }
}

bool takes_references(KeyType type) {
  return type != KeyType::name && type != KeyType::sql && type != KeyType::ddl && type != KeyType::cql &&
         type != KeyType::lines;
}

std::vector<std::string> key_names(const SectionSpec& section) {
  std::vector<std::string> names;
  for (const KeySpec& key : section.keys) names.emplace_back(key.name);
  if (*section.connector == '\0') return names;
  for (std::string& system : connectors_of(section.connector)) names.push_back(std::move(system));
  return names;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// "`http`", "`http` or `kafka`", "`a`, `b` or `c`".
std::string alternatives(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t n = 0; n < names.size(); ++n) {
    out += n == 0 ? "" : (n + 1 == names.size() ? " or " : ", ");
    out += "`" + names[n] + "`";
  }
  return out;
}

}  // namespace

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  const auto begins = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && text.size() <= 200 && begins(text[0]) && std::all_of(text.begin(), text.end(), fits);
}

void Reading::fail(const yaml::Node& node, const ErrorInfo& info, std::string message, std::string label) {
  Error error = Error(info, std::move(message)).with_place(document.place(node));
  errors.push_back(label.empty() ? error : error.with_label(std::move(label)));
}

SectionReader::SectionReader(Reading& reading, const SectionSpec& section, const yaml::Node& node, std::string path)
    : reading_(reading), section_(section), node_(node), path_(std::move(path)) {
  check_keys();
  if (*section_.connector != '\0') check_connector();
}

std::string SectionReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void SectionReader::check_keys() {
  const std::vector<std::string> names = key_names(section_);
  for (const yaml::Member& member : node_.members) {
    const KeySpec* known = section_.find(member.key.text);
    if (known != nullptr) {
      check_kind(*known, member.value);
    } else if (!contains(names, member.key.text)) {
      const std::string in = path_.empty() ? std::string() : fmt::format(" in {}", path_);
      reading_.fail(member.key, errors::pipeline::unknown_key, fmt::format("unknown key `{}`{}", member.key.text, in),
                    did_you_mean(member.key.text, std::span<const std::string>(names)));
      if (const auto near = closest(member.key.text, std::span<const std::string>(names)))
        meant_.push_back(section_key(*near));
      has_unknown_ = true;
    }
  }
  for (const KeySpec& key : section_.keys) {
    if (key.required) fail_unless_there(key);
  }
}

void SectionReader::fail_unless_there(const KeySpec& key) {
  if (node_.find(key.name) != nullptr) return;
  if (std::find(meant_.begin(), meant_.end(), key.name) == meant_.end()) fail_missing(key);
}

/// The name of a key as the schema holds it; empty for a connector.
std::string_view SectionReader::section_key(std::string_view name) const {
  const KeySpec* key = section_.find(name);
  return key == nullptr ? std::string_view() : std::string_view(key->name);
}

void SectionReader::fail_missing(const KeySpec& key) {
  const std::string where = path_.empty() ? std::string("the file") : path_;
  Error error = Error(errors::pipeline::missing_key, "{} needs the key `{}`", where, key.name)
                    .with_place(reading_.document.place(node_));
  if (*key.example != '\0') error = error.with_hint(fmt::format("add: {}: {}", key.name, key.example));
  reading_.errors.push_back(error);
}

void SectionReader::check_connector() {
  const std::vector<std::string> systems = connectors_of(section_.connector);
  for (const yaml::Member& member : node_.members) {
    if (!contains(systems, member.key.text)) continue;
    if (connector_ != nullptr) {
      reading_.fail(member.key, errors::pipeline::not_one_connector,
                    fmt::format("{} has two connectors, `{}` and `{}`", path_, connector_->key.text, member.key.text));
      connector_ = nullptr;
      return;
    }
    connector_ = &member;
  }
  if (connector_ == nullptr && !has_unknown_) {
    reading_.errors.push_back(
        Error(errors::pipeline::not_one_connector, "{} has no connector: it needs {}", path_, alternatives(systems))
            .with_place(reading_.document.place(node_))
            .with_hint("docs/reference/pipeline-file.md shows the keys of each connector"));
  } else if (connector_ != nullptr && connector_->value.kind != yaml::Kind::mapping) {
    fail_kind(connector_->value, path_of(connector_->key.text), "a mapping");
    connector_ = nullptr;
  }
}

void SectionReader::fail_kind(const yaml::Node& value, const std::string& path, std::string_view expected) const {
  const bool missing = value.kind == yaml::Kind::null;
  reading_.fail(value, errors::pipeline::wrong_kind,
                missing ? fmt::format("{} has no value: it must be {}", path, expected)
                        : fmt::format("{} must be {}, not {}", path, expected, to_string(value.kind)));
}

void SectionReader::check_kind(const KeySpec& key, const yaml::Node& value) {
  if (value.kind != kind_of(key.type)) fail_kind(value, path_of(key.name), to_string(key.type));
}

const KeySpec& SectionReader::spec(std::string_view key) const {
  const KeySpec* found = section_.find(key);
  STREAMOPS_CHECK(found != nullptr, "a key that is read is in the schema of the file");
  return *found;
}

const yaml::Node* SectionReader::usable(std::string_view key) const {
  const yaml::Node* value = node_.find(key);
  return value != nullptr && value->kind == kind_of(spec(key).type) ? value : nullptr;
}

std::optional<std::string> SectionReader::raw(std::string_view key) const {
  const KeySpec& wanted = spec(key);
  const yaml::Node* value = usable(key);
  if (value == nullptr) return *wanted.fallback == '\0' ? std::nullopt : std::optional<std::string>(wanted.fallback);
  if (!takes_references(wanted.type)) return value->text;
  if (reading_.variables == nullptr) return has_reference(value->text) ? std::nullopt : std::optional(value->text);
  Result<std::string> expanded = reading_.variables->expand(*value);
  if (expanded) return *expanded;
  reading_.errors.push_back(expanded.error());
  return std::nullopt;
}

void SectionReader::fail_value(std::string_view key, const std::string& expected) const {
  const yaml::Node& value = *node_.find(key);
  reading_.fail(
      value, errors::pipeline::bad_value,
      fmt::format("{} must be {}, not `{}`", path_of(key), expected, std::string_view(value.text).substr(0, 80)));
}

std::string SectionReader::text(std::string_view key) const {
  const std::optional<std::string> value = raw(key);
  const KeySpec& wanted = spec(key);
  if (!value) return {};
  if (wanted.type == KeyType::name && !is_name(*value)) {
    reading_.fail(*node_.find(key), errors::pipeline::bad_name,
                  fmt::format("{}: `{}` is not a name", path_of(key), *value));
    return {};
  }
  if (wanted.type != KeyType::choice) {
    if (value->empty()) fail_value(key, "a text that is not empty");
    return *value;
  }
  std::vector<std::string> choices;
  for (std::string_view choice : split(wanted.choices, '|')) choices.emplace_back(choice);
  if (contains(choices, *value)) return *value;
  reading_.fail(*node_.find(key), errors::pipeline::bad_value,
                fmt::format("{} must be {}, not `{}`", path_of(key), alternatives(choices), node_.find(key)->text),
                did_you_mean(*value, std::span<const std::string>(choices)));
  return {};
}

Located SectionReader::located(std::string_view key) const {
  const yaml::Node* value = usable(key);
  if (value == nullptr) return {};
  if (trim(value->text).empty()) fail_value(key, "a text that is not empty");
  return {value->text, value};
}

std::optional<Microseconds> SectionReader::duration(std::string_view key) const {
  const std::optional<std::string> value = raw(key);
  if (!value) return std::nullopt;
  Result<Microseconds> parsed = parse_duration(*value);
  if (parsed && parsed->count() > 0) return *parsed;
  fail_value(key, "a duration like 250ms, 5s or 1m30s");
  return std::nullopt;
}

std::int64_t SectionReader::integer(std::string_view key) const {
  const std::optional<std::string> value = raw(key);
  const KeySpec& wanted = spec(key);
  if (!value) return wanted.minimum;
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(value->data(), value->data() + value->size(), number);
  const bool whole = problem == std::errc() && end == value->data() + value->size();
  if (whole && number >= wanted.minimum && number <= wanted.maximum) return number;
  fail_value(key, fmt::format("a whole number from {} to {}", wanted.minimum, wanted.maximum));
  return wanted.minimum;
}

std::int64_t SectionReader::bytes(std::string_view key) const {
  const std::optional<std::string> value = raw(key);
  if (!value) return 0;
  const Result<std::int64_t> parsed = parse_byte_size(*value);
  if (parsed && *parsed > 0) return *parsed;
  fail_value(key, "a size like 64KiB, 8MiB or 1GiB");
  return 0;
}

bool SectionReader::boolean(std::string_view key) const {
  const std::optional<std::string> value = raw(key);
  if (value && *value != "true" && *value != "false") fail_value(key, "true or false");
  return value == "true";
}

std::optional<WallTime> SectionReader::time(std::string_view key) const {
  const std::optional<std::string> value = raw(key);
  if (!value) return std::nullopt;
  const Result<WallTime> parsed = parse_iso8601(*value);
  if (parsed) return *parsed;
  fail_value(key, "a time like 2024-01-31T12:00:00Z");
  return std::nullopt;
}

TextMap SectionReader::map(std::string_view key) const {
  TextMap out;
  const yaml::Node* value = usable(key);
  if (value == nullptr) return out;
  for (const yaml::Member& member : value->members) {
    if (member.value.kind != yaml::Kind::scalar) {
      fail_kind(member.value, fmt::format("{}.{}", path_of(key), member.key.text), "a text");
    } else if (reading_.variables == nullptr) {
      out[member.key.text] = member.value.text;
    } else if (Result<std::string> expanded = reading_.variables->expand(member.value)) {
      out[member.key.text] = *expanded;
    } else {
      reading_.errors.push_back(expanded.error());
    }
  }
  return out;
}

std::vector<Located> SectionReader::list(std::string_view key) const {
  std::vector<Located> out;
  const yaml::Node* value = usable(key);
  if (value == nullptr) return out;
  for (const yaml::Node& item : value->items) {
    if (item.kind != yaml::Kind::scalar) {
      fail_kind(item, "each of " + path_of(key), "a text");
    } else if (reading_.variables == nullptr) {
      out.push_back({item.text, &item});
    } else if (Result<std::string> expanded = reading_.variables->expand(item)) {
      out.push_back({*expanded, &item});
    } else {
      reading_.errors.push_back(expanded.error());
    }
  }
  return out;
}

std::vector<const yaml::Member*> SectionReader::sections(std::string_view key) const {
  std::vector<const yaml::Member*> out;
  const yaml::Node* value = usable(key);
  if (value == nullptr) return out;
  for (const yaml::Member& member : value->members) {
    const std::string path = fmt::format("{}.{}", path_of(key), member.key.text);
    if (!is_name(member.key.text)) {
      reading_.fail(member.key, errors::pipeline::bad_name, fmt::format("`{}` is not a name", member.key.text));
    } else if (member.value.kind != yaml::Kind::mapping) {
      fail_kind(member.value, path, "a mapping");
    } else {
      out.push_back(&member);
    }
  }
  return out;
}

}  // namespace streamops::pipeline
