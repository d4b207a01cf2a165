// Several hosts: how they are found, which of them gets what, and what happens when one goes.
#include <doctest/doctest.h>

#include <map>

#include "errors/cql_client.h"
#include "scripted_cql_server.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

/// Three nodes: the contact point and one more in `near`, one in `far`. Each counts its requests.
class Trio : public CqlFixture {
 public:
  Trio() {
    for (int i = 0; i < 3; ++i) {
      servers.push_back(&add_server({.highest = Version::v4, .address = "127.0.0." + std::to_string(i + 1)},
                                    [this, i](const Frame& frame, Version version) {
                                      if (frame.opcode == Opcode::prepare) return prepared_reply({1}, version);
                                      ++requests[i];
                                      if (frame.opcode == Opcode::execute) ++writes[i];
                                      ScriptedServer::Reply reply = void_reply();
                                      reply.silent = i == mute;
                                      return reply;
                                    }));
    }
    const auto node = [&](int i, const char* datacenter, const char* token) {
      return ScriptedServer::Node{datacenter,
                                  "r1",
                                  {token},
                                  servers[static_cast<std::size_t>(i)]->at().host,
                                  servers[static_cast<std::size_t>(i)]->at().port};
    };
    const ScriptedServer::Node first = node(0, "near", "-3000000000000000000");
    const ScriptedServer::Node second = node(1, "near", "3000000000000000000");
    const ScriptedServer::Node third = node(2, "far", "0");
    const std::vector<std::pair<std::string, std::string>> replication = {
        {"class", "org.apache.cassandra.locator.NetworkTopologyStrategy"}, {"near", "1"}, {"far", "1"}};
    on_loop([&] {
      servers[0]->cluster = {first, {second, third}, replication};
      servers[1]->cluster = {second, {first, third}, replication};
      servers[2]->cluster = {third, {first, second}, replication};
    });
  }

  bool connected(std::size_t count) {
    return eventually([&] {
      std::size_t up = 0;
      for (const HostStatus& host : client().hosts()) up += host.connected && !host.datacenter.empty() ? 1 : 0;
      return up == count;
    });
  }

  std::vector<ScriptedServer*> servers;
  std::map<int, int> requests;
  std::map<int, int> writes;
  int mute = -1;
};

class Ignore final : public WriteListener {
 public:
  void on_write(std::uint64_t, Outcome, const Error*) override { ++heard; }
  void on_room() override {}
  void on_refused(const Error&) override {}
  int heard = 0;
};

}  // namespace

TEST_CASE("one contact point is enough to find the nodes of its datacenter") {
  Trio trio;
  trio.connect({});
  REQUIRE(trio.connected(2));
  for (int i = 0; i < 20; ++i) CHECK(trio.select("SELECT 1").ok());
  CHECK(trio.requests[0] + trio.requests[1] == 20);
  CHECK(trio.requests[2] == 0);
  CHECK(trio.servers[2]->connections == 0);
}

TEST_CASE("a datacenter that is named is used, and one that does not exist is told with those that do") {
  Trio trio;
  ClientOptions far;
  far.local_datacenter = "far";
  trio.connect(far);
  REQUIRE(trio.eventually([&] {
    for (const HostStatus& host : trio.client().hosts()) {
      if (host.datacenter == "far" && host.connected) return true;
    }
    return false;
  }));
  for (int i = 0; i < 5; ++i) CHECK(trio.query("x").ok());
  CHECK(trio.requests[2] == 5);

  Trio lost;
  ClientOptions wrong;
  wrong.local_datacenter = "dc9";
  wrong.request_timeout = Milliseconds{500};
  lost.connect(wrong);
  REQUIRE(lost.eventually([&] { return lost.client().trouble().has_value(); }));
  const Error error = lost.look<std::optional<Error>>([](Client& client) { return client.trouble(); }).value();
  CHECK(error.code() == "SO-C211");
  CHECK(error.message().find("near, far") != std::string::npos);
  CHECK(classify(error) == FailureKind::fatal);
}

TEST_CASE("a row is written to the node that holds it") {
  Trio trio;
  Ignore listener;
  trio.connect({});
  REQUIRE(trio.connected(2));
  const PreparedStatementPtr statement = trio.prepare("INSERT INTO ks.t (k) VALUES (?)").value();
  Bytes values;
  append_value(values, Value::of(as_bytes("abcd")));
  trio.on_loop([&] {
    trio.client().set_write_listener(&listener);
    for (std::uint64_t tag = 0; tag < 50; ++tag) trio.client().write(*statement, values, tag);
  });
  REQUIRE(trio.eventually([&] { return listener.heard == 50; }));
  // All of one key: all on one node, though the other was idle.
  CHECK(std::max(trio.writes[0], trio.writes[1]) == 50);
}

TEST_CASE("a node that goes is worked around, and found again when it says that it is up") {
  Trio trio;
  trio.connect({});
  REQUIRE(trio.connected(2));
  trio.on_loop([&] { trio.servers[0]->hang_up(); });
  for (int i = 0; i < 10; ++i) CHECK(trio.select("SELECT 1").ok());
  CHECK(trio.connected(2));
  // The second node tells of a new one, which joins the datacenter: the map is read again.
  trio.on_loop([&] {
    trio.servers[0]->cluster->peers[1].datacenter = "near";
    trio.servers[1]->cluster->peers[1].datacenter = "near";
    NodeEvent event{true, "NEW_NODE", {4, {127, 0, 0, 3}}, trio.servers[2]->at().port};
    trio.servers[0]->send_event(event);
    trio.servers[1]->send_event(event);
  });
  CHECK(trio.connected(3));
}

TEST_CASE("a slow read is asked of another node too, and the first answer counts") {
  Trio trio;
  trio.connect({});
  REQUIRE(trio.connected(2));
  trio.on_loop([&] { trio.mute = 0; });
  ReadOptions options;
  options.speculate_after = Milliseconds{20};
  for (int i = 0; i < 4; ++i) CHECK(trio.select("SELECT 1", options).ok());
  CHECK(trio.requests[1] == 4);
}
