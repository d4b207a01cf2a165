// runtime/virtual_loop.h — a loop for tests: time stands still until told to move, and then jumps from timer to timer.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "runtime/loop.h"

namespace streamops::runtime {

class VirtualLoop final : public Loop, private Clock {
 public:
  explicit VirtualLoop(WallTime start = WallTime{}, std::uint64_t seed = 1);

  void post(Callback callback) override;
  TimerPtr after(Microseconds delay, Callback callback) override;
  /// Checked failure: there are no descriptors in virtual time.
  TimerPtr watch_readable(int descriptor, Callback callback) override;
  const Clock& clock() const override { return *this; }
  Random& random() override { return random_; }
  bool is_here() const override { return true; }

  /// Runs posted callbacks until none is left; time does not move.
  void settle();
  /// Moves time forward, running every timer that falls due, in order.
  void advance(Microseconds duration);
  /// Runs until neither callbacks nor timers are left, or `limit` has passed. True when it ran dry.
  bool run_dry(Microseconds limit);
  /// The earliest timer's due time, if any.
  std::optional<WallTime> next_due() const;

 private:
  class Handle;
  using Key = std::pair<std::int64_t, std::uint64_t>;  // due in microseconds since the start, order of creation

  WallTime wall() const override { return start_ + Microseconds{now_}; }
  MonotonicTime monotonic() const override { return MonotonicTime{Microseconds{now_}}; }

  WallTime start_;
  std::int64_t now_ = 0;
  std::uint64_t created_ = 0;
  SeededRandom random_;
  std::deque<Callback> posted_;
  std::shared_ptr<std::map<Key, Callback>> timers_;
};

}  // namespace streamops::runtime
