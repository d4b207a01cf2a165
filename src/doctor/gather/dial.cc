#include "doctor/gather/dial.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace streamops::doctor {
namespace {

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
  std::string text;
};

/// A look-up under way; shared with its thread, which may outlive everybody who waits.
struct LookUp {
  std::mutex mutex;
  std::condition_variable done_or_late;
  bool done = false;
  std::vector<Address> found;
};

std::vector<Address> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return {};
  std::vector<Address> found;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    Address address;
    std::memcpy(&address.bytes, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
    char text[NI_MAXHOST] = {};
    ::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
    address.text = text;
    found.push_back(std::move(address));
  }
  ::freeaddrinfo(list);
  return found;
}

/// Nothing when the name service does not answer in time.
std::optional<std::vector<Address>> look_up_until(const runtime::Endpoint& at, Deadline until) {
  const auto shared = std::make_shared<LookUp>();
  std::thread([shared, at] {
    std::vector<Address> found = look_up(at.host, at.port);
    const std::lock_guard lock(shared->mutex);
    shared->found = std::move(found);
    shared->done = true;
    shared->done_or_late.notify_all();
  }).detach();
  std::unique_lock lock(shared->mutex);
  if (!shared->done_or_late.wait_until(lock, until, [&] { return shared->done; })) return std::nullopt;
  return std::move(shared->found);
}

/// Starts to connect; the descriptor, or -1 with `error` set.
int start_connect(const Address& address, int& error) {
  const int descriptor = ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) {
    error = errno;
    return -1;
  }
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) == 0) return descriptor;
  if (errno == EINPROGRESS) return descriptor;
  error = errno;
  ::close(descriptor);
  return -1;
}

int result_of(int descriptor) {
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

void knock(const std::vector<Address>& addresses, Deadline until, std::vector<Attempt>& attempts) {
  std::vector<pollfd> waiting;
  std::vector<std::size_t> whose;
  for (const Address& address : addresses) {
    Attempt& attempt = attempts.emplace_back(Attempt{address.text, ETIMEDOUT});
    const int descriptor = start_connect(address, attempt.error);
    if (descriptor < 0) continue;
    waiting.push_back({descriptor, POLLOUT, 0});
    whose.push_back(attempts.size() - 1);
  }
  std::size_t open = waiting.size();
  while (open > 0 && milliseconds_to(until) > 0) {
    if (::poll(waiting.data(), waiting.size(), milliseconds_to(until)) <= 0) break;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      attempts[whose[i]].error = result_of(waiting[i].fd);
      ::close(waiting[i].fd);
      waiting[i].fd = -1;  // poll passes over it from now on
      --open;
    }
  }
  for (const pollfd& each : waiting) {
    if (each.fd >= 0) ::close(each.fd);
  }
}

}  // namespace

bool Dialled::connected() const {
  return first_open() != nullptr;
}

const Attempt* Dialled::first_open() const {
  const auto open = std::find_if(attempts.begin(), attempts.end(), [](const Attempt& each) { return each.error == 0; });
  return open == attempts.end() ? nullptr : &*open;
}

Deadline in(Microseconds limit, Deadline last) {
  return std::min(runtime::system_clock().monotonic() + limit, last);
}

int milliseconds_to(Deadline until) {
  const auto left = std::chrono::ceil<Milliseconds>(until - runtime::system_clock().monotonic());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

Dialled dial(const runtime::Endpoint& at, Deadline until) {
  Dialled dialled;
  dialled.at = at;
  const Deadline begin = runtime::system_clock().monotonic();
  const std::optional<std::vector<Address>> addresses = look_up_until(at, until);
  dialled.name_took = runtime::system_clock().monotonic() - begin;
  dialled.name_late = !addresses;
  dialled.resolved = addresses && !addresses->empty();
  if (dialled.resolved) knock(*addresses, until, dialled.attempts);
  return dialled;
}

void in_parallel(std::vector<std::function<void()>> work) {
  std::vector<std::jthread> threads;
  threads.reserve(work.size());
  for (std::function<void()>& each : work) threads.emplace_back(std::move(each));
}

}  // namespace streamops::doctor
