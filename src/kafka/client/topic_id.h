// kafka/client/topic_id.h — the id of a topic (KIP-516), which changes when the topic is deleted and created again.
//
// The library does not tell ids, so this is a Metadata request of our own over one short connection.
// Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/uuid.h"
#include "kafka/client/config.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace streamops::kafka {

/// Asks the bootstrap servers in turn; destroying it cancels.
class TopicIdRequest {
 public:
  virtual ~TopicIdRequest() = default;
};

/// `done` once, on the loop: the id, or nil when nobody gives one: no broker answers within `timeout` each, brokers are
/// older than ids (Kafka 2.8), or the topic does not exist.
[[nodiscard]] std::unique_ptr<TopicIdRequest> request_topic_id(const ClientConfig& config, const std::string& topic,
                                                               runtime::Loop& loop, runtime::Network& network,
                                                               Microseconds timeout, std::function<void(Uuid)> done);

}  // namespace streamops::kafka
