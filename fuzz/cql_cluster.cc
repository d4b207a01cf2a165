// modules: cql/client
// What a server tells of its cluster: the rows of its system tables, the ring that is made of them, and the token of a
// row's values. The first byte says how many columns, the second how many rows, the third which key columns.
#include <cstdint>
#include <cstdlib>

#include "cql/client/impl/cluster_map.h"
#include "cql/client/token_ring.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

/// A replica is a host of the ring, and none is named twice.
void check_ring(const std::vector<RingHost>& hosts, const Replication& replication) {
  const ReplicaMap map(hosts, replication);
  for (const RingHost& host : hosts) {
    for (const std::int64_t token : host.tokens) {
      const auto replicas = map.replicas(token);
      for (std::size_t i = 0; i < replicas.size(); ++i) {
        must(replicas[i] < hosts.size());
        for (std::size_t j = 0; j < i; ++j) must(replicas[i] != replicas[j]);
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const BytesView rest(data + 3, size - 3);
  Rows rows;
  rows.metadata.column_count = data[0] % 10;
  rows.row_count = data[1];
  rows.cells = rest;
  std::vector<RingHost> hosts;
  if (const auto local = read_local(rows, {"127.0.0.1", 9042}); local.ok()) hosts.push_back(local->ring);
  for (const bool is_v2 : {true, false}) {
    const auto peers = read_peers(rows, is_v2, 9042);
    if (!peers.ok()) continue;
    for (const ClusterHost& peer : *peers) hosts.push_back(peer.ring);
  }
  Replication simple{Replication::Strategy::simple, data[2] % 5, {}};
  check_ring(hosts, simple);
  if (const auto keyspaces = read_keyspaces(rows); keyspaces.ok()) {
    for (const auto& [name, replication] : *keyspaces) check_ring(hosts, replication);
  }
  Bytes scratch;
  std::int64_t token = 0;
  const std::uint16_t key[] = {static_cast<std::uint16_t>(data[2] % 4), static_cast<std::uint16_t>(data[2] / 64)};
  routing_token(rest, std::span(key, 1), scratch, token);
  routing_token(rest, key, scratch, token);
  return 0;
}
