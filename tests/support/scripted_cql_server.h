// tests/support/scripted_cql_server.h — a CQL server that answers as a script says, after a handshake of the highest
// version that it takes; and a loop with such servers and a client on it.
//
// REGISTER is answered READY and noted, OPTIONS with what the server offers. Queries of nodes and keyspaces are
// answered from `cluster` when it is set, else refused as unknown tables; neither reaches the script.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cql/client/client.h"
#include "cql/protocol/frame.h"
#include "cql/protocol/requests.h"
#include "cql/protocol/value.h"
#include "runtime/on_loop.h"

namespace streamops::cql {

class ScriptedServer {
 public:
  struct Reply {
    Opcode opcode = Opcode::result;
    Bytes body;
    bool silent = false;
    bool hang_up = false;
  };
  using Script = std::function<Reply(const Frame& request, Version version)>;

  struct Setup {
    Version highest = Version::v5;
    bool wants_password = false;
    std::vector<std::string> compressions;
    std::optional<runtime::TlsOptions> tls;
    std::string address = "127.0.0.1";
  };
  /// A node of the cluster as the server's system tables show it.
  struct Node {
    std::string datacenter;
    std::string rack;
    std::vector<std::string> tokens;
    std::string address;
    std::uint16_t port = 0;
  };
  struct Cluster {
    Node self;
    std::vector<Node> peers;
    std::vector<std::pair<std::string, std::string>> replication;  // of keyspace `ks`
  };

  ScriptedServer(runtime::Network& network, Setup setup, Script script)
      : setup_(std::move(setup)), script_(std::move(script)) {
    listener_ = network
                    .listen(
                        {setup_.address, 0},
                        [this](runtime::ConnectionPtr connection) {
                          ++connections;
                          peers_.push_back(std::make_unique<Peer>(*this, std::move(connection)));
                        },
                        setup_.tls)
                    .value();
  }
  runtime::Endpoint at() const { return listener_->local(); }

  void send_event(const EventMessage& event) {
    for (const auto& peer : peers_) {
      if (peer->registered && peer->connection) peer->push(event);
    }
  }
  void hang_up() {
    for (const auto& peer : peers_) {
      if (peer->connection) peer->connection->close();
    }
  }

  std::optional<Cluster> cluster;
  int connections = 0;
  int registered = 0;
  int compressed_frames = 0;  // v4: bodies that came compressed

 private:
  struct Peer final : runtime::ConnectionHandler {
    Peer(ScriptedServer& server, runtime::ConnectionPtr accepted)
        : owner(server), connection(std::move(accepted)), reader(FrameReader::Side::server), writer(Version::v4, true) {
      connection->set_handler(*this);
    }
    void on_data(BytesView bytes) override {
      reader.feed(bytes);
      while (connection) {
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
      if (frame.version > owner.setup_.highest) {
        connection->write(version_refusal(static_cast<std::uint8_t>(frame.version), 0));
        return connection->close();
      }
      switch (frame.opcode) {
        case Opcode::options:
          return supported(frame);
        case Opcode::startup:
          return handshake(frame);
        case Opcode::auth_response:
          return log_in(frame);
        case Opcode::register_:
          registered = true;
          ++owner.registered;
          return reply(frame, Opcode::ready, {});
        default:
          break;
      }
      const Reply said = owner.reply_to(frame);
      if (said.hang_up) return connection->close();
      if (!said.silent) reply(frame, said.opcode, said.body);
    }

    void supported(const Frame& frame) {
      Bytes body;
      append_supported(body, {{"COMPRESSION", owner.setup_.compressions}, {"CQL_VERSION", {"3.4.7"}}});
      reply(frame, Opcode::supported, body);
    }

    void handshake(const Frame& frame) {
      const Startup startup = decode_startup(frame).value();
      const auto wanted = startup.option("COMPRESSION");
      const Compression compression = wanted ? parse_compression(*wanted).value() : Compression::none;
      Bytes body;
      if (owner.setup_.wants_password) append_authenticate(body, "org.apache.cassandra.auth.PasswordAuthenticator");
      reply(frame, owner.setup_.wants_password ? Opcode::authenticate : Opcode::ready, body);
      if (frame.version == Version::v5) {
        reader.start_segments();
        writer.start_segments();
      }
      reader.set_compression(compression);
      writer.set_compression(compression);
    }

    void log_in(const Frame& frame) {
      const std::optional<BytesView> token = decode_auth_response(frame).value().token;
      const bool right = token && as_text(*token) == std::string_view("\0ada\0secret", 11);
      Bytes body;
      if (right) {
        append_auth_token(body, std::nullopt);
      } else {
        append_error(body, {.code = ErrorCode::bad_credentials, .message = "no"}, frame.version);
      }
      reply(frame, right ? Opcode::auth_success : Opcode::error, body);
    }

    void reply(const Frame& frame, Opcode opcode, const Bytes& body) {
      Bytes out;
      writer.append(out, opcode, frame.stream, body);
      connection->write(writer.seal(std::move(out)));
    }

    void push(const EventMessage& event) {
      Bytes body;
      append_event(body, event, writer.version());
      Bytes out;
      writer.append(out, Opcode::event, -1, body);
      connection->write(writer.seal(std::move(out)));
    }

    ScriptedServer& owner;
    runtime::ConnectionPtr connection;
    FrameReader reader;
    FrameWriter writer;
    bool registered = false;
  };

