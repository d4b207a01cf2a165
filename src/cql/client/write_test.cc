// Writes by way of the listener: what became of each, and what happens when there is no room.
#include <doctest/doctest.h>

#include <atomic>
#include <map>

#include "errors/cql_client.h"
#include "scripted_cql_server.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

/// Notes what it hears.
class Listener final : public WriteListener {
 public:
  void on_write(std::uint64_t tag, Outcome outcome, const Error* error) override {
    ++heard;
    outcomes[tag] = outcome;
    if (error != nullptr) errors.push_back(*error);
  }
  void on_room() override { ++rooms; }
  void on_refused(const Error& error) override { refusal = error; }

  int heard = 0;
  std::atomic<int> rooms = 0;  // counted on the loop, read by the test
  std::map<std::uint64_t, Outcome> outcomes;
  std::vector<Error> errors;
  std::optional<Error> refusal;
};

/// A fixture whose client has a listener and a prepared statement.
class Fixture : public CqlFixture {
 public:
  using CqlFixture::CqlFixture;

  void ready() {
    statement = prepare("INSERT INTO ks.t (k) VALUES (?)").value();
    on_loop([&] { client().set_write_listener(&listener); });
  }
  bool write(std::uint64_t tag, const std::string& key = "abcd") {
    Bytes values;
    append_value(values, Value::of(as_bytes(key)));
    bool taken = false;
    on_loop([&] { taken = client().write(*statement, values, tag); });
    return taken;
  }

  Listener listener;
  PreparedStatementPtr statement;
};

const Bytes kId{9, 9};

}  // namespace

TEST_CASE("a write is acknowledged once, with its values as they were given") {
  for (const Version version : {Version::v3, Version::v4, Version::v5}) {
    std::vector<std::string> seen;
    Fixture fixture({.highest = version}, [&](const Frame& frame, Version spoken) {
      if (frame.opcode == Opcode::prepare) return prepared_reply(kId, spoken);
      const Execute execute = decode_execute(frame).value();
      CHECK(execute.parameters.skip_metadata);
      seen.emplace_back(as_text(execute.parameters.values.at(0).bytes));
      return void_reply();
    });
    fixture.ready();
    for (std::uint64_t tag = 0; tag < 100; ++tag) CHECK(fixture.write(tag, "k" + std::to_string(tag)));
    CHECK(fixture.eventually([&] { return fixture.listener.heard == 100; }));
    CHECK(seen.size() == 100);
    CHECK(seen[42] == "k42");
    for (const auto& [tag, outcome] : fixture.listener.outcomes) CHECK(outcome == WriteListener::Outcome::written);
    CHECK(fixture.look<std::size_t>([](Client& client) { return client.in_flight(); }) == 0);
  }
}

TEST_CASE("one PREPARE serves all the writes that a forgotten statement refused") {
  int prepared = 0;
  bool forgot = true;
  Fixture fixture({}, [&](const Frame& frame, Version version) {
    if (frame.opcode == Opcode::prepare) {
      if (++prepared == 2) forgot = false;
      return prepared_reply(kId, version);
    }
    return forgot ? error_reply(ErrorCode::unprepared, version, kId) : void_reply();
  });
  fixture.ready();
  Bytes values;
  append_value(values, Value::of(as_bytes("abcd")));
  fixture.on_loop([&] {
    for (std::uint64_t tag = 0; tag < 20; ++tag) fixture.client().write(*fixture.statement, values, tag);
  });
  CHECK(fixture.eventually([&] { return fixture.listener.heard == 20; }));
  for (const auto& [tag, outcome] : fixture.listener.outcomes) CHECK(outcome == WriteListener::Outcome::again);
  CHECK(prepared == 2);
  CHECK(fixture.write(7));
  CHECK(fixture.eventually([&] { return fixture.listener.outcomes[7] == WriteListener::Outcome::written; }));
}

TEST_CASE("writes under way fail with the connection, and later ones find it made again") {
  int writes = 0;
  Fixture fixture({}, [&](const Frame& frame, Version version) {
    if (frame.opcode == Opcode::prepare) return prepared_reply(kId, version);
    ScriptedServer::Reply reply = void_reply();
    reply.silent = ++writes < 10;
    reply.hang_up = writes == 10;
    return reply;
  });
  fixture.ready();
  for (std::uint64_t tag = 0; tag < 10; ++tag) CHECK(fixture.write(tag));
  CHECK(fixture.eventually([&] { return fixture.listener.heard == 10; }));
  CHECK(fixture.listener.errors.size() == 10);
  CHECK(fixture.listener.errors[0].is(errors::cql_client::connection_lost));
  if (!fixture.write(10)) {
    CHECK(fixture.eventually([&] { return fixture.listener.rooms > 0; }));
    CHECK(fixture.write(10));
  }
  CHECK(fixture.eventually([&] { return fixture.listener.outcomes.contains(10); }));
  CHECK(fixture.listener.outcomes[10] == WriteListener::Outcome::written);
}

TEST_CASE("a full connection takes no more writes until there is room") {
  bool silent = true;
  ClientOptions options;
  options.max_requests_per_connection = 8;
  options.request_timeout = Milliseconds{500};
  Fixture fixture(
      {},
      [&](const Frame& frame, Version version) {
        if (frame.opcode == Opcode::prepare) return prepared_reply(kId, version);
        ScriptedServer::Reply reply = void_reply();
        reply.silent = silent;
        return reply;
      },
      options);
  fixture.ready();
  std::uint64_t taken = 0;
  while (taken < 100 && fixture.write(taken)) ++taken;
  CHECK(taken == 8);
  fixture.on_loop([&] { silent = false; });
  // Their time-out closes the silent connection; the next one has room.
  CHECK(fixture.eventually([&] { return fixture.listener.heard == 8; }));
  CHECK(fixture.listener.errors.at(0).is(errors::cql_client::request_timeout));
  Bytes values;
  append_value(values, Value::of(as_bytes("abcd")));
  CHECK(fixture.eventually([&] { return fixture.client().write(*fixture.statement, values, 100); }));
  CHECK(fixture.listener.rooms > 0);
  CHECK(fixture.eventually([&] { return fixture.listener.outcomes.contains(100); }));
}

TEST_CASE("a server that refuses the login refuses every write") {
  Fixture fixture({.wants_password = true}, [](const Frame&, Version) { return void_reply(); });
  fixture.statement = std::make_shared<PreparedStatement>();
  fixture.on_loop([&] { fixture.client().set_write_listener(&fixture.listener); });
  CHECK_FALSE(fixture.write(1));
  CHECK(fixture.eventually([&] { return fixture.listener.refusal.has_value(); }));
  CHECK(fixture.listener.refusal->is(errors::cql_client::credentials));
}
