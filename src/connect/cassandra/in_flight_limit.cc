#include "connect/cassandra/in_flight_limit.h"

namespace streamops::connect {

namespace {

/// Waiting below this harms nobody: rows that are written wait for their epoch anyway, and a busy machine's scheduling
/// alone takes as long.
constexpr std::int64_t kTolerance = 20'000;

}  // namespace

void InFlightLimit::answered(Microseconds latency, bool was_full) {
  total_ += latency.count();
  full_ = full_ || was_full;
  if (++answers_ >= limit_) end_round();
}

void InFlightLimit::end_round() {
  const std::int64_t mean = std::max<std::int64_t>(total_ / static_cast<std::int64_t>(answers_), 1);
  best_ = best_ == 0 ? mean : std::min(mean, best_ + best_ / 64 + 1);
  if (mean > 2 * best_ + kTolerance) {
    limit_ = std::max(limit_ - limit_ / 5, std::min({limit_, kStart, most_}));
  } else if (full_) {
    limit_ = std::min(limit_ + limit_ / 8 + 1, most_);
  }
  answers_ = 0;
  total_ = 0;
  full_ = false;
}

void InFlightLimit::overloaded() {
  limit_ = std::max(limit_ / 2, std::min(kLeast, most_));
  answers_ = 0;
  total_ = 0;
  full_ = false;
}

}  // namespace streamops::connect
