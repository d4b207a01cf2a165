// connect/kafka/sink.h — rows into a topic: one record a row, key from a column, value = the row in the sink's format
// (value_format.h), the record's own timestamp. A row that is a delete becomes a tombstone.
//
// write() is done when every record is durable by the broker's rules (idempotent, acks=all). Threads: one loop.
#pragma once

#include <memory>
#include <string>

#include "connect/kafka/value_format.h"
#include "data/ports.h"
#include "kafka/client/config.h"
#include "kafka/client/producer.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::connect {

struct KafkaSinkOptions {
  std::string topic;
  std::string key;     // column that becomes the key and stays in the value; empty: records without a key
  int partitions = 1;  // of a topic that has to be created
  kafka::ProducerOptions producer;
};

/// Everything given must outlive the sink; without `values` they are JSON. Errors of open(): SO-K201 to SO-K206,
/// SO-K210 (no such column), the format's; of write(): SO-K203 to SO-K208; of single rows: SO-K207, SO-K211 (the key is
/// null in a delete), the format's.
std::unique_ptr<data::Sink> make_kafka_sink(KafkaSinkOptions options, kafka::ClientConfig config, runtime::Loop& loop,
                                            runtime::Pool& pool, std::unique_ptr<ValueFormat> values = nullptr);

/// A topic of dead letters: key = identity(), value = the raw bytes, everything else in headers named so.code,
/// so.message, so.stage, so.origin, so.partition, so.offset, so.key, so.write_timestamp, so.step and, once it has
/// entered again and failed, so.redrives. Created with its first letter.
std::unique_ptr<data::DeadLetterSink> make_kafka_dead_letters(std::string topic, kafka::ClientConfig config,
                                                              runtime::Loop& loop, runtime::Pool& pool);

}  // namespace streamops::connect
