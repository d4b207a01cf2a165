#include "cql/client/client.h"

#include <doctest/doctest.h>

#include <future>

#include "cql/protocol/frame.h"
#include "cql/protocol/requests.h"
#include "errors/cql_client.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

/// A server that answers as a script says: opcode and body for each request, after the handshake of the highest version
/// that it takes.
class ScriptedServer {
 public:
  struct Reply {
    Opcode opcode = Opcode::result;
    Bytes body;
    bool silent = false;
    bool hang_up = false;
  };
  using Script = std::function<Reply(const Frame& request, Version version)>;

  ScriptedServer(runtime::Network& network, Version highest, bool wants_password, Script script)
      : highest_(highest), wants_password_(wants_password), script_(std::move(script)) {
    listener_ = network
                    .listen({"127.0.0.1", 0},
                            [this](runtime::ConnectionPtr connection) {
                              peers_.push_back(std::make_unique<Peer>(*this, std::move(connection)));
                            })
                    .value();
  }
  runtime::Endpoint at() const { return listener_->local(); }

 private:
  struct Peer final : runtime::ConnectionHandler {
    Peer(ScriptedServer& server, runtime::ConnectionPtr accepted)
        : owner(server), connection(std::move(accepted)), reader(FrameReader::Side::server), writer(Version::v4, true) {
      connection->set_handler(*this);
    }
    void on_data(BytesView bytes) override {
      reader.feed(bytes);
      while (true) {
        const Result<std::optional<Frame>> frame = reader.next();
        if (!frame) {
          connection->write(reader.fault_reply());
          return connection->close();
        }
        if (!*frame) return;
        answer(**frame);
      }
    }
    void on_closed(const std::optional<Error>&) override { connection.reset(); }

    void answer(const Frame& frame) {
      writer.set_version(frame.version);
      if (frame.version > owner.highest_) {
        connection->write(version_refusal(static_cast<std::uint8_t>(frame.version), 0));
        return connection->close();
      }
      if (frame.opcode == Opcode::startup) return handshake(frame);
      if (frame.opcode == Opcode::auth_response) {
        const std::optional<BytesView> token = decode_auth_response(frame).value().token;
        const bool right = token && as_text(*token) == std::string_view("\0ada\0secret", 11);
        Bytes body;
        if (right) {
          append_auth_token(body, std::nullopt);
        } else {
          append_error(body, {.code = ErrorCode::bad_credentials, .message = "no"}, frame.version);
        }
        return reply(frame, right ? Opcode::auth_success : Opcode::error, body);
      }
      const Reply said = owner.script_(frame, frame.version);
      if (said.hang_up) return connection->close();
      if (!said.silent) reply(frame, said.opcode, said.body);
    }

    void handshake(const Frame& frame) {
      Bytes body;
      if (owner.wants_password_) append_authenticate(body, "org.apache.cassandra.auth.PasswordAuthenticator");
      reply(frame, owner.wants_password_ ? Opcode::authenticate : Opcode::ready, body);
      if (frame.version == Version::v5) {
        reader.start_segments();
        writer.start_segments();
      }
    }

    void reply(const Frame& frame, Opcode opcode, const Bytes& body) {
      Bytes out;
      writer.append(out, opcode, frame.stream, body);
      connection->write(writer.seal(std::move(out)));
    }

    ScriptedServer& owner;
    runtime::ConnectionPtr connection;
    FrameReader reader;
    FrameWriter writer;
  };

  Version highest_;
  bool wants_password_;
  Script script_;
  std::unique_ptr<runtime::Listener> listener_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

/// A loop with a server and a client on it.
class Fixture {
 public:
  Fixture(Version highest, ScriptedServer::Script script, ClientOptions options = {}, bool wants_password = false)
      : thread_(runtime::make_loop_thread("test-cql")) {
    on_loop([&] {
      network_ = runtime::make_network(thread_->loop());
      server_ = std::make_unique<ScriptedServer>(*network_, highest, wants_password, std::move(script));
      if (options.contact_points.empty()) options.contact_points = {server_->at()};
      client_ = make_client(std::move(options), thread_->loop(), *network_);
    });
  }
  ~Fixture() {
    on_loop([&] {
      client_.reset();
      server_.reset();
      network_.reset();
    });
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  Result<Answer> query(const std::string& text) {
    return ask<Answer>([&](auto done) { client_->query(text, done); });
  }
  Result<PreparedStatementPtr> prepare(const std::string& text) {
    return ask<PreparedStatementPtr>([&](auto done) { client_->prepare(text, done); });
  }
  Result<Answer> execute(const PreparedStatementPtr& statement, const Bytes& values) {
    return ask<Answer>([&](auto done) { client_->execute(statement, values, done); });
  }
  int version() {
    int found = 0;
    on_loop([&] { found = client_->version(); });
    return found;
  }

 private:
  template <typename T>
  Result<T> ask(const std::function<void(std::function<void(Result<T>)>)>& call) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    thread_->loop().post(
        [&call, promise] { call([promise](Result<T> result) { promise->set_value(std::move(result)); }); });
    return promise->get_future().get();
  }
  void on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    thread_->loop().post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }

  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<Client> client_;
};

ScriptedServer::Reply void_reply() {
  ScriptedServer::Reply reply;
  append_void_result(reply.body);
  return reply;
}

