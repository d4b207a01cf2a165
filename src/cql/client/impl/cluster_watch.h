// cql/client/impl/cluster_watch.h — keeps the map of the cluster: reads it over one connection, and again when the
// servers tell of a change.
//
//   a connection stands ─▶ REGISTER ─▶ system.local ─▶ peers ─▶ [keyspaces] ─▶ on_map
//   EVENT (node added, removed, up; keyspace changed) ─▶ a second's pause ─▶ read again
//
// Keyspaces are read only where there is more than one node: on a single one every row has the same replica. When the
// connection ends, the next one that stands takes its place. Threads: the client's loop.
#pragma once

#include <functional>
#include <memory>

#include "cql/client/impl/cluster_map.h"
#include "cql/client/impl/server_connection.h"

namespace streamops::cql {

class ClusterWatch {
 public:
  using OnMap = std::function<void(ClusterMap map)>;

  ClusterWatch(const ClientOptions& options, runtime::Loop& loop, OnMap on_map)
      : options_(options), loop_(loop), on_map_(std::move(on_map)) {}
  ClusterWatch(const ClusterWatch&) = delete;
  ClusterWatch& operator=(const ClusterWatch&) = delete;
  ~ClusterWatch() { *alive_ = false; }

  /// Asks over this connection from now on; `at` is the host's address as it was given.
  void use(ServerConnection& connection, const runtime::Endpoint& at);
  ServerConnection* connection() const { return connection_; }
  void lost() { connection_ = nullptr; }
  void on_event(const EventMessage& event);

 private:
  using Then = std::function<void(ClusterWatch& self, const Rows& rows)>;

  void read();
  void read_peers_v2();
  void read_peers();
  void take_peers(const Rows& rows, bool is_v2);
  void read_keyspaces();
  void finish();
  /// Asks over the connection; `otherwise` when the server refuses. What is lost with the connection is forgotten.
  void ask(std::string_view text, Then then, std::function<void(ClusterWatch& self)> otherwise);
  void send(Opcode opcode, Bytes body, Client::Done done);

  const ClientOptions& options_;
  runtime::Loop& loop_;
  OnMap on_map_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  ServerConnection* connection_ = nullptr;
  runtime::Endpoint at_;
  ClusterMap map_;
  runtime::TimerPtr again_;
};

}  // namespace streamops::cql
