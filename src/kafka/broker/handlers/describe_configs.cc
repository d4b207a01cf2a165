#include "kafka/broker/handlers/describe_configs.h"

#include <algorithm>
#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/broker_configs.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

using Resource = DescribeConfigsRequest::DescribeConfigsResource;
using Answer = DescribeConfigsResponse::DescribeConfigsResult;

constexpr std::int8_t topic_resource = 2;
constexpr std::int8_t broker_resource = 4;

bool is_wanted(const Resource& resource, std::string_view name) {
  const auto& keys = resource.configuration_keys;
  return !keys || keys->empty() || std::find(keys->begin(), keys->end(), name) != keys->end();
}

std::int8_t number(ConfigSource source) {
  return static_cast<std::int8_t>(source);
}

void describe_topic(const Topic& topic, const settings::Kafka& settings, const DescribeConfigsRequest& request,
                    const Resource& resource, Answer& answer) {
  for (const TopicConfigInfo& info : topic_config_catalogue()) {
    if (!is_wanted(resource, info.name)) continue;
    const auto set = topic.configs().find(info.name);
    const bool is_set = set != topic.configs().end();
    const std::string fallback = topic_config_fallback(info, settings);
    auto& out = answer.configs.emplace_back();
    out.name = info.name;
    out.value = is_set ? set->second : fallback;
    out.config_source = number(is_set ? ConfigSource::topic : ConfigSource::fallback);
    out.config_type = static_cast<std::int8_t>(info.type);
    if (request.include_documentation) out.documentation = info.help;
    if (!request.include_synonyms) continue;
    if (is_set) out.synonyms.push_back({info.name, set->second, number(ConfigSource::topic)});
    out.synonyms.push_back({info.broker_name, fallback, number(ConfigSource::fallback)});
  }
}

void describe_broker(const Broker& broker, const DescribeConfigsRequest& request, const Resource& resource,
                     Answer& answer) {
  for (const BrokerConfig& config : broker_configs(broker.settings(), broker.node_id(), broker.directory())) {
    if (!is_wanted(resource, config.name)) continue;
    auto& out = answer.configs.emplace_back();
    out.name = config.name;
    out.value = config.value;
    out.read_only = true;
    out.config_source = number(ConfigSource::broker);
    out.config_type = static_cast<std::int8_t>(config.type);
    if (request.include_documentation) out.documentation = config.help;
    if (request.include_synonyms) out.synonyms.push_back({config.name, config.value, number(ConfigSource::broker)});
  }
}

void refuse(Answer& answer, ErrorCode error, std::string message) {
  answer.error_code = wire(error);
  answer.error_message = std::move(message);
}

}  // namespace

void handle_describe_configs(const RequestContext& context, DescribeConfigsRequest request,
                             Responder<DescribeConfigsResponse> respond) {
  const Broker& broker = *context.broker;
  DescribeConfigsResponse response;
  for (const Resource& resource : request.resources) {
    Answer& answer = response.results.emplace_back();
    answer.resource_type = resource.resource_type;
    answer.resource_name = resource.resource_name;
    if (resource.resource_type == topic_resource) {
      const Topic* topic = broker.topics().find(resource.resource_name);
      if (topic != nullptr) {
        describe_topic(*topic, broker.settings(), request, resource, answer);
      } else {
        refuse(answer, ErrorCode::unknown_topic_or_partition, "there is no topic " + resource.resource_name);
      }
    } else if (resource.resource_type == broker_resource) {
      const bool ours = resource.resource_name.empty() || resource.resource_name == std::to_string(broker.node_id());
      ours ? describe_broker(broker, request, resource, answer)
           : refuse(answer, ErrorCode::invalid_request, "there is no broker " + resource.resource_name);
    } else {
      refuse(answer, ErrorCode::invalid_request, "only topics and the broker have configs");
    }
  }
  respond(std::move(response));
}

}  // namespace streamops::kafka