ScriptedServer::Reply error_reply(ErrorCode code, Version version, Bytes unprepared_id = {}) {
  ScriptedServer::Reply reply;
  reply.opcode = Opcode::error;
  append_error(reply.body, {.code = code, .message = "said so", .unprepared_id = std::move(unprepared_id)}, version);
  return reply;
}

}  // namespace

TEST_CASE("the client settles on the highest version that the server takes") {
  for (const Version highest : {Version::v3, Version::v4, Version::v5}) {
    Fixture fixture(highest, [](const Frame&, Version) { return void_reply(); });
    CHECK(fixture.query("SELECT 1").ok());
    CHECK(fixture.version() == static_cast<int>(highest));
  }
}

TEST_CASE("a forgotten statement is prepared again and the request repeated, once") {
  int prepared = 0;
  int executed = 0;
  const Bytes id{1, 2, 3};
  Fixture fixture(Version::v4, [&](const Frame& frame, Version version) {
    if (frame.opcode == Opcode::prepare) {
      ++prepared;
      ScriptedServer::Reply reply;
      Prepared answer;
      answer.id = id;
      answer.variables = {{"ks", "t", "k", CqlType::scalar(TypeId::int_)}};
      answer.partition_key = {0};
      append_prepared(reply.body, answer, version);
      return reply;
    }
    const Execute execute = decode_execute(frame).value();
    CHECK(execute.parameters.values.size() == 1);
    CHECK(as_text(execute.id) == as_text(id));
    return ++executed == 2 ? error_reply(ErrorCode::unprepared, version, id) : void_reply();
  });
  const PreparedStatementPtr statement = fixture.prepare("INSERT INTO ks.t (k) VALUES (?)").value();
  REQUIRE(statement->variables.size() == 1);
  Bytes values;
  append_value(values, Value::of(as_bytes("abcd")));
  CHECK(fixture.execute(statement, values).ok());
  CHECK(fixture.execute(statement, values).ok());
  CHECK(prepared == 2);
  CHECK(executed == 3);
}

TEST_CASE("errors of the server say what a caller can do") {
  ErrorCode code = ErrorCode::overloaded;
  Fixture fixture(Version::v5, [&](const Frame&, Version version) { return error_reply(code, version); });
  const auto kind_of = [&](ErrorCode next) {
    code = next;
    return classify(fixture.query("x").error());
  };
  CHECK(kind_of(ErrorCode::overloaded) == FailureKind::retriable);  // SO-C205
  CHECK(kind_of(ErrorCode::write_timeout) == FailureKind::retriable);
  CHECK(kind_of(ErrorCode::invalid) == FailureKind::request);           // SO-C206
  CHECK(kind_of(ErrorCode::unauthorized) == FailureKind::fatal);        // SO-C207
  CHECK(kind_of(ErrorCode::syntax_error) == FailureKind::fatal);        // SO-C210
  CHECK(kind_of(ErrorCode::protocol_error) == FailureKind::retriable);  // SO-C209
}

TEST_CASE("name and password are sent when asked for, and a refusal is told at once") {
  const auto script = [](const Frame&, Version) { return void_reply(); };
  ClientOptions right;
  right.username = "ada";
  right.password = "secret";
  Fixture good(Version::v4, script, right, true);
  CHECK(good.query("x").ok());
  Fixture bad(Version::v4, script, {}, true);
  CHECK(bad.query("x").error().code() == "SO-C202");
}

TEST_CASE("a lost connection fails what was under way and is made again") {
  int requests = 0;
  Fixture fixture(Version::v4, [&](const Frame&, Version) {
    ScriptedServer::Reply reply = void_reply();
    reply.hang_up = ++requests == 1;
    return reply;
  });
  const Error lost = fixture.query("x").error();
  CHECK(lost.code() == "SO-C204");
  CHECK(classify(lost) == FailureKind::retriable);
  CHECK(fixture.query("x").ok());
}

TEST_CASE("a request without an answer times out, and the connection goes on") {
  int requests = 0;
  ClientOptions options;
  options.request_timeout = Milliseconds{200};
  Fixture fixture(
      Version::v4,
      [&](const Frame&, Version) {
        ScriptedServer::Reply reply = void_reply();
        reply.silent = ++requests == 1;
        return reply;
      },
      options);
  CHECK(fixture.query("x").error().code() == "SO-C203");
  CHECK(fixture.query("x").ok());
}

TEST_CASE("nobody there is told after the time-out, with the reason") {
  ClientOptions options;
  options.request_timeout = Milliseconds{300};
  options.contact_points = {{"127.0.0.1", 1}};
  Fixture fixture(Version::v4, [](const Frame&, Version) { return void_reply(); }, options);
  const Error error = fixture.query("x").error();
  CHECK(error.code() == "SO-C201");
  CHECK(error.message().find("127.0.0.1:1") != std::string::npos);
}

TEST_CASE("a server that takes none of our versions is a mistake that waiting does not mend") {
  Fixture fixture(static_cast<Version>(2), [](const Frame&, Version) { return void_reply(); });
  const Error error = fixture.query("x").error();
  CHECK(error.code() == "SO-C208");
  CHECK(classify(error) == FailureKind::fatal);
}
