#include "cql/client/impl/cluster_watch.h"

#include "cql/protocol/requests.h"

namespace streamops::cql {
namespace {

/// Changes come in swarms: a node that joins is told of by every other.
constexpr Microseconds settle_time = Seconds{1};

}  // namespace

void ClusterWatch::use(ServerConnection& connection, const runtime::Endpoint& at) {
  connection_ = &connection;
  at_ = at;
  Bytes body;
  append_register(body, Register{{"TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE"}});
  // A server without events is read once.
  send(Opcode::register_, std::move(body), [](const Result<Answer>&) {});
  read();
}

void ClusterWatch::on_event(const EventMessage& event) {
  const auto* change = std::get_if<SchemaChange>(&event);
  const bool matters = change == nullptr || change->target == SchemaChange::Target::keyspace;
  if (!matters || again_) return;
  again_ = loop_.after(settle_time, [this] {
    again_.reset();
    if (connection_ != nullptr) read();
  });
}

void ClusterWatch::send(Opcode opcode, Bytes body, Client::Done done) {
  if (connection_ == nullptr || !connection_->is_ready()) return;
  auto request = std::make_unique<Request>();
  request->opcode = opcode;
  request->body = std::move(body);
  request->deadline = loop_.clock().monotonic() + options_.request_timeout;
  request->read.emplace().consistency = Consistency::one;
  request->done = std::move(done);
  connection_->send(std::move(request));
}

void ClusterWatch::ask(std::string_view text, Then then, std::function<void(ClusterWatch& self)> otherwise) {
  const BytesView bytes = as_bytes(text);
  send(Opcode::query, Bytes(bytes.begin(), bytes.end()),
       [this, alive = alive_, asked = connection_, then = std::move(then),
        otherwise = std::move(otherwise)](const Result<Answer>& answer) {
         if (!*alive || connection_ != asked) return;
         if (answer && answer->rows() != nullptr) return then(*this, *answer->rows());
         otherwise(*this);
       });
}

void ClusterWatch::read() {
  map_ = {};
  ask(
      kLocalQuery,
      [](ClusterWatch& self, const Rows& rows) {
        Result<ClusterHost> local = read_local(rows, self.at_);
        if (!local) return;
        self.map_.hosts.push_back(std::move(*local));
        self.read_peers_v2();
      },
      [](ClusterWatch&) {});
}

void ClusterWatch::read_peers_v2() {
  ask(
      kPeersV2Query, [](ClusterWatch& self, const Rows& rows) { self.take_peers(rows, true); },
      [](ClusterWatch& self) { self.read_peers(); });
}

/// Cassandra before 4.0 has no ports of peers.
void ClusterWatch::read_peers() {
  ask(
      kPeersQuery, [](ClusterWatch& self, const Rows& rows) { self.take_peers(rows, false); },
      [](ClusterWatch& self) { self.finish(); });
}

void ClusterWatch::take_peers(const Rows& rows, bool is_v2) {
  Result<std::vector<ClusterHost>> peers = ::streamops::cql::read_peers(rows, is_v2, at_.port);
  if (peers) std::move(peers->begin(), peers->end(), std::back_inserter(map_.hosts));
  if (map_.hosts.size() < 2) return finish();
  read_keyspaces();
}

void ClusterWatch::read_keyspaces() {
  ask(
      kKeyspacesQuery,
      [](ClusterWatch& self, const Rows& rows) {
        auto keyspaces = ::streamops::cql::read_keyspaces(rows);
        if (keyspaces) self.map_.keyspaces = std::move(*keyspaces);
        self.finish();
      },
      [](ClusterWatch& self) { self.finish(); });
}

void ClusterWatch::finish() {
  on_map_(std::move(map_));
}

}  // namespace streamops::cql
