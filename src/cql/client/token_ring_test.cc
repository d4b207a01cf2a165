#include "cql/client/token_ring.h"

#include <doctest/doctest.h>

#include <limits>

#include "cql/client/impl/cluster_map.h"
#include "cql/protocol/murmur3.h"
#include "cql/protocol/notation.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

using Hosts = std::vector<std::uint32_t>;

Hosts holders(const ReplicaMap& map, std::int64_t token) {
  const auto found = map.replicas(token);
  return {found.begin(), found.end()};
}

Replication simple(int factor) {
  return {Replication::Strategy::simple, factor, {}};
}

Replication network(std::vector<std::pair<std::string, int>> factors) {
  return {Replication::Strategy::network, 0, std::move(factors)};
}

}  // namespace

TEST_CASE("a token belongs to the first node at or behind it, and the ring begins anew behind the last") {
  const std::vector<RingHost> hosts = {{"dc", "r", {-100}}, {"dc", "r", {0}}, {"dc", "r", {100}}};
  const ReplicaMap one(hosts, simple(1));
  CHECK(holders(one, -100) == Hosts{0});
  CHECK(holders(one, -99) == Hosts{1});
  CHECK(holders(one, 0) == Hosts{1});
  CHECK(holders(one, 1) == Hosts{2});
  CHECK(holders(one, 101) == Hosts{0});  // wraps around
  CHECK(holders(one, std::numeric_limits<std::int64_t>::max()) == Hosts{0});
  CHECK(holders(one, std::numeric_limits<std::int64_t>::min()) == Hosts{0});
  const ReplicaMap two(hosts, simple(2));
  CHECK(holders(two, 50) == Hosts{2, 0});
  CHECK(holders(two, 101) == Hosts{0, 1});
  CHECK(holders(ReplicaMap(hosts, simple(9)), 1) == Hosts{2, 0, 1});  // more replicas than nodes
}

TEST_CASE("several tokens a node: a node is listed once") {
  const std::vector<RingHost> hosts = {{"dc", "r", {0, 10, 20}}, {"dc", "r", {30}}};
  CHECK(holders(ReplicaMap(hosts, simple(2)), 5) == Hosts{0, 1});
}

TEST_CASE("each datacenter has its replicas, on as many racks as there are") {
  const std::vector<RingHost> hosts = {{"a", "r1", {0}},  {"b", "r1", {5}},  {"a", "r1", {10}},
                                       {"a", "r2", {20}}, {"b", "r2", {25}}, {"a", "r2", {30}}};
  // From node 0: node 2 is on the same rack and passed over for node 3.
  CHECK(holders(ReplicaMap(hosts, network({{"a", 2}})), 0) == Hosts{0, 3});
  CHECK(holders(ReplicaMap(hosts, network({{"a", 2}, {"b", 1}})), 0) == Hosts{0, 1, 3});
  CHECK(holders(ReplicaMap(hosts, network({{"a", 2}, {"b", 1}}), "b"), 0) == Hosts{1});
  // Three replicas on two racks: one rack is used twice.
  CHECK(holders(ReplicaMap(hosts, network({{"a", 3}})), 0) == Hosts{0, 2, 3});
  CHECK(holders(ReplicaMap(hosts, network({{"a", 9}})), 0).size() == 4);
  CHECK(holders(ReplicaMap(hosts, network({{"elsewhere", 3}})), 0).empty());
}

TEST_CASE("nothing is known without tokens or strategy") {
  CHECK(ReplicaMap({{"dc", "r", {}}}, simple(1)).empty());
  CHECK(holders(ReplicaMap({{"dc", "r", {1}}}, Replication{}), 1).empty());
}

TEST_CASE("replication is read from a keyspace's options") {
  CHECK(Replication::from_options(
            {{"class", "org.apache.cassandra.locator.SimpleStrategy"}, {"replication_factor", "3"}}) == simple(3));
  CHECK(Replication::from_options({{"class", "NetworkTopologyStrategy"}, {"dc2", "3/1"}, {"dc1", "2"}}) ==
        network({{"dc1", 2}, {"dc2", 3}}));
  CHECK(Replication::from_options({{"class", "org.apache.cassandra.locator.LocalStrategy"}}).strategy ==
        Replication::Strategy::none);
}

TEST_CASE("the token of a row comes from the values of its partition key") {
  Bytes values;
  append_value(values, Value::of(as_bytes("name")));
  append_value(values, Value::null());
  append_value(values, Value::of(as_bytes("key")));
  append_value(values, Value::unset());
  Bytes scratch;
  std::int64_t token = 0;
  const std::vector<std::uint16_t> single = {2};
  REQUIRE(routing_token(values, single, scratch, token));
  CHECK(token == murmur3_token(as_bytes("key")));
  const std::vector<std::uint16_t> composite = {2, 0};
  REQUIRE(routing_token(values, composite, scratch, token));
  const BytesView parts[] = {as_bytes("key"), as_bytes("name")};
  CHECK(token == murmur3_token(partition_key(parts)));
  for (const std::uint16_t wrong : {1, 3, 4, 9}) {
    CHECK_FALSE(routing_token(values, std::vector<std::uint16_t>{wrong}, scratch, token));
  }
  CHECK_FALSE(routing_token(values, {}, scratch, token));
  CHECK_FALSE(routing_token(BytesView(values).first(6), single, scratch, token));
}

TEST_CASE("nodes that are half known are left out of the map") {
  const auto cell = [](Bytes& out, std::string_view text) { append_bytes_value(out, as_bytes(text)); };
  const auto row = [&](std::string_view datacenter, const Bytes& address, std::int32_t port) {
    Bytes out;
    cell(out, datacenter);
    cell(out, "rack1");
    Bytes tokens;
    append_big_endian(tokens, std::int32_t{1});
    cell(tokens, "-42");
    append_bytes_value(out, BytesView(tokens));
    cell(out, "5.0.5");
    append_bytes_value(out, BytesView(address));
    Bytes number;
    append_big_endian(number, port);
    append_bytes_value(out, BytesView(number));
    append_bytes_value(out, BytesView(Bytes{10, 0, 0, 9}));
    return out;
  };
  Bytes cells = row("dc1", {10, 0, 0, 2}, 9043);
  append_bytes(cells, row("", {10, 0, 0, 3}, 9042));
  append_bytes(cells, row("dc1", {0, 0, 0, 0}, 9042));  // rpc_address 0.0.0.0: the peer's own address
  Rows rows;
  rows.metadata.column_count = 7;
  rows.row_count = 3;
  rows.cells = cells;
  const auto peers = read_peers(rows, true, 9042);
  REQUIRE(peers.ok());
  REQUIRE(peers->size() == 2);
  CHECK((*peers)[0].at == runtime::Endpoint{"10.0.0.2", 9043});
  CHECK((*peers)[0].ring.tokens == std::vector<std::int64_t>{-42});
  CHECK((*peers)[1].at == runtime::Endpoint{"10.0.0.9", 9042});
  rows.cells = BytesView(cells).first(cells.size() - 3);
  CHECK_FALSE(read_peers(rows, true, 9042).ok());
}
