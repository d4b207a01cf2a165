// connect/kafka/transaction.h — a topic, its dead letters and the positions of the source in transactions: one
// producer for all of them.
//
// A transaction begins with the first record after a commit. What ends it without a commit (the broker dropped it, a
// coordinator moved) is answered by a new producer of the same id, once the old one has made sure that nobody else
// took the id over.
// Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connect/kafka/sink.h"
#include "data/transaction.h"

namespace streamops::connect {

/// A second topic, for rows behind the watermark.
struct KafkaLateRows {
  KafkaSinkOptions sink;
  data::SchemaPtr columns;
  std::function<std::unique_ptr<ValueFormat>()> make_values;  // null: JSON
};

struct KafkaTransactionOptions {
  KafkaSinkOptions sink;
  std::function<std::unique_ptr<ValueFormat>()> make_values;  // each time the sink is opened; null: JSON
  std::optional<KafkaLateRows> late;
  std::string dead_letters;  // topic
  std::string id;            // transactional.id: one owner at a time
  std::string group;         // whose committed offsets are the source's positions
  std::string source;        // topic of the positions
  Microseconds timeout = Seconds{60};
  std::vector<std::string> further_sources = {};  // more such topics, whose partitions have numbers from ...
  std::int32_t partitions_per_source = 0;         // ... this on, from twice this on ...
};

/// Everything given must outlive the sink. Errors as of make_kafka_sink(), SO-K215 (another owner), SO-K216
/// (can_start_over) and SO-K217.
std::unique_ptr<data::TransactionalSink> make_kafka_transaction(KafkaTransactionOptions options,
                                                                kafka::ClientConfig config, runtime::Loop& loop,
                                                                runtime::Pool& pool);

}  // namespace streamops::connect
