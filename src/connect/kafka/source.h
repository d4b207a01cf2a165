// connect/kafka/source.h — a topic as a source: every partition from its position on, new partitions as they come.
//
// A topic that does not exist is created when the options say so, else waited for; trouble() tells. Positions are the
// caller's; acknowledge() commits them to the group, at most once a second, for others to see the lag. What the group
// says is never read.
// Threads: one loop.
#pragma once

#include <memory>
#include <string>

#include "data/ports.h"
#include "kafka/client/config.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::connect {

struct KafkaSourceOptions {
  std::string topic;
  bool from_latest =
      false;  // where a partition without a position starts; partitions that appear later: at their beginning
  int create_partitions = 0;  // of a topic that is missing; 0: wait for it
  std::size_t prefetch_bytes = 4 * 1024 * 1024;
  Microseconds look_for_partitions = Seconds{30};
  std::string group;  // gets the acknowledged positions; empty: nobody does
};

/// Everything given must outlive the source. Errors of poll(): SO-K201, SO-K203 to SO-K206.
std::unique_ptr<data::Source> make_kafka_source(KafkaSourceOptions options, kafka::ClientConfig config,
                                                runtime::Loop& loop, runtime::Pool& pool);

}  // namespace streamops::connect
