#include "runtime/impl/callback_watch.h"

#ifdef STREAMOPS_WATCH_CALLBACKS

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fmt/core.h"

namespace streamops::runtime {
namespace {

thread_local int depth = 0;
thread_local bool paused = false;      // now
thread_local bool has_paused = false;  // since the callback began

/// The second number of /proc/thread-self/schedstat: nanoseconds spent ready to run, without a core. 0 where the kernel
/// does not count.
Microseconds waited_for_core() {
  static thread_local const int descriptor = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  std::array<char, 96> text{};
  const ssize_t length = descriptor < 0 ? 0 : ::pread(descriptor, text.data(), text.size(), 0);
  if (length <= 0) return Microseconds{0};
  const std::string_view line(text.data(), static_cast<std::size_t>(length));
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return Microseconds{0};
  std::int64_t nanoseconds = 0;
  std::from_chars(line.data() + space + 1, line.data() + line.size(), nanoseconds);
  return Microseconds{nanoseconds / 1000};
}

Microseconds on_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return Microseconds{now.tv_sec * 1'000'000 + now.tv_nsec / 1000};
}

std::string loop_name() {
  std::array<char, 16> name{};
  pthread_getname_np(pthread_self(), name.data(), name.size());
  return name.data();
}

/// Stands before the system call of the same name, for this program and its libraries.
int sync_outside_of_loops(long call, int descriptor) {
  if (depth > 0 && !paused) {
    check_failed(__FILE__, __LINE__, "no callback syncs a disk",
                 fmt::format("a callback on loop `{}` waits for a disk: give it to a pool", loop_name()));
  }
  return static_cast<int>(::syscall(call, descriptor));
}

void judge(const ThreadTimes& before, const ThreadTimes& after) {
  if (after.page_reads != before.page_reads) return;
  const Microseconds computing = after.computing - before.computing;
  const Microseconds waiting = after.waiting_for_core - before.waiting_for_core;
  const Microseconds blocked = after.wall - before.wall - computing - waiting;
  if (blocked <= blocked_limit && computing <= computing_limit) return;
  check_failed(__FILE__, __LINE__, "a callback leaves its loop soon",
               fmt::format("a callback on loop `{}` was blocked for {} ms and computed for {} ms", loop_name(),
                           blocked.count() / 1000, computing.count() / 1000));
}

}  // namespace

ThreadTimes ThreadTimes::now() {
  ThreadTimes times;
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  times.page_reads = usage.ru_majflt;
  times.waiting_for_core = waited_for_core();
  times.computing = on_clock(CLOCK_THREAD_CPUTIME_ID);
  times.wall = on_clock(CLOCK_MONOTONIC);
  return times;
}

CallbackWatch::CallbackWatch() {
  if (depth++ == 0) before_ = ThreadTimes::now();
}

CallbackWatch::~CallbackWatch() {
  if (--depth > 0) return;
  if (!has_paused) judge(before_, ThreadTimes::now());
  has_paused = false;
}

WatchPause::WatchPause() {
  paused = has_paused = true;
}

WatchPause::~WatchPause() {
  paused = false;
}

}  // namespace streamops::runtime

extern "C" int fdatasync(int descriptor) {
  return streamops::runtime::sync_outside_of_loops(SYS_fdatasync, descriptor);
}
extern "C" int fsync(int descriptor) {
  return streamops::runtime::sync_outside_of_loops(SYS_fsync, descriptor);
}

#endif
