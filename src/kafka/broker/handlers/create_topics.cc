#include "kafka/broker/handlers/create_topics.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/handlers/pending_answer.h"
#include "kafka/broker/topic_errors.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

using TopicAnswer = CreateTopicsResponse::CreatableTopicResult;
using Wanted = CreateTopicsRequest::CreatableTopic;

struct Pending : PendingAnswer<CreateTopicsResponse> {
  RequestContext context;
};

void refuse(TopicAnswer& answer, ErrorCode error, std::string message) {
  answer.error_code = wire(error);
  answer.error_message = std::move(message);
}

ConfigValues configs_of(const Wanted& wanted) {
  ConfigValues configs;
  for (const auto& config : wanted.configs) {
    if (config.value) configs[config.name] = *config.value;
  }
  return configs;
}

// What only this request can say wrongly; Topics checks the rest. Empty when all is well.
void check_request(const CreateTopicsRequest& request, const Wanted& wanted, TopicAnswer& answer) {
  const auto same = [&](const Wanted& other) { return other.name == wanted.name; };
  if (std::count_if(request.topics.begin(), request.topics.end(), same) > 1) {
    return refuse(answer, ErrorCode::invalid_request, "the topic is named twice in the request");
  }
  if (!wanted.assignments.empty() && (wanted.num_partitions != -1 || wanted.replication_factor != -1)) {
    return refuse(answer, ErrorCode::invalid_request,
                  "with assignments given, partitions and replication factor must be -1");
  }
  if (wanted.assignments.empty() && wanted.replication_factor != -1 && wanted.replication_factor != 1) {
    return refuse(answer, ErrorCode::invalid_replication_factor, "there is one node, so the replication factor is 1");
  }
  for (const auto& assignment : wanted.assignments) {
    const bool ours = assignment.broker_ids.size() == 1 && assignment.partition_index >= 0 &&
                      assignment.partition_index < static_cast<std::int32_t>(wanted.assignments.size());
    if (!ours)
      return refuse(answer, ErrorCode::invalid_replica_assignment, "every partition has its one replica on this node");
  }
}

std::int32_t partitions_of(const Wanted& wanted) {
  return wanted.assignments.empty() ? wanted.num_partitions : static_cast<std::int32_t>(wanted.assignments.size());
}

void describe(const settings::Kafka& settings, std::int32_t partitions, const ConfigValues& configs,
              TopicAnswer& answer) {
  answer.num_partitions = partitions == -1 ? static_cast<std::int32_t>(settings.default_partitions) : partitions;
  answer.replication_factor = 1;
  auto& out = answer.configs.emplace();
  for (const TopicConfigInfo& info : topic_config_catalogue()) {
    const auto set = configs.find(info.name);
    const ConfigSource source = set != configs.end() ? ConfigSource::topic : ConfigSource::fallback;
    out.push_back({.name = info.name,
                   .value = set != configs.end() ? set->second : topic_config_fallback(info, settings),
                   .config_source = static_cast<std::int8_t>(source)});
  }
}

void create_one(const std::shared_ptr<Pending>& pending, const CreateTopicsRequest& request, std::size_t at) {
  const Wanted& wanted = request.topics[at];
  TopicAnswer& answer = pending->response.topics[at];
  check_request(request, wanted, answer);
  if (answer.error_code != 0) return;
  Topics& topics = pending->context.broker->topics();
  const ConfigValues configs = configs_of(wanted);
  const std::int32_t partitions = partitions_of(wanted);
  if (request.validate_only) {
    const Result<void> checked = topics.check_create(wanted.name, partitions, configs);
    if (!checked) return refuse(answer, code_of(checked.error()), checked.error().message());
    return describe(pending->context.broker->settings(), partitions, configs, answer);
  }
  pending->waiting += 1;
  topics.create(wanted.name, partitions, configs, [pending, at, partitions, configs](const Result<void>& created) {
    TopicAnswer& done = pending->response.topics[at];
    const Broker& broker = *pending->context.broker;
    if (created) {
      describe(broker.settings(), partitions, configs, done);
      if (const Topic* topic = broker.topics().find(done.name)) done.topic_id = topic->id();
    } else {
      refuse(done, code_of(created.error()), created.error().message());
    }
    finish_one(pending);
  });
}

}  // namespace

void handle_create_topics(const RequestContext& context, CreateTopicsRequest request,
                          Responder<CreateTopicsResponse> respond) {
  auto pending = std::make_shared<Pending>(Pending{{std::move(respond), {}, 1}, context});
  for (const Wanted& wanted : request.topics) pending->response.topics.emplace_back().name = wanted.name;
  for (std::size_t at = 0; at < request.topics.size(); ++at) create_one(pending, request, at);
  finish_one(pending);
}

}  // namespace streamops::kafka
