// kafka/broker/server.h — the listeners and connections of the broker.
//
//   Listener ──accept──▶ ClientConnection ──frame──▶ handler ──answer──▶ in the order of the requests
//
// Caps, each counted: connections at once, bytes of a frame (before memory is taken), requests of one connection in
// work, bytes not yet taken by its client. A connection is closed when a frame takes too long to arrive, when it says
// nothing for long, and at the first byte that is not Kafka's. Threads: the broker's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/result.h"
#include "kafka/broker/client_connection.h"
#include "kafka/broker/stats.h"
#include "runtime/loop.h"
#include "runtime/network.h"
#include "settings/kafka.h"

namespace streamops::kafka {

class Server {
 public:
  struct Context {
    Broker& broker;
    const settings::Kafka& settings;
    const std::map<std::uint16_t, runtime::Endpoint>& advertised;  // by port
    BrokerStats& stats;
    runtime::Loop& loop;
    runtime::Network& network;
    std::function<void(const Error&)> on_problem;
  };
  explicit Server(const Context& context);
  ~Server();

  /// Errors: SO-R001 (port in use), SO-R002 (not an address of this machine).
  Result<void> listen(const runtime::Endpoint& at);
  std::vector<runtime::Endpoint> listeners() const;

  /// Takes no more connections and requests; `done` when what was asked before is answered, or `patience` has passed.
  void stop(Microseconds patience, std::function<void()> done);

 private:
  friend class ClientConnection;
  void accept(runtime::ConnectionPtr connection);
  /// What a client that came to `local` is told to connect to.
  runtime::Endpoint advertised(const runtime::Endpoint& local) const;
  void sweep();
  void look_for_end();
  /// Forgets a connection; it is destroyed when the loop comes back to us.
  void drop(std::uint64_t id);

  Context context_;
  std::vector<std::unique_ptr<runtime::Listener>> listeners_;
  std::map<std::uint64_t, std::shared_ptr<ClientConnection>> connections_;
  std::uint64_t next_id_ = 1;
  runtime::TimerPtr sweep_timer_;
  runtime::TimerPtr end_timer_;
  runtime::MonotonicTime end_by_{};
  std::function<void()> on_stopped_;
};

}  // namespace streamops::kafka
