// runtime/impl/callback_watch.h — a watchdog for callbacks that hold up their loop; only under AddressSanitizer,
// as ThreadSanitizer blocks threads by locks of its own.
//
//   wall time of a callback = computing + waiting for a core + blocked
//
// Blocked is what a loop must never be. A disk sync, ours or a library's, ends the process however short it was. Other
// waits (a lock, a sleep, a query) do so beyond `blocked_limit`, which leaves room for a file system that holds up a
// plain write while it syncs another's. Computing is bounded too, more loosely, since the sanitizers make it slower.
// Waiting for a core is the machine's affair and is left out, and so is a callback that the kernel had to read pages of
// the program for.
//
// Threads: one object lives on the stack of the thread that runs the callback; a nested one does nothing.
#pragma once

#include "base/time.h"

#if defined(__SANITIZE_ADDRESS__)
#define STREAMOPS_WATCH_CALLBACKS 1
#endif

namespace streamops::runtime {

#ifdef STREAMOPS_WATCH_CALLBACKS

inline constexpr Microseconds blocked_limit = Milliseconds{200};
inline constexpr Microseconds computing_limit = Milliseconds{400};

/// What a thread has used so far.
struct ThreadTimes {
  Microseconds wall{0};
  Microseconds computing{0};
  Microseconds waiting_for_core{0};
  long page_reads = 0;

  static ThreadTimes now();
};

class CallbackWatch {
 public:
  CallbackWatch();
  CallbackWatch(const CallbackWatch&) = delete;
  CallbackWatch& operator=(const CallbackWatch&) = delete;
  ~CallbackWatch();

 private:
  ThreadTimes before_;
};

/// While it lives, the callback it lives in may wait: for start and stop, when nothing is being served.
class WatchPause {
 public:
  WatchPause();
  WatchPause(const WatchPause&) = delete;
  WatchPause& operator=(const WatchPause&) = delete;
  ~WatchPause();
};

#else

class CallbackWatch {
 public:
  CallbackWatch() {}
};

class WatchPause {
 public:
  WatchPause() {}
};

#endif

}  // namespace streamops::runtime
