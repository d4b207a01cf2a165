// runtime/loop.h — an event loop: callbacks, one after the other, on one thread. Whatever lives on a loop needs no
// lock.
//
// Two kinds behind one interface: make_loop() runs on real time and real sockets; VirtualLoop (runtime/virtual_loop.h)
// has a clock that jumps from timer to timer, for tests. Callbacks must not block: disk syncs, DNS, hashing of
// passwords go to a Pool (runtime/pool.h).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/clock.h"
#include "runtime/random.h"

namespace streamops::runtime {

using Callback = std::function<void()>;

/// Cancels its timer when destroyed. Belongs to the loop's thread.
class Timer {
 public:
  virtual ~Timer() = default;
};
using TimerPtr = std::unique_ptr<Timer>;

class Loop {
 public:
  virtual ~Loop() = default;

  /// Runs `callback` on the loop, soon, in the order of the posts. From any thread.
  virtual void post(Callback callback) = 0;
  /// Runs `callback` once after `delay`, unless the returned timer is destroyed before. On the loop's thread (or before
  /// run()).
  [[nodiscard]] virtual TimerPtr after(Microseconds delay, Callback callback) = 0;
  /// Calls `callback` on the loop's thread each time `descriptor` becomes readable, until the returned timer-like
  /// handle is destroyed. Real loops only. The descriptor stays the caller's.
  [[nodiscard]] virtual TimerPtr watch_readable(int descriptor, Callback callback) = 0;

  virtual const Clock& clock() const = 0;
  virtual Random& random() = 0;

  /// True on the loop's own thread (always, for a virtual loop).
  virtual bool is_here() const = 0;
};

/// A real loop with a thread of its own, named for `top` and debuggers (15 letters at most). The destructor stops and
/// joins.
class LoopThread {
 public:
  virtual ~LoopThread() = default;
  virtual Loop& loop() = 0;
  /// Ends the thread after the callbacks that are already queued; pending timers are dropped.
  virtual void stop() = 0;
};
std::unique_ptr<LoopThread> make_loop_thread(const std::string& name);

}  // namespace streamops::runtime
