#include "kafka/broker/handlers/delete_topics.h"

#include <memory>
#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/handlers/pending_answer.h"
#include "kafka/broker/topic_errors.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

using TopicAnswer = DeleteTopicsResponse::DeletableTopicResult;
using Pending = PendingAnswer<DeleteTopicsResponse>;

void delete_one(Broker& broker, const std::shared_ptr<Pending>& pending, std::size_t at) {
  TopicAnswer& answer = pending->response.responses[at];
  const Topic* topic = answer.name ? broker.topics().find(*answer.name) : broker.topics().find(answer.topic_id);
  if (topic == nullptr) {
    answer.error_code = wire(answer.name ? ErrorCode::unknown_topic_or_partition : ErrorCode::unknown_topic_id);
    return;
  }
  const std::string name = topic->name();
  answer.name = name;
  answer.topic_id = topic->id();
  pending->waiting += 1;
  broker.remove_topic(*topic, [pending, at](const Result<void>& removed) {
    TopicAnswer& done = pending->response.responses[at];
    if (!removed) {
      done.error_code = wire(code_of(removed.error()));
      done.error_message = removed.error().message();
    }
    finish_one(pending);
  });
}

}  // namespace

void handle_delete_topics(const RequestContext& context, DeleteTopicsRequest request,
                          Responder<DeleteTopicsResponse> respond) {
  auto pending = std::make_shared<Pending>(Pending{std::move(respond), {}, 1});
  for (auto& wanted : request.topics) {
    TopicAnswer& answer = pending->response.responses.emplace_back();
    answer.name = std::move(wanted.name);
    answer.topic_id = wanted.topic_id;
  }
  for (std::string& name : request.topic_names) pending->response.responses.emplace_back().name = std::move(name);
  for (std::size_t at = 0; at < pending->response.responses.size(); ++at) delete_one(*context.broker, pending, at);
  finish_one(pending);
}

}  // namespace streamops::kafka
