// kafka/client/producer.h — writes records: idempotent, acks=all, each with a delivery report.
//
// Records go out in batches after at most `linger`; what waits is bounded in bytes. A report comes when the record is
// durable by the broker's rules, or can never be. Errors that pass are retried by the library without end.
// Threads: one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "data/position.h"
#include "kafka/client/admin.h"
#include "kafka/client/config.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::kafka {

struct ProducerOptions {
  Microseconds linger = Milliseconds{2};
  std::size_t max_queued_bytes = 16 * 1024 * 1024;
  std::size_t max_record_bytes = 1024 * 1024;
  bool idempotent = true;
  // For transactional_producer.h.
  std::string transactional_id;  // empty: none
  Microseconds transaction_timeout = Seconds{60};
};

struct OutgoingRecord {
  std::string_view topic;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  // nothing is a tombstone
  std::int64_t timestamp_ms = 0;
  std::span<const data::Header> headers = {};
};

class Producer {
 public:
  /// queued: a report will come; taken: none will, the record belongs to a transaction whose commit answers for it;
  /// full: nothing was done.
  enum class Sent : std::uint8_t { queued, taken, full };
  /// `ticket` is what send() was given. Errors: SO-K207 (too large: this record only), SO-K203, SO-K204, SO-K208 (topic
  /// gone), SO-K206 (anything else that cannot pass).
  using OnReport = std::function<void(std::uint64_t ticket, Result<void> report)>;

  /// `on_room` is called on the loop when reports or news about trouble have come in, so that send() may be tried
  /// again. Errors: SO-K201.
  static Result<std::unique_ptr<Producer>> open(const ClientConfig& config, const ProducerOptions& options,
                                                runtime::Loop& loop, runtime::Pool& pool, OnReport on_report,
                                                std::function<void()> on_room);
  virtual ~Producer() = default;

  /// Copies the record into the library's queue; the partition is Kafka's default for Java (murmur2 of the key, random
  /// without one). `full` when the queue has no room: try again at on_room. Errors that are known at once come as a
  /// report.
  virtual Sent send(const OutgoingRecord& record, std::uint64_t ticket) = 0;
  /// Records sent and not yet reported.
  virtual std::size_t outstanding() const = 0;
  /// Questions about topics, over the same connections.
  virtual Admin& admin() = 0;
  /// What is wrong right now though the library keeps trying; refused credentials (SO-K203, SO-K204) show here too.
  virtual std::optional<Error> trouble() const = 0;
};

}  // namespace streamops::kafka
