// cql/client/impl/server_connection.h — one connection to one server: handshake, streams, answers.
//
//   connected ─▶ handshake ─▶ READY ─▶ requests by stream id ─▶ closed
//
// Frames of one turn of the loop gather in one buffer and leave together. A connection that was silent for the
// heartbeat interval is asked for its OPTIONS; one that answers nothing at all for a request's time-out is closed.
// Threads: the client's loop. The owner is told once that the connection is closed, in a turn of its own, and destroys
// it then.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cql/client/impl/handshake.h"
#include "cql/client/impl/request.h"
#include "cql/client/impl/stream_table.h"

namespace streamops::cql {

class ServerConnection final : public runtime::ConnectionHandler {
 public:
  /// What was under way when a connection ended.
  struct Unanswered {
    std::vector<RequestPtr> requests;
    std::vector<std::uint64_t> writes;  // tags
  };
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_ready(ServerConnection& connection) = 0;
    /// An answer came, or the output drained: there is room for a request.
    virtual void on_room() = 0;
    /// In a turn of its own. `version_refused`: try a lower version.
    virtual void on_closed(ServerConnection& connection, const Error& error, bool version_refused,
                           Unanswered unanswered) = 0;
    virtual void on_event(const EventMessage& event) = 0;
    virtual WriteListener* listener() = 0;
  };

  /// `options` and `owner` must outlive the connection.
  ServerConnection(const ClientOptions& options, runtime::Endpoint host, Version version, runtime::Loop& loop,
                   runtime::ConnectionPtr connection, Owner& owner);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;
  ~ServerConnection() override { *alive_ = false; }

  void start();
  bool is_ready() const { return ready_ && !closed_; }
  bool has_room() const;
  /// Requests and writes that wait for an answer.
  std::size_t load() const { return streams_.waiting(); }
  Version version() const { return writer_.version(); }
  runtime::Endpoint peer() const { return connection_->peer(); }

  /// Sends a request; has_room() must hold.
  void send(RequestPtr request);
  /// Sends a write; has_room() must hold. See Client::write.
  void write(const PreparedStatement& statement, BytesView values, std::uint64_t tag);
  /// Fails what has waited too long, and asks a silent server whether it lives. Called by the owner's timer.
  void expire(runtime::MonotonicTime now);

  void on_data(BytesView bytes) override;
  void on_closed(const std::optional<Error>& error) override;
  void on_drained() override;

 private:
  /// Ids under which this server knows a statement, where they differ from those of the first.
  struct StatementIds {
    Bytes id;
    Bytes result_metadata_id;
  };

  void write_frame(Opcode opcode, std::int16_t stream, BytesView body);
  void flush_soon();
  void flush();
  void fail(Error error, bool version_refused);
  void handle(const Frame& frame);
  void take_step(Handshake::Step step);
  void answer_write(std::int16_t id, const Frame& frame);
  void answer_request(std::int16_t id, const Frame& frame);
  void prepare_again(RequestPtr request);
  void prepare_for_write(const PreparedStatement& statement, std::uint64_t tag);
  void prepare_text(const std::string& text, runtime::MonotonicTime deadline, Client::Done done);
  Result<void> learn_ids(const PreparedStatement& statement, const Answer& answer);
  void append_execute_start(Bytes& out, const PreparedStatement& statement) const;
  Bytes execute_body(const Request& request) const;
  Bytes query_body(const Request& request) const;
  void heartbeat();
  Error broken(const Error& why) const;

  const ClientOptions& options_;
  runtime::Endpoint host_;
  runtime::Loop& loop_;
  runtime::ConnectionPtr connection_;
  Owner& owner_;
  Handshake handshake_;
  FrameReader reader_;
  FrameWriter writer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool ready_ = false;
  bool closed_ = false;
  bool flush_posted_ = false;
  bool receiving_ = false;  // inside of on_data(), which flushes at its end
  bool was_full_ = false;
  Bytes out_;
  StreamTable streams_;
  runtime::MonotonicTime last_received_;
  runtime::MonotonicTime turn_;  // when the first frame of the output was made
  bool heartbeat_sent_ = false;
  std::unordered_map<const PreparedStatement*, StatementIds> other_ids_;
  std::unordered_map<const PreparedStatement*, std::vector<std::uint64_t>> preparing_;  // writes that wait for it
  const PreparedStatement* start_of_ = nullptr;  // whose EXECUTE begins with start_
  Bytes start_;
};

}  // namespace streamops::cql
