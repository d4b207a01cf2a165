#include "kafka/broker/handlers/create_partitions.h"

#include <memory>
#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/handlers/pending_answer.h"
#include "kafka/broker/topic_errors.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

using TopicAnswer = CreatePartitionsResponse::CreatePartitionsTopicResult;
using Pending = PendingAnswer<CreatePartitionsResponse>;

void set_result(TopicAnswer& answer, const Result<void>& result) {
  if (result) return;
  answer.error_code = wire(code_of(result.error()));
  answer.error_message = result.error().message();
}

}  // namespace

void handle_create_partitions(const RequestContext& context, CreatePartitionsRequest request,
                              Responder<CreatePartitionsResponse> respond) {
  auto pending = std::make_shared<Pending>(Pending{std::move(respond), {}, 1});
  for (const auto& wanted : request.topics) pending->response.results.emplace_back().name = wanted.name;
  Topics& topics = context.broker->topics();
  for (std::size_t at = 0; at < request.topics.size(); ++at) {
    const auto& wanted = request.topics[at];
    if (request.validate_only) {
      set_result(pending->response.results[at], topics.check_grow(wanted.name, wanted.count));
      continue;
    }
    pending->waiting += 1;
    topics.grow(wanted.name, wanted.count, [pending, at](const Result<void>& grown) {
      set_result(pending->response.results[at], grown);
      finish_one(pending);
    });
  }
  finish_one(pending);
}

}  // namespace streamops::kafka
