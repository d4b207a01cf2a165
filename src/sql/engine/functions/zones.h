// sql/engine/functions/zones.h — time zones by name, as Spark names them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace date {
class time_zone;
}

namespace streamops::sql {

/// A zone: a fixed offset ("+02:00", "UTC+5"), a region ("Europe/Berlin"), or one of Java's short names ("PST").
class Zone {
 public:
  /// Nothing when there is no such zone.
  static std::optional<Zone> find(std::string_view name);

  /// The wall clock at an instant, both in microseconds since 1970.
  std::int64_t to_local(std::int64_t micros) const;
  /// The instant of a wall clock: in a gap that of the clock before it, of two the earlier.
  std::int64_t to_utc(std::int64_t local_micros) const;

 private:
  std::int64_t offset_ = 0;
  const date::time_zone* region_ = nullptr;
};

/// The zone looked up last: a constant one is looked up once a batch.
struct ZoneCache {
  std::optional<Zone> zone;
  std::string name;
  bool known = false;

  /// Null when there is no such zone.
  const Zone* get(std::string_view wanted) {
    if (!known || wanted != name) {
      zone = Zone::find(wanted);
      name = wanted;
      known = true;
    }
    return zone ? &*zone : nullptr;
  }
};

}  // namespace streamops::sql
