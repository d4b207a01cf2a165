// app/signals.h — Ctrl-C and SIGTERM, waited for by the main thread. Make it before any other thread starts: they
// inherit the mask.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace streamops::app {

class Signals {
 public:
  Signals();

  /// Waits for SIGINT or SIGTERM, at most `limit` (nothing: without end). True when one came.
  bool wait(std::optional<Microseconds> limit);
  /// Sends SIGTERM to this process when its parent, which has this pid, ends: even by SIGKILL; at once if it has
  /// ended already.
  static void end_with_parent(std::int64_t pid);
  /// From now on a further signal ends the process on the spot: everything acknowledged is on disk anyway.
  void exit_at_once_on_next();
};

}  // namespace streamops::app
