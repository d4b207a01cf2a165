// kafka/broker/client_connection.h — one client: bytes to frames to requests, answers back in order.
//
//   owed_:  | answer 1: ready | answer 2: in work | answer 3: ready |      sent from the front as far as ready
//
// Invariants: as many entries in owed_ as requests begun and not answered; reading pauses while there are too many of
// them, or while the client does not take its answers. Threads: the broker's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "kafka/broker/handler.h"
#include "kafka/protocol/frame.h"
#include "runtime/network.h"

namespace streamops::kafka {

class Server;

class ClientConnection final : public runtime::ConnectionHandler,
                               public std::enable_shared_from_this<ClientConnection> {
 public:
  ClientConnection(Server& server, std::uint64_t id, runtime::ConnectionPtr connection);
  ~ClientConnection() override;
  /// Begins to read.
  void start();

  /// Takes no more requests.
  void stop_reading();
  bool is_answered() const { return owed_.empty() && connection_->unsent() == 0; }
  /// True when a frame has been under way, or nothing at all, for longer than the settings allow.
  bool is_overdue(runtime::MonotonicTime now) const;

 private:
  class Owed;
  struct Slot {
    std::vector<Bytes> pieces;
    bool ready = false;
  };

  void on_data(BytesView bytes) override;
  void on_closed(const std::optional<Error>& error) override;
  void on_drained() override;

  bool is_full() const;
  void work();
  Result<void> handle(Bytes frame);
  Result<void> refuse_version(const RequestHeader& header, const std::shared_ptr<OwedAnswer>& answer);
  std::shared_ptr<OwedAnswer> owe();
  void complete(std::uint64_t number, std::vector<Bytes> pieces);
  void send_ready();
  void reject(const Error& error);
  void close();

  Server& server_;
  std::uint64_t id_;
  runtime::ConnectionPtr connection_;
  runtime::Endpoint advertised_;
  runtime::Endpoint peer_;
  FrameSplitter frames_;
  std::deque<Slot> owed_;
  std::uint64_t first_owed_ = 0;  // number of owed_.front()
  bool paused_ = false;
  bool stopped_ = false;
  bool closed_ = false;
  bool working_ = false;
  runtime::MonotonicTime last_byte_;
  std::optional<runtime::MonotonicTime> frame_since_;  // a frame has begun and is not complete
};

}  // namespace streamops::kafka
