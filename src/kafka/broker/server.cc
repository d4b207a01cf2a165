#include "kafka/broker/server.h"

#include <algorithm>
#include <utility>

namespace streamops::kafka {

namespace {

constexpr Microseconds longest_sweep = Seconds{1};
constexpr Microseconds end_look = Milliseconds{5};

}  // namespace

Server::Server(const Context& context) : context_(context) {}

Server::~Server() = default;

Result<void> Server::listen(const runtime::Endpoint& at) {
  STREAMOPS_ASSIGN(
      std::unique_ptr<runtime::Listener> listener,
      context_.network.listen(at, [this](runtime::ConnectionPtr connection) { accept(std::move(connection)); }));
  listeners_.push_back(std::move(listener));
  return Ok();
}

std::vector<runtime::Endpoint> Server::listeners() const {
  std::vector<runtime::Endpoint> out;
  out.reserve(listeners_.size());
  for (const std::unique_ptr<runtime::Listener>& listener : listeners_) out.push_back(listener->local());
  return out;
}

runtime::Endpoint Server::advertised(const runtime::Endpoint& local) const {
  const auto found = context_.advertised.find(local.port);
  return found == context_.advertised.end() ? local : found->second;
}

void Server::accept(runtime::ConnectionPtr connection) {
  if (connections_.size() >= static_cast<std::size_t>(context_.settings.max_connections)) {
    context_.stats.connections_refused.add();
    return;  // destroyed: closed
  }
  context_.stats.connections_accepted.add();
  const std::uint64_t id = next_id_++;
  auto client = std::make_shared<ClientConnection>(*this, id, std::move(connection));
  connections_[id] = client;
  context_.stats.connections.set(static_cast<std::int64_t>(connections_.size()));
  client->start();
  if (!sweep_timer_) sweep();
}

// Looks for clients that are slow or idle, as long as there are clients.
void Server::sweep() {
  const runtime::MonotonicTime now = context_.loop.clock().monotonic();
  std::vector<std::uint64_t> overdue;
  for (const auto& [id, connection] : connections_) {
    if (connection->is_overdue(now)) overdue.push_back(id);
  }
  for (const std::uint64_t id : overdue) {
    context_.stats.connections_timed_out.add();
    drop(id);
  }
  sweep_timer_.reset();
  if (connections_.empty()) return;
  sweep_timer_ = context_.loop.after(
      std::min({longest_sweep, context_.settings.frame_timeout / 2, context_.settings.idle_timeout / 2}),
      [this] { sweep(); });
}

void Server::drop(std::uint64_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  context_.loop.post([gone = std::move(found->second)] {});
  connections_.erase(found);
  context_.stats.connections.set(static_cast<std::int64_t>(connections_.size()));
  if (on_stopped_) look_for_end();
}

void Server::stop(Microseconds patience, std::function<void()> done) {
  listeners_.clear();
  on_stopped_ = std::move(done);
  end_by_ = context_.loop.clock().monotonic() + patience;
  for (const auto& [id, connection] : connections_) connection->stop_reading();
  look_for_end();
}

void Server::look_for_end() {
  if (!on_stopped_) return;
  const bool answered = std::all_of(connections_.begin(), connections_.end(),
                                    [](const auto& entry) { return entry.second->is_answered(); });
  if (!answered && context_.loop.clock().monotonic() < end_by_) {
    end_timer_ = context_.loop.after(end_look, [this] { look_for_end(); });
    return;
  }
  end_timer_.reset();
  sweep_timer_.reset();
  for (auto& [id, connection] : std::exchange(connections_, {})) context_.loop.post([gone = std::move(connection)] {});
  std::exchange(on_stopped_, nullptr)();
}

}  // namespace streamops::kafka
