#include "runtime/impl/callback_watch.h"

#ifdef STREAMOPS_WATCH_CALLBACKS

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <future>

#include "runtime/loop.h"

using namespace streamops;
using namespace streamops::runtime;

namespace {

/// Runs `callback` on a loop in a process of its own; the signal that ended it, 0 if it ended by itself.
int signal_after(const Callback& callback) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
    const std::unique_ptr<LoopThread> thread = make_loop_thread("watched");
    std::promise<void> ran;
    thread->loop().post(callback);
    thread->loop().post([&] { ran.set_value(); });
    ran.get_future().wait();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

TEST_CASE("a callback that blocks its loop ends a sanitized build, one that leaves soon does not") {
  CHECK(signal_after([] { ::usleep(300'000); }) == SIGABRT);
  CHECK(signal_after([] { ::usleep(1'000); }) == 0);
}

TEST_CASE("a callback may not sync a disk however fast it is, one that opens or closes may") {
  const auto sync_new_file = [] {
    const int descriptor = ::memfd_create("watched", 0);
    ::fdatasync(descriptor);
    ::close(descriptor);
  };
  CHECK(signal_after(sync_new_file) == SIGABRT);
  CHECK(signal_after([&] {
          const WatchPause opening;
          sync_new_file();
          ::usleep(300'000);
        }) == 0);
  sync_new_file();  // not on a loop
}

#endif
