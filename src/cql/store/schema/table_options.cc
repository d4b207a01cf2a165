#include "cql/store/schema/table_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "cql/protocol/value.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

constexpr OptionInfo kOptions[] = {
    {"additional_write_policy", OptionType::text, "99p", false},
    {"allow_auto_snapshot", OptionType::boolean, "true", true},
    {"bloom_filter_fp_chance", OptionType::floating, "0.01", false},
    {"caching", OptionType::map, "{'keys': 'ALL', 'rows_per_partition': 'NONE'}", false},
    {"cdc", OptionType::boolean, "false", true},
    {"comment", OptionType::text, "", false},
    {"compaction", OptionType::map,
     "{'class': 'org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy', 'max_threshold': '32', "
     "'min_threshold': '4'}",
     false},
    {"compression", OptionType::map,
     "{'chunk_length_in_kb': '16', 'class': 'org.apache.cassandra.io.compress.LZ4Compressor'}", false},
    {"memtable", OptionType::text, "default", true},
    {"crc_check_chance", OptionType::floating, "1.0", false},
    {"default_time_to_live", OptionType::integer, "0", false},
    {"extensions", OptionType::map, "{}", false},
    {"gc_grace_seconds", OptionType::integer, "864000", false},
    {"incremental_backups", OptionType::boolean, "true", true},
    {"max_index_interval", OptionType::integer, "2048", false},
    {"memtable_flush_period_in_ms", OptionType::integer, "0", false},
    {"min_index_interval", OptionType::integer, "128", false},
    {"read_repair", OptionType::text, "BLOCKING", false},
    {"speculative_retry", OptionType::text, "99p", false},
};

const OptionInfo* find(std::string_view name) {
  const auto* found = std::find_if(std::begin(kOptions), std::end(kOptions),
                                   [name](const OptionInfo& info) { return name == info.name; });
  return found == std::end(kOptions) ? nullptr : found;
}

/// The default maps as entries.
PropertyMap default_map(std::string_view name) {
  if (name == "caching") return {{"keys", "ALL"}, {"rows_per_partition", "NONE"}};
  if (name == "compaction") {
    return {{"class", "org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy"},
            {"max_threshold", "32"},
            {"min_threshold", "4"}};
  }
  if (name == "compression") {
    return {{"chunk_length_in_kb", "16"}, {"class", "org.apache.cassandra.io.compress.LZ4Compressor"}};
  }
  return {};
}

std::string_view class_prefix(std::string_view option) {
  if (option == "compaction") return "org.apache.cassandra.db.compaction.";
  if (option == "compression") return "org.apache.cassandra.io.compress.";
  return {};
}

/// A map as Cassandra keeps it: full class names, sorted keys.
PropertyMap normalized(const OptionInfo& info, PropertyMap map) {
  const std::string_view prefix = class_prefix(info.name);
  for (auto& [key, value] : map) {
    if (!prefix.empty() && key == "class" && value.find('.') == std::string::npos) value.insert(0, prefix);
  }
  if (info.name == std::string_view("compaction")) {
    for (const auto& [key, value] : default_map("compaction")) {
      const auto same = [&wanted = key](const auto& entry) { return entry.first == wanted; };
      if (std::none_of(map.begin(), map.end(), same)) map.emplace_back(key, value);
    }
  }
  std::sort(map.begin(), map.end());
  return map;
}

bool is_integer(const std::string& text) {
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0;
}

bool is_floating(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

Result<std::string> checked_scalar(const OptionInfo& info, const std::string& text) {
  switch (info.type) {
    case OptionType::integer:
      if (!is_integer(text))
        return Error(errors::cql::bad_property, "Invalid integer value {} for '{}'", text, info.name);
      return text;
    case OptionType::floating:
      if (!is_floating(text))
        return Error(errors::cql::bad_property, "Invalid double value {} for '{}'", text, info.name);
      return text.find_first_of(".eE") == std::string::npos ? text + ".0" : text;
    case OptionType::boolean:
      if (text != "true" && text != "false") {
        return Error(errors::cql::bad_property, "Invalid boolean value {} for '{}'", text, info.name);
      }
      return text;
    default:
      return text;
  }
}

}  // namespace

std::span<const OptionInfo> table_option_list() {
  return kOptions;
}

Result<void> TableOptions::apply(const Properties& properties) {
  for (const Property& property : properties) {
    if (property.name == "id") continue;
    const OptionInfo* info = find(property.name);
    if (info == nullptr) return Error(errors::cql::bad_property, "Unknown property '{}'", property.name);
    if ((info->type == OptionType::map) != (property.map() != nullptr)) {
      return Error(errors::cql::bad_property, "Invalid value for property '{}'. It should be a {}", property.name,
                   info->type == OptionType::map ? "map" : "string");
    }
    if (property.map() != nullptr) {
      given_[property.name] = normalized(*info, *property.map());
      continue;
    }
    STREAMOPS_ASSIGN(std::string text, checked_scalar(*info, *property.text()));
    given_[property.name] = std::move(text);
  }
  constexpr std::int64_t kMaxTtl = 20 * 365 * 24 * 60 * 60;
  if (integer("default_time_to_live") > kMaxTtl) {
    return Error(errors::cql::bad_option, "default_time_to_live must be less than or equal to {} (got {})", kMaxTtl,
                 integer("default_time_to_live"));
  }
  return Ok();
}

std::string TableOptions::text(std::string_view name) const {
  const auto found = given_.find(name);
  if (found != given_.end()) return std::get<std::string>(found->second);
  // Levelled compaction keeps smaller filters unless told otherwise.
  if (name == "bloom_filter_fp_chance" && map("compaction")[0].second.ends_with("LeveledCompactionStrategy"))
    return "0.1";
  return find(name)->fallback;
}

PropertyMap TableOptions::map(std::string_view name) const {
  const auto found = given_.find(name);
  return found == given_.end() ? default_map(name) : std::get<PropertyMap>(found->second);
}

std::int64_t TableOptions::integer(std::string_view name) const {
  const std::string value = text(name);
  std::int64_t out = 0;
  std::from_chars(value.data(), value.data() + value.size(), out);
  return out;
}

std::string TableOptions::described(const OptionInfo& info) const {
  if (info.type == OptionType::map) return to_cql(map(info.name));
  std::string value = text(info.name);
  if (info.type != OptionType::text) return value;
  return to_cql_literal(*CqlType::scalar(TypeId::text), as_bytes(value));
}

std::string to_cql(const PropertyMap& map) {
  std::string out = "{";
  const CqlType& text = *CqlType::scalar(TypeId::text);
  for (const auto& [key, value] : map) {
    out += fmt::format("{}{}: {}", out.size() > 1 ? ", " : "", to_cql_literal(text, as_bytes(key)),
                       to_cql_literal(text, as_bytes(value)));
  }
  return out + "}";
}

}  // namespace streamops::cql::store
