#include "kafka/broker/handlers/metadata.h"

#include <memory>
#include <utility>

#include "errors/kafka.h"
#include "kafka/broker/broker.h"
#include "kafka/broker/topic_errors.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

using TopicAnswer = MetadataResponse::MetadataResponseTopic;

constexpr std::int16_t first_version_that_asks_for_creation = 4;

TopicAnswer describe(const Topic& topic, std::int32_t node) {
  TopicAnswer out;
  out.name = topic.name();
  out.topic_id = topic.id();
  out.partitions.reserve(static_cast<std::size_t>(topic.partition_count()));
  for (std::int32_t index = 0; index < topic.partition_count(); ++index) {
    const bool online = topic.partition(index) != nullptr;
    out.partitions.push_back(
        {.error_code = wire(online ? ErrorCode::none : ErrorCode::leader_not_available),
         .partition_index = index,
         .leader_id = online ? node : -1,
         .leader_epoch = 0,
         .replica_nodes = {node},
         .isr_nodes = {node},
         .offline_replicas = online ? std::vector<std::int32_t>() : std::vector<std::int32_t>{node}});
  }
  return out;
}

TopicAnswer refuse(const std::optional<std::string>& name, const Uuid& id, ErrorCode error) {
  TopicAnswer out;
  out.error_code = wire(error);
  out.name = name;
  out.topic_id = id;
  return out;
}

TopicAnswer find(const Broker& broker, const MetadataRequest::MetadataRequestTopic& wanted) {
  if (!wanted.topic_id.is_nil()) {
    const Topic* topic = broker.topics().find(wanted.topic_id);
    return topic != nullptr ? describe(*topic, broker.node_id())
                            : refuse(wanted.name, wanted.topic_id, ErrorCode::unknown_topic_id);
  }
  const std::string name = wanted.name.value_or("");
  if (const Topic* topic = broker.topics().find(name)) return describe(*topic, broker.node_id());
  return refuse(name, Uuid{},
                is_topic_name(name) ? ErrorCode::unknown_topic_or_partition : ErrorCode::invalid_topic_exception);
}

// An answer under way, while topics are being created.
struct Pending {
  RequestContext context;
  MetadataRequest request;
  Responder<MetadataResponse> respond;
  std::map<std::string, ErrorCode> refused;  // creations that failed
  std::size_t creating = 0;
};

void answer(const Pending& pending) {
  const Broker& broker = *pending.context.broker;
  MetadataResponse response;
  response.brokers.push_back(
      {broker.node_id(), pending.context.listener.host, pending.context.listener.port, std::nullopt});
  response.cluster_id = broker.cluster_id();
  response.controller_id = broker.node_id();
  // Version 0 says "all" with an empty list; later ones with null.
  const auto& topics = pending.request.topics;
  if (!topics || (pending.context.api_version == 0 && topics->empty())) {
    for (const auto& [name, topic] : broker.topics().all())
      response.topics.push_back(describe(*topic, broker.node_id()));
  } else {
    for (const auto& wanted : *topics) response.topics.push_back(find(broker, wanted));
  }
  for (TopicAnswer& topic : response.topics) {
    const auto refused = pending.refused.find(topic.name.value_or(""));
    if (refused != pending.refused.end() && topic.error_code != 0) topic.error_code = wire(refused->second);
  }
  pending.respond(std::move(response));
}

bool wants_creation(const Pending& pending, const MetadataRequest::MetadataRequestTopic& wanted) {
  const Broker& broker = *pending.context.broker;
  const bool asked =
      pending.context.api_version < first_version_that_asks_for_creation || pending.request.allow_auto_topic_creation;
  const bool by_name = wanted.topic_id.is_nil() && wanted.name && is_topic_name(*wanted.name);
  return asked && by_name && broker.settings().auto_create_topics && broker.topics().find(*wanted.name) == nullptr;
}

}  // namespace

void handle_metadata(const RequestContext& context, MetadataRequest request, Responder<MetadataResponse> respond) {
  auto pending = std::make_shared<Pending>(Pending{context, std::move(request), std::move(respond), {}, 1});
  const auto one_less = [pending] {
    if (--pending->creating == 0) answer(*pending);
  };
  static const std::vector<MetadataRequest::MetadataRequestTopic> none;
  for (const auto& wanted : pending->request.topics ? *pending->request.topics : none) {
    if (!wants_creation(*pending, wanted)) continue;
    pending->creating += 1;
    context.broker->topics().create(
        *wanted.name, -1, {}, [pending, one_less, name = *wanted.name](const Result<void>& created) {
          // Somebody else is creating it: the client asks again, as it does while a real cluster elects a leader.
          if (!created)
            pending->refused[name] = created.error().is(errors::kafka::topic_exists) ? ErrorCode::leader_not_available
                                                                                     : code_of(created.error());
          one_less();
        });
  }
  one_less();
}

}  // namespace streamops::kafka
