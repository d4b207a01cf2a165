#include "kafka/broker/handlers/add_partitions_to_txn.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/topics.h"
#include "kafka/broker/transactions/coordinator.h"
#include "kafka/broker/transactions/fenced.h"

namespace streamops::kafka {
namespace {

constexpr std::int16_t first_version_with_several = 4;
constexpr std::int16_t first_version_that_knows_fenced = 2;

using Asked = AddPartitionsToTxnRequest::AddPartitionsToTxnTopic;
using TopicAnswer = AddPartitionsToTxnResponse::AddPartitionsToTxnTopicResult;

/// The answers for one transaction, each partition with the error of its own that it has: all or none are added.
struct Plan {
  std::vector<TopicAnswer> answers;
  std::vector<TopicPartition> partitions;
  bool all_exist = true;
};

Plan plan_for(const Topics& topics, const std::vector<Asked>& asked) {
  Plan plan;
  for (const Asked& each : asked) {
    const Topic* topic = topics.find(each.name);
    TopicAnswer& answer = plan.answers.emplace_back();
    answer.name = each.name;
    for (const std::int32_t index : each.partitions) {
      const bool exists = topic != nullptr && topic->has_partition(index);
      plan.all_exist = plan.all_exist && exists;
      plan.partitions.push_back({each.name, index});
      answer.results_by_partition.push_back(
          {index, wire(exists ? ErrorCode::operation_not_attempted : ErrorCode::unknown_topic_or_partition)});
    }
  }
  return plan;
}

void set_all(std::vector<TopicAnswer>& answers, ErrorCode error) {
  for (TopicAnswer& topic : answers) {
    for (auto& partition : topic.results_by_partition) partition.partition_error_code = wire(error);
  }
}

void add(const RequestContext& context, const std::string& id, ProducerIdentity who, const std::vector<Asked>& topics,
         std::function<void(std::vector<TopicAnswer>)> done) {
  Plan plan = plan_for(context.broker->topics(), topics);
  if (!plan.all_exist) return done(std::move(plan.answers));
  const bool knows_fenced = context.api_version >= first_version_that_knows_fenced;
  context.broker->transactions().add_partitions(
      id, who, plan.partitions,
      [answers = std::move(plan.answers), knows_fenced, done = std::move(done)](ErrorCode error) mutable {
        set_all(answers, fenced_as(error, knows_fenced));
        done(std::move(answers));
      });
}

std::vector<TopicAnswer> verify(const RequestContext& context,
                                const AddPartitionsToTxnRequest::AddPartitionsToTxnTransaction& asked) {
  std::vector<TopicAnswer> answers;
  const ProducerIdentity who{asked.producer_id, asked.producer_epoch};
  for (const Asked& each : asked.topics) {
    TopicAnswer& answer = answers.emplace_back();
    answer.name = each.name;
    for (const std::int32_t index : each.partitions) {
      const ErrorCode error =
          context.broker->transactions().verify(asked.transactional_id, who, TopicPartition{each.name, index});
      answer.results_by_partition.push_back({index, wire(error)});
    }
  }
  return answers;
}

struct Several {
  AddPartitionsToTxnResponse response;
  std::size_t waiting = 1;
  Responder<AddPartitionsToTxnResponse> respond;

  void one_done() {
    if (--waiting == 0) respond(std::move(response));
  }
};

void add_several(const RequestContext& context, const AddPartitionsToTxnRequest& request,
                 Responder<AddPartitionsToTxnResponse> respond) {
  auto several = std::make_shared<Several>();
  several->respond = std::move(respond);
  for (const auto& asked : request.transactions)
    several->response.results_by_transaction.emplace_back().transactional_id = asked.transactional_id;
  for (std::size_t i = 0; i < request.transactions.size(); ++i) {
    const auto& asked = request.transactions[i];
    if (asked.verify_only) {
      several->response.results_by_transaction[i].topic_results = verify(context, asked);
      continue;
    }
    several->waiting += 1;
    add(context, asked.transactional_id, {asked.producer_id, asked.producer_epoch}, asked.topics,
        [several, i](std::vector<TopicAnswer> answers) {
          several->response.results_by_transaction[i].topic_results = std::move(answers);
          several->one_done();
        });
  }
  several->one_done();
}

}  // namespace

void handle_add_partitions_to_txn(const RequestContext& context, AddPartitionsToTxnRequest request,
                                  Responder<AddPartitionsToTxnResponse> respond) {
  if (context.api_version >= first_version_with_several) return add_several(context, request, std::move(respond));
  add(context, request.v3_and_below_transactional_id,
      {request.v3_and_below_producer_id, request.v3_and_below_producer_epoch}, request.v3_and_below_topics,
      [respond = std::move(respond)](std::vector<TopicAnswer> answers) {
        AddPartitionsToTxnResponse response;
        response.results_by_topic_v3_and_below = std::move(answers);
        respond(std::move(response));
      });
}

}  // namespace streamops::kafka
