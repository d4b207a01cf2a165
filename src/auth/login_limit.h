// auth/login_limit.h — how many wrong passwords one address may try.
//
// Ten within a minute are checked; then the address waits until the oldest of them is a minute old. At most 4096
// addresses are remembered; with more, the one that failed longest ago is forgotten.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "base/time.h"
#include "runtime/clock.h"

namespace streamops::auth {

class LoginLimit {
 public:
  /// How long `peer` has to wait before its next try; zero when it may try now.
  Microseconds wait(const std::string& peer, runtime::MonotonicTime now);
  void failed(const std::string& peer, runtime::MonotonicTime now);
  void succeeded(const std::string& peer) { failures_.erase(peer); }
  std::size_t remembered() const { return failures_.size(); }

 private:
  std::map<std::string, std::deque<runtime::MonotonicTime>> failures_;
};

}  // namespace streamops::auth
