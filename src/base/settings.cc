#include "base/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/text.h"
#include "errors/base.h"

namespace streamops {
namespace {

const SettingInfo* find_setting(std::string_view name) {
  for (const SettingInfo& info : setting_catalogue()) {
    if (name == info.name) return &info;
  }
  return nullptr;
}

Result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) {
    return Error(errors::base::bad_setting, "\"{}\" is not a whole number", text);
  }
  return value;
}

/// The value as the number that the bounds are compared with; 0 for types without bounds.
Result<std::int64_t> measure(const SettingInfo& info, std::string_view value) {
  switch (info.type) {
    case SettingType::integer:
      return parse_integer(value);
    case SettingType::bytes:
      return parse_byte_size(value);
    case SettingType::duration: {
      STREAMOPS_ASSIGN(const Microseconds duration, parse_duration(value));
      return duration.count();
    }
    case SettingType::boolean:
      if (value == "true" || value == "false") return info.minimum;
      return Error(errors::base::bad_setting, "\"{}\" is neither true nor false", value);
    case SettingType::choice:
      for (const std::string_view choice : split(info.choices, '|')) {
        if (choice == value) return info.minimum;
      }
      return Error(errors::base::bad_setting, "\"{}\" is none of {}", value, info.choices);
    case SettingType::text:
      return info.minimum;
  }
  return info.minimum;
}

}  // namespace

Result<std::int64_t> parse_byte_size(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units{
      {{"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}, {"B", 1}}};
  std::string_view number = text;
  std::int64_t scale = 1;
  for (const auto& [unit, bytes] : units) {
    if (text.ends_with(unit)) {
      number = text.substr(0, text.size() - unit.size());
      scale = bytes;
      break;
    }
  }
  const Result<std::int64_t> count = parse_integer(trim(number));
  std::int64_t total = 0;
  if (!count || *count < 0 || __builtin_mul_overflow(*count, scale, &total)) {
    return Error(errors::base::bad_setting, "\"{}\" is not a size such as 64KiB, 8MiB or 1GiB", text);
  }
  return total;
}

Result<void> SettingValues::set(std::string_view name, std::string_view value, Origin origin) {
  const SettingInfo* info = find_setting(name);
  if (info == nullptr) {
    std::vector<std::string_view> names;
    for (const SettingInfo& known : setting_catalogue()) names.emplace_back(known.name);
    return Error(errors::base::unknown_setting, "unknown setting `{}`", name).with_label(did_you_mean(name, names));
  }
  const Result<std::int64_t> measured = measure(*info, value);
  if (!measured) return measured.error().in(fmt::format("setting `{}`", name));
  if (*measured < info->minimum || *measured > info->maximum) {
    return Error(errors::base::bad_setting, "setting `{}`: {} is outside of its bounds", name, value)
        .with_hint(fmt::format("example: {}", info->example));
  }
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.origin <= origin) {
    values_.insert_or_assign(std::string(name), Value{std::string(value), origin});
  }
  return Ok();
}

Result<void> SettingValues::set_from_environment(std::span<const std::string> environment) {
  constexpr std::string_view prefix = "STREAMOPS_";
  for (const std::string& pair : environment) {
    const std::size_t equals = pair.find('=');
    if (!pair.starts_with(prefix) || equals == std::string::npos) continue;
    const std::string_view variable = std::string_view(pair).substr(0, equals);
    for (const SettingInfo& info : setting_catalogue()) {
      std::string spelled = std::string(prefix) + to_upper(info.name);
      std::replace(spelled.begin(), spelled.end(), '.', '_');
      if (spelled == variable) {
        STREAMOPS_RETURN_IF_ERROR(set(info.name, std::string_view(pair).substr(equals + 1), Origin::environment));
      }
    }
  }
  return Ok();
}

std::string_view SettingValues::text(std::string_view name) const {
  if (const auto found = values_.find(name); found != values_.end()) return found->second.text;
  const SettingInfo* info = find_setting(name);
  STREAMOPS_CHECK(info != nullptr, "a setting is read that spec/settings does not have");
  return info->fallback;
}

SettingValues::Origin SettingValues::origin(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? Origin::fallback : found->second.origin;
}

std::int64_t SettingValues::integer(std::string_view name) const {
  return parse_integer(text(name)).value();
}
bool SettingValues::boolean(std::string_view name) const {
  return text(name) == "true";
}
Microseconds SettingValues::duration(std::string_view name) const {
  return parse_duration(text(name)).value();
}
std::int64_t SettingValues::bytes(std::string_view name) const {
  return parse_byte_size(text(name)).value();
}

}  // namespace streamops
