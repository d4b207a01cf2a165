#include "cql/client/client.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "cql/client/pages.h"
#include "errors/cql_client.h"
#include "scripted_cql_server.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

using Fixture = CqlFixture;

ScriptedServer::Reply say_void(const Frame&, Version) {
  return void_reply();
}

Bytes one_value() {
  Bytes values;
  append_value(values, Value::of(as_bytes("abcd")));
  return values;
}

}  // namespace

TEST_CASE("the client settles on the highest version that the server takes") {
  for (const Version highest : {Version::v3, Version::v4, Version::v5}) {
    Fixture fixture({.highest = highest}, say_void);
    CHECK(fixture.query("SELECT 1").ok());
    CHECK(fixture.version() == static_cast<int>(highest));
  }
}

TEST_CASE("a forgotten statement is prepared again and the request repeated, once") {
  int prepared = 0;
  int executed = 0;
  const Bytes id{1, 2, 3};
  const Bytes second_id{4, 5};  // what the server calls it after its restart
  Fixture fixture({.highest = Version::v4}, [&](const Frame& frame, Version version) {
    if (frame.opcode == Opcode::prepare) return prepared_reply(++prepared == 1 ? id : second_id, version);
    const Execute execute = decode_execute(frame).value();
    CHECK(execute.parameters.values.size() == 1);
    CHECK(as_text(execute.id) == as_text(executed < 2 ? id : second_id));
    return ++executed == 2 ? error_reply(ErrorCode::unprepared, version, id) : void_reply();
  });
  const PreparedStatementPtr statement = fixture.prepare("INSERT INTO ks.t (k) VALUES (?)").value();
  REQUIRE(statement->variables.size() == 1);
  CHECK(fixture.execute(statement, one_value()).ok());
  CHECK(fixture.execute(statement, one_value()).ok());
  CHECK(fixture.execute(statement, one_value()).ok());
  CHECK(prepared == 2);
  CHECK(executed == 4);
}

TEST_CASE("errors of the server say what a caller can do") {
  ErrorMessage said;
  Fixture fixture({}, [&](const Frame&, Version version) {
    ScriptedServer::Reply reply;
    reply.opcode = Opcode::error;
    append_error(reply.body, said, version);
    return reply;
  });
  const auto kind_of = [&](ErrorCode code, std::string message = "said so") {
    said.code = code;
    said.message = std::move(message);
    return classify(fixture.query("x").error());
  };
  CHECK(kind_of(ErrorCode::overloaded) == FailureKind::retriable);  // SO-C205
  CHECK(kind_of(ErrorCode::write_timeout) == FailureKind::retriable);
  CHECK(kind_of(ErrorCode::unavailable) == FailureKind::retriable);
  CHECK(kind_of(ErrorCode::invalid) == FailureKind::request);  // SO-C206
  CHECK(kind_of(ErrorCode::invalid, "unconfigured table t") == FailureKind::fatal);
  CHECK(kind_of(ErrorCode::unauthorized) == FailureKind::fatal);        // SO-C207
  CHECK(kind_of(ErrorCode::syntax_error) == FailureKind::fatal);        // SO-C210
  CHECK(kind_of(ErrorCode::protocol_error) == FailureKind::retriable);  // SO-C209
  CHECK(kind_of(ErrorCode::bad_credentials) == FailureKind::fatal);
  CHECK(kind_of(ErrorCode::bad_credentials, "Unable to perform authentication: Cannot achieve consistency level") ==
        FailureKind::retriable);
}

TEST_CASE("name and password are sent when asked for, and a refusal is told at once") {
  ClientOptions right;
  right.username = "ada";
  right.password = "secret";
  for (const Version version : {Version::v4, Version::v5}) {
    Fixture good({.highest = version, .wants_password = true}, say_void, right);
    CHECK(good.query("x").ok());
    Fixture bad({.highest = version, .wants_password = true}, say_void);
    CHECK(bad.query("x").error().code() == "SO-C202");
  }
}

TEST_CASE("LZ4 is agreed when the server offers it, and not asked of one that does not") {
  ClientOptions options;
  options.compression = Compression::lz4;
  const std::string long_text(5000, 'a');
  for (const Version version : {Version::v3, Version::v4, Version::v5}) {
    for (const bool offered : {true, false}) {
      Fixture fixture(
          {.highest = version,
           .compressions = offered ? std::vector<std::string>{"snappy", "lz4"} : std::vector<std::string>{}},
          [&](const Frame& frame, Version) {
            CHECK(decode_query(frame).value().text == long_text);
            return void_reply();
          },
          options);
      CHECK(fixture.query(long_text).ok());
    }
  }
}

TEST_CASE("the connection may be encrypted, and a certificate that cannot be verified is refused") {
  const std::string folder = STREAMOPS_SOURCE_DIR "/tests/support/tls/";
  runtime::TlsOptions server;
  server.certificate = folder + "certificate.pem";
  server.key = folder + "key.pem";
  ClientOptions trusting;
  trusting.tls = runtime::TlsOptions{.ca_file = folder + "certificate.pem", .server_name = "localhost"};
  Fixture good({.tls = server}, say_void, trusting);
  CHECK(good.query("x").ok());
  ClientOptions careful;
  careful.tls = runtime::TlsOptions{.server_name = "localhost"};
  careful.request_timeout = Milliseconds{1500};
  Fixture bad({.tls = server}, say_void, careful);
  CHECK(bad.query("x").error().code() == "SO-C201");
}

