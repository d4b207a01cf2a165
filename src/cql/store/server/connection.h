// cql/store/server/connection.h — one client: frames in, answers out in whatever order they are ready.
//
//   OPTIONS* ─► STARTUP ─► READY (or AUTHENTICATE … AUTH_SUCCESS) ─► QUERY, PREPARE, EXECUTE, BATCH, REGISTER …
//
// Back-pressure: reading pauses while too many requests are in flight or too many bytes wait to be sent. A frame that
// is no frame is answered with a protocol error, and the connection is closed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cql/protocol/frame.h"
#include "cql/protocol/requests.h"
#include "cql/protocol/responses.h"
#include "cql/store/engine.h"
#include "cql/store/server/cql_server.h"
#include "cql/store/server/prepared.h"
#include "runtime/network.h"

namespace streamops::cql::store {

class Connection;

/// What all connections share.
struct ServerContext {
  Engine& engine;
  PreparedStatements& prepared;
  const settings::Cql& settings;
  const Authenticate& authenticate;
  CqlServer::Counters& counters;
  std::function<void(Connection&)> on_gone;  // called once; the connection may be destroyed in it
};

class Connection final : private runtime::ConnectionHandler {
 public:
  Connection(ServerContext& context, runtime::ConnectionPtr connection);
  ~Connection() override;

  /// Tells a schema change, where the client asked for such events.
  void announce(const SchemaChange& change);
  /// Closes a connection that has dawdled: no STARTUP, or a frame begun and not finished.
  void check_time();
  /// Reads no more requests.
  void stop_reading();
  std::size_t in_flight() const { return in_flight_; }
  void close();

 private:
  using Body = std::function<void(Bytes& out)>;

  void on_data(BytesView bytes) override;
  void on_closed(const std::optional<Error>& error) override;
  void on_drained() override;

  void read_frames();
  void handle(const Frame& frame);
  void handle_startup(const Frame& frame);
  void handle_auth(const Frame& frame);
  void handle_query(const Frame& frame);
  void handle_prepare(const Frame& frame);
  void handle_execute(const Frame& frame);
  void handle_batch(const Frame& frame);
  void handle_register(const Frame& frame);

  Result<std::vector<Value>> arrange_values(const Plan& plan, const QueryParameters& parameters) const;
  void execute(std::int16_t stream, const PlanPtr& plan, const QueryParameters& parameters,
               const std::string& known_metadata, const std::string& metadata_id);
  void run_batch(std::int16_t stream, const Batch& batch);
  AnswerDone answer_to(std::int16_t stream, PlanPtr keep, bool skip_metadata, std::string new_metadata_id);
  void reply(std::int16_t stream, Answer answer, bool skip_metadata, const std::string& new_metadata_id);
  void reply_error(std::int16_t stream, const Error& error);
  void reply_error(std::int16_t stream, const ErrorMessage& message);
  void send(Opcode opcode, std::int16_t stream, const Body& body, std::uint8_t flags = 0);
  void flush();
  void pause_where_needed();
  void set_version(Version version);

  ServerContext& context_;
  runtime::ConnectionPtr connection_;
  FrameReader reader_;
  FrameWriter writer_;
  Version version_ = Version::v4;
  bool version_known_ = false;
  bool started_ = false;        // STARTUP was read
  bool authenticated_ = false;  // requests are allowed
  bool wants_schema_events_ = false;
  bool paused_ = false;
  bool stopped_ = false;
  bool closing_ = false;
  bool reading_ = false;
  std::string keyspace_;
  std::size_t in_flight_ = 0;
  Bytes out_;
  bool flush_posted_ = false;
  runtime::MonotonicTime last_frame_;
  bool partial_ = false;
  std::shared_ptr<Connection*> self_;  // answers that come late find null
};

/// The ERROR message of a failed request: the wire's code by the catalogue's.
ErrorMessage to_wire(const Error& error);

}  // namespace streamops::cql::store