  Reply reply_to(const Frame& frame) {
    if (frame.opcode == Opcode::query) {
      const std::string_view text = decode_query(frame).value().text;
      const bool is_discovery = text.find("FROM system.") != std::string_view::npos ||
                                text.find("FROM system_schema.keyspaces") != std::string_view::npos;
      if (is_discovery) return system_reply(text, frame.version);
    }
    return script_(frame, frame.version);
  }

  Reply system_reply(std::string_view text, Version version) const {
    Reply reply;
    if (!cluster) {
      reply.opcode = Opcode::error;
      append_error(reply.body, {.code = ErrorCode::invalid, .message = "unconfigured table"}, version);
    } else if (text.find("system.local") != std::string_view::npos) {
      reply.body = rows({node_cells(cluster->self, false)}, version);
    } else if (text.find("system.peers_v2") != std::string_view::npos) {
      std::vector<std::vector<Bytes>> cells;
      for (const Node& node : cluster->peers) cells.push_back(node_cells(node, true));
      reply.body = rows(cells, version, 7);
    } else {
      std::vector<Bytes> options;
      for (const auto& [name, value] : cluster->replication) {
        options.push_back(bytes(name));
        options.push_back(bytes(value));
      }
      reply.body = rows({{bytes("ks"), collection(options, 2)}}, version);
    }
    return reply;
  }

  static Bytes bytes(std::string_view text) {
    const BytesView view = as_bytes(text);
    return {view.begin(), view.end()};
  }
  static Bytes collection(const std::vector<Bytes>& parts, std::size_t parts_of_one) {
    Bytes out;
    append_big_endian(out, static_cast<std::int32_t>(parts.size() / parts_of_one));
    for (const Bytes& part : parts) append_bytes_value(out, BytesView(part));
    return out;
  }
  static std::vector<Bytes> node_cells(const Node& node, bool is_peer) {
    std::vector<Bytes> tokens;
    for (const std::string& token : node.tokens) tokens.push_back(bytes(token));
    std::vector<Bytes> out = {bytes(node.datacenter), bytes(node.rack), collection(tokens, 1), bytes("5.0.5")};
    if (!is_peer) return out;
    Bytes address;
    append_bytes(address, encode_constant(ConstantKind::string, node.address, *CqlType::scalar(TypeId::inet)).value());
    Bytes port;
    append_big_endian(port, std::int32_t{node.port});
    out.insert(out.end(), {address, port, address});
    return out;
  }
  /// Without metadata: the client reads these by position.
  static Bytes rows(const std::vector<std::vector<Bytes>>& all, Version version, std::int32_t columns = 0) {
    Bytes cells;
    for (const auto& row : all) {
      for (const Bytes& cell : row) append_bytes_value(cells, BytesView(cell));
    }
    RowsMetadata metadata;
    metadata.has_columns = false;
    metadata.column_count = all.empty() ? columns : static_cast<std::int32_t>(all[0].size());
    Bytes out;
    append_rows(out, metadata, static_cast<std::int32_t>(all.size()), cells, version);
    return out;
  }

