#include "cql/client/token_ring.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "cql/protocol/murmur3.h"

namespace streamops::cql {
namespace {

/// The number in front: "3", and "3/1" where one of three is transient.
int factor_of(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

struct RingEntry {
  std::int64_t token;
  std::uint32_t host;
};

/// What one datacenter still needs while the ring is walked (NetworkTopologyStrategy): a rack is used twice only when
/// there are fewer racks than replicas.
struct DatacenterNeed {
  int replicas = 0;
  int repeats = 0;
  std::set<std::string_view> racks;

  bool take(std::string_view rack) {
    if (replicas <= 0) return false;
    if (!racks.insert(rack).second && repeats-- <= 0) return false;
    --replicas;
    return true;
  }
};

std::map<std::string_view, DatacenterNeed> needs_of(const std::vector<RingHost>& hosts,
                                                    const Replication& replication) {
  std::map<std::string_view, DatacenterNeed> needs;
  for (const auto& [datacenter, factor] : replication.by_datacenter) {
    int nodes = 0;
    std::set<std::string_view> racks;
    for (const RingHost& host : hosts) {
      if (host.datacenter != datacenter || host.tokens.empty()) continue;
      ++nodes;
      racks.insert(host.rack);
    }
    needs[datacenter] = {std::min(factor, nodes), factor - static_cast<int>(racks.size()), {}};
  }
  return needs;
}

std::vector<std::uint32_t> walk_simple(const std::vector<RingEntry>& ring, std::size_t from, int factor) {
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < ring.size() && static_cast<int>(out.size()) < factor; ++i) {
    const std::uint32_t host = ring[(from + i) % ring.size()].host;
    if (std::find(out.begin(), out.end(), host) == out.end()) out.push_back(host);
  }
  return out;
}

std::vector<std::uint32_t> walk_network(const std::vector<RingEntry>& ring, std::size_t from,
                                        const std::vector<RingHost>& hosts,
                                        std::map<std::string_view, DatacenterNeed> needs) {
  int left = 0;
  for (const auto& [datacenter, need] : needs) left += std::max(need.replicas, 0);
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < ring.size() && left > 0; ++i) {
    const std::uint32_t host = ring[(from + i) % ring.size()].host;
    const auto need = needs.find(hosts[host].datacenter);
    if (need == needs.end() || std::find(out.begin(), out.end(), host) != out.end()) continue;
    if (!need->second.take(hosts[host].rack)) continue;
    out.push_back(host);
    --left;
  }
  return out;
}

}  // namespace

Replication Replication::from_options(const std::vector<std::pair<std::string, std::string>>& options) {
  Replication out;
  std::string_view strategy;
  for (const auto& [name, value] : options) {
    if (name == "class") strategy = value;
  }
  if (strategy.ends_with("SimpleStrategy")) out.strategy = Strategy::simple;
  if (strategy.ends_with("NetworkTopologyStrategy")) out.strategy = Strategy::network;
  for (const auto& [name, value] : options) {
    if (name == "class") continue;
    if (out.strategy == Strategy::simple && name == "replication_factor") out.factor = factor_of(value);
    if (out.strategy == Strategy::network) out.by_datacenter.emplace_back(name, factor_of(value));
  }
  std::sort(out.by_datacenter.begin(), out.by_datacenter.end());
  return out;
}

ReplicaMap::ReplicaMap(const std::vector<RingHost>& hosts, const Replication& replication,
                       std::string_view datacenter) {
  if (replication.strategy == Replication::Strategy::none) return;
  std::vector<RingEntry> ring;
  for (std::uint32_t host = 0; host < hosts.size(); ++host) {
    for (const std::int64_t token : hosts[host].tokens) ring.push_back({token, host});
  }
  std::sort(ring.begin(), ring.end(), [](const RingEntry& a, const RingEntry& b) { return a.token < b.token; });
  const bool is_simple = replication.strategy == Replication::Strategy::simple;
  const auto needs = needs_of(hosts, replication);
  for (std::size_t i = 0; i < ring.size(); ++i) {
    ends_.push_back(ring[i].token);
    first_.push_back(static_cast<std::uint32_t>(replicas_.size()));
    for (const std::uint32_t host :
         is_simple ? walk_simple(ring, i, replication.factor) : walk_network(ring, i, hosts, needs)) {
      if (datacenter.empty() || hosts[host].datacenter == datacenter) replicas_.push_back(host);
    }
  }
  first_.push_back(static_cast<std::uint32_t>(replicas_.size()));
}

std::span<const std::uint32_t> ReplicaMap::replicas(std::int64_t token) const {
  if (ends_.empty()) return {};
  const auto end = std::lower_bound(ends_.begin(), ends_.end(), token);
  const auto range = static_cast<std::size_t>(end == ends_.end() ? 0 : end - ends_.begin());
  return std::span(replicas_).subspan(first_[range], first_[range + 1] - first_[range]);
}

bool routing_token(BytesView values, std::span<const std::uint16_t> partition_key, Bytes& scratch,
                   std::int64_t& token) {
  if (partition_key.empty()) return false;
  const auto value_at = [&](std::uint16_t wanted, BytesView& out) {
    std::size_t at = 0;
    for (std::uint32_t index = 0; at + 4 <= values.size(); ++index) {
      const auto length = load_big_endian<std::int32_t>(values.data() + at);
      const std::size_t size = length < 0 ? 0 : static_cast<std::size_t>(length);
      at += 4;
      if (size > values.size() - at) return false;
      out = values.subspan(at, size);
      if (index == wanted) return length >= 0;
      at += size;
    }
    return false;
  };
  BytesView part;
  if (partition_key.size() == 1) {
    if (!value_at(partition_key[0], part)) return false;
    token = murmur3_token(part);
    return true;
  }
  scratch.clear();
  for (const std::uint16_t index : partition_key) {
    if (!value_at(index, part) || part.size() > 0xFFFF) return false;
    append_big_endian(scratch, static_cast<std::uint16_t>(part.size()));
    append_bytes(scratch, part);
    scratch.push_back(0);
  }
  token = murmur3_token(scratch);
  return true;
}

}  // namespace streamops::cql
