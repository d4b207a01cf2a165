// app/ports/topics_port.h — the console's view of a Kafka cluster, embedded or not: over the same client.
//
// Nothing connects before somebody looks. Looks into a cluster that is away end after some seconds with the reason.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "console/ports.h"
#include "kafka/client/config.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::app {

/// Bytes on disk by topic and partition.
using PartitionBytes = std::map<std::pair<std::string, std::int32_t>, std::int64_t>;
/// Asks for them; the answer may come on any thread. Empty where nobody can tell.
using TopicSizes = std::function<void(std::function<void(PartitionBytes)> done)>;

/// `loop` is the console's; it and `pool`, which the library's blocking calls run in, must outlive the port and every
/// subscription.
std::shared_ptr<console::TopicsPort> make_topics_port(kafka::ClientConfig config, runtime::Loop& loop,
                                                      runtime::Pool& pool, TopicSizes sizes);

}  // namespace streamops::app
