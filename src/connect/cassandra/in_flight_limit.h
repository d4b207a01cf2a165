// connect/cassandra/in_flight_limit.h — how many requests may be under way at once: as many as do not make each other
// wait.
//
// Answers are counted in rounds of as many as the limit. After a round whose mean latency stayed near the best one
// seen, the limit grows by an eighth; after one that took more than twice as long and 20 ms, it shrinks by a fifth, but
// not below where it starts: others keep as many under way, and a busy server serves those who ask. An overload or a
// time-out halves it, down to four. The best latency is forgotten slowly, so that a server that became slower for good
// is learned.
// Pure; one sink, one loop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace streamops::connect {

class InFlightLimit {
 public:
  explicit InFlightLimit(std::size_t most)
      : most_(std::max<std::size_t>(most, 1)), limit_(std::min<std::size_t>(most_, kStart)) {}

  std::size_t value() const { return limit_; }

  /// An answer came after `latency`; `was_full`: the limit held requests back meanwhile.
  void answered(Microseconds latency, bool was_full);
  /// The server was overloaded, or did not answer in time.
  void overloaded();

 private:
  static constexpr std::size_t kStart = 64;
  static constexpr std::size_t kLeast = 4;

  void end_round();

  std::size_t most_;
  std::size_t limit_;
  std::size_t answers_ = 0;
  std::int64_t total_ = 0;
  bool full_ = false;
  std::int64_t best_ = 0;  // microseconds; 0: none yet
};

}  // namespace streamops::connect