TEST_CASE("a lost connection fails what was under way and is made again") {
  int requests = 0;
  Fixture fixture({}, [&](const Frame&, Version) {
    ScriptedServer::Reply reply = void_reply();
    reply.hang_up = ++requests == 1;
    return reply;
  });
  const Error lost = fixture.query("x").error();
  CHECK(lost.code() == "SO-C204");
  CHECK(classify(lost) == FailureKind::retriable);
  CHECK(fixture.query("x").ok());
}

TEST_CASE("a SELECT is asked again when its connection breaks, once") {
  int requests = 0;
  int hang_ups = 1;
  Fixture fixture({}, [&](const Frame&, Version) {
    ScriptedServer::Reply reply = void_reply();
    reply.hang_up = ++requests <= hang_ups;
    return reply;
  });
  CHECK(fixture.select("SELECT 1").ok());
  CHECK(requests == 2);
  hang_ups = 100;
  CHECK(fixture.select("SELECT 1").error().code() == "SO-C204");
  CHECK(requests == 4);
}

TEST_CASE("requests without an answer time out, and their stream ids are not used again before it comes") {
  int silent = 0;
  ClientOptions options;
  options.request_timeout = Milliseconds{300};
  options.max_requests_per_connection = 4;
  std::vector<std::int16_t> ids;
  Fixture fixture(
      {.highest = Version::v4},
      [&](const Frame& frame, Version) {
        ids.push_back(frame.stream);
        ScriptedServer::Reply reply = void_reply();
        reply.silent = ids.size() <= 3 && ++silent > 0;
        return reply;
      },
      options);
  std::atomic<int> failed = 0;  // counted on the loop, read here
  fixture.on_loop([&] {
    for (int i = 0; i < 3; ++i) {
      fixture.client().query("x", [&](const Result<Answer>& answer) {
        CHECK(answer.error().code() == "SO-C203");
        ++failed;
      });
    }
  });
  // Others are answered meanwhile: the connection lives, only these three are lost.
  for (int i = 0; i < 200 && failed < 3; ++i) {
    CHECK(fixture.query("y").ok());
    std::this_thread::sleep_for(Milliseconds{5});
  }
  CHECK(failed == 3);
  const std::vector<std::int16_t> lost(ids.begin(), ids.begin() + 3);
  for (int i = 0; i < 10; ++i) CHECK(fixture.query("y").ok());
  for (std::size_t i = 3; i < ids.size(); ++i) CHECK(std::find(lost.begin(), lost.end(), ids[i]) == lost.end());
}

TEST_CASE("a server that answers nothing at all for a time-out is left, and met again") {
  ClientOptions options;
  options.request_timeout = Milliseconds{300};
  std::optional<int> mute_connection;
  Fixture fixture;
  ScriptedServer* server = nullptr;
  server = &fixture.add_server({}, [&](const Frame&, Version) {
    ScriptedServer::Reply reply = void_reply();
    reply.silent = server->connections == 1;
    return reply;
  });
  options.discover = false;
  fixture.connect(options);
  CHECK(fixture.query("x").error().code() == "SO-C203");
  CHECK(fixture.query("x").ok());
  CHECK(server->connections == 2);
}

TEST_CASE("nobody there is told after the time-out, with the reason") {
  ClientOptions options;
  options.request_timeout = Milliseconds{300};
  options.contact_points = {{"127.0.0.1", 1}};
  Fixture fixture({}, say_void, options);
  const Error error = fixture.query("x").error();
  CHECK(error.code() == "SO-C201");
  CHECK(error.message().find("127.0.0.1:1") != std::string::npos);
}

TEST_CASE("a server that takes none of our versions is a mistake that waiting does not mend") {
  Fixture fixture({.highest = static_cast<Version>(2)}, say_void);
  const Error error = fixture.query("x").error();
  CHECK(error.code() == "SO-C208");
  CHECK(classify(error) == FailureKind::fatal);
}

TEST_CASE("pages of a SELECT follow each other to the end") {
  std::vector<std::string> states;
  Fixture fixture({.highest = Version::v4}, [&](const Frame& frame, Version version) {
    const Query query = decode_query(frame).value();
    CHECK(query.parameters.page_size == 2);
    states.emplace_back(query.parameters.paging_state ? as_text(*query.parameters.paging_state) : "");
    const std::string next = "state" + std::to_string(states.size());
    RowsMetadata metadata;
    metadata.columns = {{"ks", "t", "k", CqlType::scalar(TypeId::text)}};
    if (states.size() < 3) metadata.paging_state = as_bytes(next);
    Bytes cells;
    append_bytes_value(cells, as_bytes("row" + std::to_string(states.size())));
    ScriptedServer::Reply reply;
    append_rows(reply.body, metadata, 1, cells, version);
    return reply;
  });
  std::vector<std::string> rows;
  std::promise<bool> ended;
  fixture.on_loop([&] {
    read_all(
        fixture.client(), "SELECT k FROM ks.t", {.page_size = 2},
        [&](const auto& cells) { rows.emplace_back(as_text(*cells[0])); },
        [&](const Result<void>& result) { ended.set_value(result.ok()); });
  });
  CHECK(ended.get_future().get());
  CHECK(rows == std::vector<std::string>{"row1", "row2", "row3"});
  CHECK(states == std::vector<std::string>{"", "state1", "state2"});
}
