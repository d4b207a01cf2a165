#include "app/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>

#include "app/verb.h"

namespace streamops::app {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a closed connection is an error of its write, not the end of the process
}

bool Signals::wait(std::optional<Microseconds> limit) {
  const sigset_t set = stop_signals();
  if (!limit) {
    int number = 0;
    return sigwait(&set, &number) == 0;
  }
  const timespec wait{static_cast<time_t>(limit->count() / 1'000'000),
                      static_cast<long>(limit->count() % 1'000'000 * 1000)};
  return sigtimedwait(&set, nullptr, &wait) > 0;
}

void Signals::end_with_parent(std::int64_t pid) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // It may have ended before that call: then another process has adopted this one.
  if (::getppid() != pid) ::kill(::getpid(), SIGTERM);
}

void Signals::exit_at_once_on_next() {
  const auto leave = [](int) { ::_exit(static_cast<int>(ExitCode::interrupted)); };
  signal(SIGINT, leave);
  signal(SIGTERM, leave);
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace streamops::app
