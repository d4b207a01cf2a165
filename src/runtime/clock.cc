#include "runtime/clock.h"

namespace streamops::runtime {
namespace {

class SystemClock final : public Clock {
 public:
  WallTime wall() const override { return std::chrono::floor<Microseconds>(std::chrono::system_clock::now()); }
  MonotonicTime monotonic() const override {
    return std::chrono::time_point_cast<Microseconds>(std::chrono::steady_clock::now());
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace streamops::runtime
