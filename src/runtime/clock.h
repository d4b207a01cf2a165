// runtime/clock.h — where time comes from. Everything that asks for the time takes a Clock, so tests can run a day in a
// millisecond.
#pragma once

#include "base/time.h"

namespace streamops::runtime {

/// Microseconds on a clock that never goes back; only differences mean something.
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, Microseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonotonicTime monotonic() const = 0;
};

/// The machine's clock.
const Clock& system_clock();

}  // namespace streamops::runtime
