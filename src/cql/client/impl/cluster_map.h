// cql/client/impl/cluster_map.h — the cluster as its system tables tell it: nodes, datacenters, tokens, replication.
//
// Pure: the rows of system.local, system.peers_v2 (or system.peers) and system_schema.keyspaces come in. Rows of nodes
// that are joining or half known (no address, no datacenter) are left out, as servers show them for a while.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cql/client/token_ring.h"
#include "cql/protocol/responses.h"
#include "runtime/network.h"

namespace streamops::cql {

struct ClusterHost {
  runtime::Endpoint at;  // where clients reach it; for the node that was asked: as it was reached
  std::string release_version;
  RingHost ring;
};

struct ClusterMap {
  std::vector<ClusterHost> hosts;  // the node that was asked is the first
  std::map<std::string, Replication, std::less<>> keyspaces;
};

inline constexpr std::string_view kLocalQuery =
    "SELECT data_center, rack, tokens, release_version FROM system.local WHERE key = 'local'";
inline constexpr std::string_view kPeersV2Query =
    "SELECT data_center, rack, tokens, release_version, native_address, native_port, peer FROM system.peers_v2";
inline constexpr std::string_view kPeersQuery =
    "SELECT data_center, rack, tokens, release_version, rpc_address, peer FROM system.peers";
inline constexpr std::string_view kKeyspacesQuery = "SELECT keyspace_name, replication FROM system_schema.keyspaces";

/// The answers to the queries above. Errors: SO-C103 (damaged rows).
Result<ClusterHost> read_local(const Rows& rows, const runtime::Endpoint& asked);
/// `default_port` for system.peers, which names none.
Result<std::vector<ClusterHost>> read_peers(const Rows& rows, bool is_v2, std::uint16_t default_port);
Result<std::map<std::string, Replication, std::less<>>> read_keyspaces(const Rows& rows);

/// "10.0.0.1", "2001:db8::1"; empty for 0.0.0.0, :: and anything that is no address.
std::string address_text(BytesView bytes);

}  // namespace streamops::cql
