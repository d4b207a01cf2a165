#include "kafka/broker/handlers/incremental_alter_configs.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.h"
#include "errors/kafka.h"
#include "kafka/broker/broker.h"
#include "kafka/broker/handlers/pending_answer.h"
#include "kafka/broker/topic_errors.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

using Answer = IncrementalAlterConfigsResponse::AlterConfigsResourceResponse;
using Change = IncrementalAlterConfigsRequest::AlterableConfig;
using Pending = PendingAnswer<IncrementalAlterConfigsResponse>;

constexpr std::int8_t topic_resource = 2;
enum class Operation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

void refuse(Answer& answer, ErrorCode error, std::string message) {
  answer.error_code = wire(error);
  answer.error_message = std::move(message);
}

std::vector<std::string> items_of(std::string_view list) {
  std::vector<std::string> items;
  for (const std::string_view item : split(list, ',')) {
    if (!trim(item).empty()) items.emplace_back(trim(item));
  }
  return items;
}

// A list with some items more, or fewer.
std::string edit_list(const std::string& list, const std::string& by, bool add) {
  std::vector<std::string> items = items_of(list);
  for (const std::string& item : items_of(by)) {
    std::erase(items, item);
    if (add) items.push_back(item);
  }
  return join(items, ",");
}

Result<void> apply(const Change& change, const settings::Kafka& settings, ConfigValues& configs) {
  const TopicConfigInfo* info = find_topic_config(change.name);
  if (info == nullptr) return check_topic_config(change.name, "");
  const auto set = configs.find(change.name);
  const std::string present = set != configs.end() ? set->second : topic_config_fallback(*info, settings);
  const std::string value = change.value.value_or("");
  switch (static_cast<Operation>(change.config_operation)) {
    case Operation::remove:
      configs.erase(change.name);
      return Ok();
    case Operation::set:
      configs[change.name] = value;
      break;
    case Operation::append:
    case Operation::subtract:
      if (info->type != ConfigType::list)
        return Error(errors::kafka::config_invalid, "{} is not a list: nothing can be appended or subtracted",
                     change.name);
      configs[change.name] =
          edit_list(present, value, static_cast<Operation>(change.config_operation) == Operation::append);
      break;
    default:
      return Error(errors::kafka::config_invalid, "{}: unknown operation {}", change.name, change.config_operation);
  }
  return check_topic_config(change.name, configs[change.name]);
}

}  // namespace

void handle_incremental_alter_configs(const RequestContext& context, IncrementalAlterConfigsRequest request,
                                      Responder<IncrementalAlterConfigsResponse> respond) {
  auto pending = std::make_shared<Pending>(Pending{std::move(respond), {}, 1});
  pending->response.responses.resize(request.resources.size());
  Broker& broker = *context.broker;
  for (std::size_t at = 0; at < request.resources.size(); ++at) {
    const auto& resource = request.resources[at];
    Answer& answer = pending->response.responses[at];
    answer.resource_type = resource.resource_type;
    answer.resource_name = resource.resource_name;
    if (resource.resource_type != topic_resource) {
      refuse(answer, ErrorCode::invalid_request,
             "the broker's configs are settings of StreamOps; they are read at its start");
      continue;
    }
    const Topic* topic = broker.topics().find(resource.resource_name);
    if (topic == nullptr) {
      refuse(answer, ErrorCode::unknown_topic_or_partition, "there is no topic " + resource.resource_name);
      continue;
    }
    ConfigValues configs = topic->configs();
    Result<void> applied = Ok();
    for (const Change& change : resource.configs) {
      if (applied) applied = apply(change, broker.settings(), configs);
    }
    if (!applied) refuse(answer, code_of(applied.error()), applied.error().message());
    if (!applied || request.validate_only) continue;
    pending->waiting += 1;
    broker.topics().set_configs(resource.resource_name, configs, [pending, at](const Result<void>& written) {
      if (!written) refuse(pending->response.responses[at], code_of(written.error()), written.error().message());
      finish_one(pending);
    });
  }
  finish_one(pending);
}

}  // namespace streamops::kafka
