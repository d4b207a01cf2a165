// kafka/client/transactional_producer.h — a producer whose records become visible together with consumed positions.
//
//   init -> begin -> records().send ... all reported -> commit(positions) -> begin -> ...
//             \ an error that starts_over(): drop this producer, open another one, do the same again
//
// By our own code (impl/direct_transactions.h), or by the library, whose calls block: they run in the pool, in short
// pieces that are repeated while a cluster is away. Errors are of three kinds: those that pass (retried inside,
// trouble() tells), those that end this transaction (starts_over), and final ones: above all SO-K215, another producer
// of the same id has shut this one out. Threads: one loop; nothing blocks.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kafka/client/producer.h"

namespace streamops::kafka {

struct TransactionOptions {
  std::string id;     // transactional.id: one owner at a time
  std::string group;  // whose committed offsets hold the positions
  std::string topic;  // whose positions these are
  /// A transaction that is open for longer is dropped by the broker, which holds back readers meanwhile.
  Microseconds timeout = Seconds{60};
  ProducerOptions producer;
  /// Topics beside `topic`, whose partitions are numbered from `partitions_per_topic`, twice as many ... on.
  std::vector<std::string> further_topics = {};
  std::int32_t partitions_per_topic = 0;
};

class TransactionalProducer {
 public:
  using Done = std::function<void(Result<void>)>;

  /// As Producer::open(); nothing is asked of the cluster yet. Errors: SO-K201.
  static Result<std::unique_ptr<TransactionalProducer>> open(const ClientConfig& config,
                                                             const TransactionOptions& options, runtime::Loop& loop,
                                                             runtime::Pool& pool, Producer::OnReport on_report,
                                                             std::function<void()> on_room);
  virtual ~TransactionalProducer() = default;

  /// Shuts out earlier producers of this id, drops what they left open, and tells the positions that were committed
  /// last. Waits for a cluster that is away. Errors: SO-K203, SO-K204, SO-K206, SO-K216.
  virtual void init(std::function<void(Result<std::vector<data::Position>>)> done) = 0;
  /// Begins a transaction; nothing is sent by it.
  virtual Result<void> begin() = 0;
  /// Sends belong to the transaction that was begun.
  virtual Producer& records() = 0;
  /// When nothing is outstanding: commits records and positions. Errors: SO-K204, SO-K206, SO-K215, SO-K216.
  virtual void commit(std::span<const data::Position> positions, Done done) = 0;
  /// Drops what was begun; `done` comes within about `patience`, whatever the cluster does: with SO-K215 when another
  /// producer has the id now, with success otherwise. Nothing but the end of this producer may follow.
  virtual void abort(Microseconds patience, Done done) = 0;
  /// What an error of a report means here: that of the record alone, a final one, or SO-K216.
  virtual Error explain(const Error& reported) const = 0;
  virtual std::optional<Error> trouble() const = 0;
};

}  // namespace streamops::kafka
