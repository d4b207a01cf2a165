// base/time.h — points in time as plain integers with a unit in the type, and their text forms. No clock: see
// runtime/clock.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace streamops {

using Microseconds = std::chrono::microseconds;
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

/// Microseconds since 1970-01-01T00:00:00Z.
using WallTime = std::chrono::sys_time<Microseconds>;

inline std::int64_t to_micros(WallTime time) {
  return time.time_since_epoch().count();
}
inline std::int64_t to_millis(WallTime time) {
  return std::chrono::floor<Milliseconds>(time).time_since_epoch().count();
}
inline WallTime from_micros(std::int64_t micros) {
  return WallTime{Microseconds{micros}};
}
inline WallTime from_millis(std::int64_t millis) {
  return WallTime{Milliseconds{millis}};
}

/// "2024-01-31T12:00:00.123456Z"; the fraction is left out when zero, three digits when whole milliseconds.
std::string to_iso8601(WallTime time);
/// Reads "2024-01-31", "2024-01-31T12:00[:00[.fraction]][Z|+hh:mm]" (a blank instead of the T too); without a zone it
/// is UTC. Errors: SO-B001.
Result<WallTime> parse_iso8601(std::string_view text);

/// Reads "250ms", "1s", "5m", "2h", "1d", "1m30s". Errors: SO-B002.
Result<Microseconds> parse_duration(std::string_view text);
/// "250ms", "1s", "1m30s": what parse_duration reads back.
std::string format_duration(Microseconds duration);

}  // namespace streamops
