#include "runtime/random.h"

#include <sys/random.h>

#include "base/check.h"

namespace streamops::runtime {
namespace {

class SystemRandom final : public Random {
 public:
  std::uint64_t next() override {
    std::uint64_t value = 0;
    // A request of up to 256 bytes is never cut short nor interrupted (getrandom(2)).
    STREAMOPS_CHECK(::getrandom(&value, sizeof(value), 0) == static_cast<ssize_t>(sizeof(value)),
                    "the kernel gives random bytes");
    return value;
  }
};

}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

}  // namespace streamops::runtime
