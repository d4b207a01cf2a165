// runtime/random.h — where randomness comes from: seeded in tests, from the system in production.
#pragma once

#include <cstdint>
#include <random>

#include "base/uuid.h"

namespace streamops::runtime {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  /// Uniform in [0, bound); 0 when bound is 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  Uuid uuid() {
    const std::uint64_t high = next();
    return make_uuid(high, next(), 4);
  }
};

/// Repeats for ever from one seed.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

/// From the kernel; safe from any thread, fit for tokens and keys.
Random& system_random();

}  // namespace streamops::runtime
