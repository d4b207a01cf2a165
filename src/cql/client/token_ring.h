// cql/client/token_ring.h — which nodes hold a row: the ring of tokens, and the replicas of each of its ranges.
//
//   … ─ t0 ──── t1 ──── t2 ─ …      a token in (t0, t1] belongs to the owner of t1; behind the last token the ring
//        owner A  owner B            begins anew. Further replicas are found by walking on, as the keyspace's
//                                    replication strategy says.
//
// Pure. Threads: immutable once built.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace streamops::cql {

/// A node's place in the cluster.
struct RingHost {
  std::string datacenter;
  std::string rack;
  std::vector<std::int64_t> tokens;
};

/// How a keyspace is replicated.
struct Replication {
  enum class Strategy : std::uint8_t { simple, network, none };  // none: every node has all, or we do not know
  Strategy strategy = Strategy::none;
  int factor = 0;                                          // simple
  std::vector<std::pair<std::string, int>> by_datacenter;  // network

  /// From the map of system_schema.keyspaces: {'class': '…NetworkTopologyStrategy', 'dc1': '3'}. What is not understood
  /// gives `none`. "3/1" (transient replication) counts 3.
  static Replication from_options(const std::vector<std::pair<std::string, std::string>>& options);
  friend bool operator==(const Replication&, const Replication&) = default;
};

/// The replicas of every range for one replication.
class ReplicaMap {
 public:
  /// `hosts` by their index; hosts without tokens hold nothing. With a datacenter only its nodes are listed.
  ReplicaMap(const std::vector<RingHost>& hosts, const Replication& replication, std::string_view datacenter = {});

  /// Indices of the hosts that hold `token`, the range's owner first; empty when nothing is known.
  std::span<const std::uint32_t> replicas(std::int64_t token) const;
  bool empty() const { return ends_.empty(); }

 private:
  std::vector<std::int64_t> ends_;    // sorted: where each range ends
  std::vector<std::uint32_t> first_;  // into replicas_; one more than ends_
  std::vector<std::uint32_t> replicas_;
};

/// The token of a row from a prepared statement's `values`, given which of them are the partition key. False when the
/// values are damaged, or a part of the key is null.
bool routing_token(BytesView values, std::span<const std::uint16_t> partition_key, Bytes& scratch, std::int64_t& token);

}  // namespace streamops::cql
