#include "runtime/impl/callback_watch.h"

#ifdef STREAMOPS_WATCH_CALLBACKS

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

#include "base/check.h"
#include "fmt/core.h"

namespace streamops::runtime {
namespace {

thread_local int depth = 0;

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

void judge(const ThreadTimes& before, const ThreadTimes& after) {
  if (after.page_reads != before.page_reads) return;
  const Microseconds computing = after.computing - before.computing;
  const Microseconds waiting = after.waiting_for_core - before.waiting_for_core;
  const Microseconds blocked = after.wall - before.wall - computing - waiting;
  if (blocked <= blocked_limit && computing <= computing_limit) return;
  std::array<char, 16> name{};
  pthread_getname_np(pthread_self(), name.data(), name.size());
  check_failed(__FILE__, __LINE__, "a callback leaves its loop soon",
               fmt::format("a callback on loop `{}` was blocked for {} ms and computed for {} ms", name.data(),
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
  if (--depth == 0) judge(before_, ThreadTimes::now());
}

}  // namespace streamops::runtime

#endif
