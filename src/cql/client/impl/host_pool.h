// cql/client/impl/host_pool.h — the connections to one host, and the attempts to have them.
//
// A connection that ends is made again after a pause that doubles from 50 ms to 5 s, with jitter. A version that the
// host refuses is not tried again with it. Threads: the client's loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cql/client/impl/server_connection.h"

namespace streamops::cql {

class HostPool final : public ServerConnection::Owner {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// A connection stands.
    virtual void on_up(HostPool& host, ServerConnection& connection) = 0;
    /// An attempt failed, or a connection ended; what was under way comes by on_unanswered().
    virtual void on_trouble(HostPool& host, const Error& error) = 0;
    virtual void on_unanswered(ServerConnection::Unanswered unanswered, const Error& error) = 0;
    virtual void on_room() = 0;
    virtual void on_event(const EventMessage& event) = 0;
    virtual WriteListener* listener() = 0;
  };

  /// Begins to connect. `options`, `loop`, `network` and `owner` must outlive the pool.
  HostPool(const ClientOptions& options, runtime::Endpoint at, bool is_contact_point, runtime::Loop& loop,
           runtime::Network& network, Owner& owner);
  HostPool(const HostPool&) = delete;
  HostPool& operator=(const HostPool&) = delete;
  ~HostPool() override { *alive_ = false; }

  const runtime::Endpoint& at() const { return at_; }
  bool is_contact_point() const { return is_contact_point_; }
  /// The numeric address that the last connection reached: a contact point may be a name.
  const runtime::Endpoint& address() const { return address_; }
  bool is_up() const;
  bool owns(const ServerConnection* connection) const;
  Version version() const { return version_; }
  std::size_t load() const;
  /// The ready connection with the fewest requests; with `with_room` only one that takes another. Nullptr: none.
  ServerConnection* best(bool with_room) const;
  void expire(runtime::MonotonicTime now);
  /// The cluster says that the host is up: no need to wait for the next attempt.
  void connect_now();

  void on_ready(ServerConnection& connection) override;
  void on_room() override { owner_.on_room(); }
  void on_closed(ServerConnection& connection, const Error& error, bool version_refused,
                 ServerConnection::Unanswered unanswered) override;
  void on_event(const EventMessage& event) override { owner_.on_event(event); }
  WriteListener* listener() override { return owner_.listener(); }

  // What discovery has learnt; kept here for the client.
  std::string datacenter;
  std::string release_version;
  bool is_remote = false;                   // in another datacenter: no requests
  std::optional<std::uint32_t> ring_index;  // in the cluster's map

 private:
  /// One connection that stands, or the attempts to have one.
  struct Slot {
    std::unique_ptr<ServerConnection> connection;
    runtime::TimerPtr timer;  // the next attempt, or the end of this one
    Microseconds pause;
    std::uint64_t attempt = 0;  // an answer to an older attempt is stale
    bool waits = false;         // for the timer, to try again
  };

  void connect(std::size_t index);
  void handshake(std::size_t index, runtime::ConnectionPtr connection);
  void retry_later(std::size_t index, const Error& error);

  const ClientOptions& options_;
  const runtime::Endpoint at_;
  const bool is_contact_point_;
  runtime::Loop& loop_;
  runtime::Network& network_;
  Owner& owner_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<Slot> slots_;
  runtime::Endpoint address_;
  Version version_;
};

}  // namespace streamops::cql