  Setup setup_;
  Script script_;
  std::unique_ptr<runtime::Listener> listener_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

inline ScriptedServer::Reply void_reply() {
  ScriptedServer::Reply reply;
  append_void_result(reply.body);
  return reply;
}

inline ScriptedServer::Reply error_reply(ErrorCode code, Version version, Bytes unprepared_id = {}) {
  ScriptedServer::Reply reply;
  reply.opcode = Opcode::error;
  append_error(reply.body, {.code = code, .message = "said so", .unprepared_id = std::move(unprepared_id)}, version);
  return reply;
}

/// The answer to a PREPARE: one variable, `ks.t.k int`, the partition key.
inline ScriptedServer::Reply prepared_reply(const Bytes& id, Version version) {
  ScriptedServer::Reply reply;
  Prepared answer;
  answer.id = id;
  answer.variables = {{"ks", "t", "k", CqlType::scalar(TypeId::int_)}};
  answer.partition_key = {0};
  append_prepared(reply.body, answer, version);
  return reply;
}

/// A loop of its own with scripted servers and a client of them.
class CqlFixture {
 public:
  CqlFixture() : thread_(runtime::make_loop_thread("test-cql")) {
    on_loop([&] { network_ = runtime::make_network(thread_->loop()); });
  }
  /// One server and a client that does not look for others.
  CqlFixture(ScriptedServer::Setup setup, ScriptedServer::Script script, ClientOptions options = {}) : CqlFixture() {
    add_server(std::move(setup), std::move(script));
    options.discover = false;
    connect(std::move(options));
  }
  ~CqlFixture() {
    on_loop([&] {
      client_.reset();
      servers_.clear();
      network_.reset();
    });
  }
  CqlFixture(const CqlFixture&) = delete;
  CqlFixture& operator=(const CqlFixture&) = delete;

  ScriptedServer& add_server(ScriptedServer::Setup setup, ScriptedServer::Script script) {
    on_loop(
        [&] { servers_.push_back(std::make_unique<ScriptedServer>(*network_, std::move(setup), std::move(script))); });
    return *servers_.back();
  }
  /// The first server is the contact point, unless the options name others.
  void connect(ClientOptions options) {
    on_loop([&] {
      if (options.contact_points.empty()) options.contact_points = {servers_.front()->at()};
      client_ = make_client(std::move(options), thread_->loop(), *network_);
    });
  }

  Result<Answer> query(const std::string& text) {
    return ask<Answer>([&](auto done) { client_->query(text, done); });
  }
  Result<Answer> select(const std::string& text, const ReadOptions& options = {}) {
    return ask<Answer>([&](auto done) { client_->select(text, options, done); });
  }
  Result<PreparedStatementPtr> prepare(const std::string& text) {
    return ask<PreparedStatementPtr>([&](auto done) { client_->prepare(text, done); });
  }
  Result<Answer> execute(const PreparedStatementPtr& statement, const Bytes& values) {
    return ask<Answer>([&](auto done) { client_->execute(statement, values, done); });
  }
  template <typename T>
  T look(const std::function<T(Client&)>& at) {
    T found{};
    on_loop([&] { found = at(*client_); });
    return found;
  }
  int version() {
    return look<int>([](Client& client) { return client.version(); });
  }
  /// Runs on the loop; waits for it.
  void on_loop(const std::function<void()>& work) { runtime::on_loop(thread_->loop(), work); }
  /// Looks on the loop until `holds`; false after ten seconds.
  bool eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 2000; ++i) {
      bool found = false;
      on_loop([&] { found = holds(); });
      if (found) return true;
      std::this_thread::sleep_for(Milliseconds{5});
    }
    return false;
  }
  template <typename T>
  Result<T> ask(const std::function<void(std::function<void(Result<T>)>)>& call) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    thread_->loop().post(
        [&call, promise] { call([promise](Result<T> result) { promise->set_value(std::move(result)); }); });
    return promise->get_future().get();
  }
  Client& client() { return *client_; }
  runtime::Loop& loop() { return thread_->loop(); }

 private:
  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<runtime::Network> network_;
  std::vector<std::unique_ptr<ScriptedServer>> servers_;
  std::unique_ptr<Client> client_;
};

}  // namespace streamops::cql
