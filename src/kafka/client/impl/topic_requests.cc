#include "kafka/client/impl/topic_requests.h"

#include <fmt/format.h>

#include <array>

#include "kafka/client/impl/failure.h"

namespace streamops::kafka {
namespace {

constexpr int request_timeout_ms = 10'000;

/// A question is asked in pieces, for nobody can take it back while a cluster is away.
constexpr std::array<int, 4> piece_ms = {1000, 2000, 3000, 4000};

using Description = std::optional<TopicDescription>;

/// Blocks; for the pool.
Result<Description> fetch_description(const Instance& instance, const std::string& name) {
  rd_kafka_t* handle = instance.handle();
  const std::string doing = "looking for topic " + name;
  const std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> topic(
      rd_kafka_topic_new(handle, name.c_str(), nullptr), &rd_kafka_topic_destroy);
  if (topic == nullptr) return to_error(rd_kafka_last_error(), doing);
  const rd_kafka_metadata_t* metadata = nullptr;
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;
  for (const int piece : piece_ms) {
    if (!instance.is_released()) code = rd_kafka_metadata(handle, 0, topic.get(), &metadata, piece);
    if (code != RD_KAFKA_RESP_ERR__TIMED_OUT && code != RD_KAFKA_RESP_ERR__TRANSPORT) break;
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, doing);
  const std::unique_ptr<const rd_kafka_metadata_t, decltype(&rd_kafka_metadata_destroy)> owner(
      metadata, &rd_kafka_metadata_destroy);
  if (metadata->topic_cnt != 1) return Description();
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return Description();
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(found.err, doing);
  TopicDescription description{name, {}};
  for (int i = 0; i < found.partition_cnt; ++i) description.partitions.push_back(found.partitions[i].id);
  if (description.partitions.empty()) return Description();
  return Description(std::move(description));
}

}  // namespace

TopicRequests::TopicRequests(std::shared_ptr<Instance> instance, runtime::Loop& loop, runtime::Pool& pool)
    : instance_(std::move(instance)),
      loop_(loop),
      pool_(pool),
      results_(instance_->add_queue()),
      news_(instance_->bootstrap()) {}

void TopicRequests::create_topic(const NewTopic& topic, std::function<void(Result<void>)> done) {
  const std::string doing = "creating topic " + topic.name;
  std::array<char, 512> text{};
  rd_kafka_NewTopic_t* wanted =
      rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, topic.replication, text.data(), text.size());
  if (wanted == nullptr) {
    const Error error = to_error(RD_KAFKA_RESP_ERR__INVALID_ARG, doing, text.data());
    return loop_.post([done = std::move(done), error] { done(error); });
  }
  for (const auto& [name, value] : topic.configs) rd_kafka_NewTopic_set_config(wanted, name.c_str(), value.c_str());
  rd_kafka_AdminOptions_t* options = rd_kafka_AdminOptions_new(instance_->handle(), RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_AdminOptions_set_request_timeout(options, request_timeout_ms, text.data(), text.size());
  const std::uint64_t number = next_request_++;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): never followed; the library hands it back as it is
  rd_kafka_AdminOptions_set_opaque(options, reinterpret_cast<void*>(number));
  requests_[number] = {doing, std::move(done)};
  rd_kafka_CreateTopics(instance_->handle(), &wanted, 1, options, results_);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_NewTopic_destroy(wanted);
}

void TopicRequests::describe_topic(const std::string& name, std::function<void(Result<Description>)> done) {
  const std::uint64_t number = next_request_++;
  descriptions_[number] = std::move(done);
  pool_.run_then(
      loop_, [instance = instance_, name] { return fetch_description(*instance, name); },
      [this, alive = std::weak_ptr<int>(alive_), number](Result<Description> result) {
        if (alive.expired()) return;
        const auto found = descriptions_.find(number);
        if (found == descriptions_.end()) return;  // failed early
        const Described answer = std::move(found->second);
        descriptions_.erase(found);
        if (!result) return answer(news_.explain(result.error()));
        news_.clear();
        answer(std::move(result));
      });
}

void TopicRequests::serve() {
  const std::shared_ptr<Instance> keep = instance_;  // an event must not outlive the handle
  const std::weak_ptr<int> alive(alive_);
  while (!alive.expired()) {
    rd_kafka_event_t* event = rd_kafka_queue_poll(results_, 0);
    if (event == nullptr) return;
    take_result(event);
    rd_kafka_event_destroy(event);
  }
}

void TopicRequests::note(const Error& error) {
  news_.note(error);
  if (!news_.refusal()) return;
  loop_.post([this, alive = std::weak_ptr<int>(alive_), refusal = *news_.refusal()] {
    if (!alive.expired()) fail_all(refusal);
  });
}

void TopicRequests::fail_all(const Error& error) {
  const std::map<std::uint64_t, Request> requests = std::exchange(requests_, {});
  const std::map<std::uint64_t, Described> descriptions = std::exchange(descriptions_, {});
  const std::weak_ptr<int> alive(alive_);
  for (const auto& [number, request] : requests) {
    if (!alive.expired()) request.done(error);
  }
  for (const auto& [number, answer] : descriptions) {
    if (!alive.expired()) answer(error);
  }
}

void TopicRequests::take_result(rd_kafka_event_t* event) {
  const auto found = requests_.find(reinterpret_cast<std::uint64_t>(rd_kafka_event_opaque(event)));
  if (found == requests_.end()) return;
  const Request request = std::move(found->second);
  requests_.erase(found);
  request.done(result_of(event, request.doing));
}

Result<void> TopicRequests::result_of(rd_kafka_event_t* event, const std::string& doing) {
  if (const rd_kafka_resp_err_t code = rd_kafka_event_error(event); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return news_.explain(to_error(code, doing, rd_kafka_event_error_string(event)));
  }
  news_.clear();
  std::size_t count = 0;
  const rd_kafka_topic_result_t** topics =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(topics[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    return to_error(code, doing, rd_kafka_topic_result_error_string(topics[i]));
  }
  return Ok();
}

}  // namespace streamops::kafka
