#include "auth/login_limit.h"

#include <algorithm>

namespace streamops::auth {

namespace {

constexpr std::size_t most_failures = 10;
constexpr std::size_t most_peers = 4096;
constexpr Microseconds window = Seconds{60};

}  // namespace

Microseconds LoginLimit::wait(const std::string& peer, runtime::MonotonicTime now) {
  const auto found = failures_.find(peer);
  if (found == failures_.end()) return Microseconds{0};
  std::deque<runtime::MonotonicTime>& times = found->second;
  while (!times.empty() && now - times.front() >= window) times.pop_front();
  if (times.empty()) {
    failures_.erase(found);
    return Microseconds{0};
  }
  return times.size() < most_failures ? Microseconds{0} : times.front() + window - now;
}

void LoginLimit::failed(const std::string& peer, runtime::MonotonicTime now) {
  failures_[peer].push_back(now);
  if (failures_.size() <= most_peers) return;
  failures_.erase(std::min_element(failures_.begin(), failures_.end(),
                                   [](const auto& a, const auto& b) { return a.second.back() < b.second.back(); }));
}

}  // namespace streamops::auth
