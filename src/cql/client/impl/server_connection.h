// cql/client/impl/server_connection.h — one connection to one server: handshake, streams, answers.
//
//   connecting -> STARTUP -> (AUTHENTICATE -> AUTH_RESPONSE ->) READY -> requests by stream id -> closed
//
// Threads: the client's loop. The owner is told once that the connection is closed, in a turn of its own, and destroys
// it then.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "cql/client/client.h"
#include "cql/protocol/frame.h"

namespace streamops::cql {

/// One request as it waits for its answer: everything needed to send it again.
struct PendingRequest {
  Opcode opcode = Opcode::query;
  Bytes body;                      // for execute: the values alone, since ids differ between servers
  PreparedStatementPtr statement;  // execute
  Client::Done done;
  runtime::MonotonicTime deadline;
  bool prepared_again = false;
};

class ServerConnection final : public runtime::ConnectionHandler {
 public:
  struct Events {
    std::function<void()> on_ready;
    std::function<void()> on_idle_stream;  // an answer came: there is room for a request
    /// The requests that were under way, unanswered. `version_refused`: try a lower version.
    std::function<void(Error error, bool version_refused, std::vector<PendingRequest> unanswered)> on_closed;
  };

  ServerConnection(const ClientOptions& options, runtime::Endpoint host, Version version, runtime::Loop& loop,
                   runtime::ConnectionPtr connection, Events events);

  void start();
  bool is_ready() const { return ready_; }
  bool has_room() const { return ready_ && under_way_.size() + orphans_ < options_.max_requests_per_connection; }
  std::size_t load() const { return under_way_.size(); }
  const runtime::Endpoint& host() const { return host_; }
  Version version() const { return writer_.version(); }

  /// Sends a request; has_room() must hold.
  void send(PendingRequest request);
  /// Fails what has waited too long. Called by the owner's timer.
  void expire(runtime::MonotonicTime now);

  void on_data(BytesView bytes) override;
  void on_closed(const std::optional<Error>& error) override;

 private:
  void write_frame(Opcode opcode, std::int16_t stream, BytesView body);
  void flush_soon();
  void fail(Error error, bool version_refused);
  void handle(const Frame& frame);
  void handle_handshake(const Frame& frame);
  void become_ready();
  void answer(const Frame& frame, PendingRequest request);
  void prepare_again(PendingRequest request);
  Bytes execute_body(const PendingRequest& request) const;
  Bytes query_body(const PendingRequest& request) const;
  std::int16_t take_stream();

  const ClientOptions& options_;
  runtime::Endpoint host_;
  runtime::Loop& loop_;
  runtime::ConnectionPtr connection_;
  Events events_;
  FrameReader reader_;
  FrameWriter writer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool ready_ = false;
  bool closed_ = false;
  bool flush_posted_ = false;
  Bytes out_;
  std::unordered_map<std::int16_t, PendingRequest> under_way_;
  std::size_t orphans_ = 0;  // streams whose request timed out and whose answer may still come
  std::vector<std::int16_t> free_streams_;
  std::int16_t next_stream_ = 0;
};

/// The Error of this client for an ERROR message of a server.
Error to_error(const ErrorMessage& message);

}  // namespace streamops::cql
