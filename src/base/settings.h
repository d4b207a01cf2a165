// base/settings.h — settings from one table. Each area (spec/settings/<area>.toml) becomes a generated header
// `settings/<area>.h` with a plain struct:
//
//   settings::Kafka kafka = settings::Kafka::from(values);      // kafka.port, kafka.fsync, ...
//
// Where a value comes from, last one wins: default, profile (pipeline file), environment (STREAMOPS_KAFKA_PORT), flag
// (--set kafka.port=0).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace streamops {

enum class SettingType : std::uint8_t { integer, boolean, text, duration, bytes, choice };

/// One entry of spec/settings.
struct SettingInfo {
  const char* name;  // "kafka.port"
  SettingType type;
  const char* fallback;  // the default, as text
  const char* help;      // one sentence
  const char* example;
  std::int64_t minimum;  // integer: itself, duration: microseconds, bytes: bytes
  std::int64_t maximum;
  const char* choices;  // "group|always|interval|never" for SettingType::choice
  bool needs_restart;
};

/// All settings, sorted by name.
std::span<const SettingInfo> setting_catalogue();

/// The values in force, each with where it came from. A value is checked as it is set, so reading never fails.
class SettingValues {
 public:
  enum class Origin : std::uint8_t { fallback, profile, environment, flag };

  /// Sets one by name. Errors: SO-B003 (value out of its type or bounds), SO-B004 (no such setting).
  Result<void> set(std::string_view name, std::string_view value, Origin origin);
  /// Takes every STREAMOPS_<AREA>_<NAME> of `environment` ("NAME=value" pairs). Errors: as set().
  Result<void> set_from_environment(std::span<const std::string> environment);

  /// The text in force; `name` must exist.
  std::string_view text(std::string_view name) const;
  Origin origin(std::string_view name) const;

  std::int64_t integer(std::string_view name) const;
  bool boolean(std::string_view name) const;
  Microseconds duration(std::string_view name) const;
  std::int64_t bytes(std::string_view name) const;

 private:
  struct Value {
    std::string text;
    Origin origin;
  };
  std::map<std::string, Value, std::less<>> values_;
};

/// Reads "64KiB", "8MiB", "1GiB" or a plain number of bytes. Errors: SO-B003.
Result<std::int64_t> parse_byte_size(std::string_view text);

}  // namespace streamops
