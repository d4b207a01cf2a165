#include "kafka/client/topic_id.h"

#include <utility>
#include <vector>

#include "kafka/client/impl/conversation.h"
#include "kafka/protocol/messages/metadata.h"

namespace streamops::kafka {
namespace {

class Request final : public TopicIdRequest {
 public:
  Request(const ClientConfig& config, std::string topic, runtime::Loop& loop, runtime::Network& network,
          Microseconds timeout, std::function<void(Uuid)> done)
      : config_(config),
        topic_(std::move(topic)),
        loop_(loop),
        network_(network),
        timeout_(timeout),
        done_(std::move(done)),
        servers_(bootstrap_servers(config)) {}

  void ask_next() {
    if (next_ == servers_.size()) return finish(Uuid{});
    broker_ = Conversation::begin(config_, servers_[next_++], loop_, network_, timeout_);
    MetadataRequest request;
    request.topics.emplace().emplace_back().name = topic_;
    request.allow_auto_topic_creation = false;
    // Letting go of the conversation, as this object's end does, cancels the question.
    broker_->ask<MetadataResponse>(std::move(request), [this](const Result<MetadataResponse>& answer) {
      const Uuid id = answer ? id_in(*answer) : Uuid{};
      answer ? finish(id) : ask_next();
    });
  }

 private:
  Uuid id_in(const MetadataResponse& answer) const {
    for (const auto& topic : answer.topics) {
      if (topic.name == topic_ && topic.error_code == 0) return topic.topic_id;
    }
    return {};
  }

  void finish(Uuid id) {
    loop_.post([alive = std::weak_ptr<int>(alive_), done = std::exchange(done_, nullptr), id] {
      if (!alive.expired() && done) done(id);
    });
  }

  ClientConfig config_;
  std::string topic_;
  runtime::Loop& loop_;
  runtime::Network& network_;
  Microseconds timeout_;
  std::function<void(Uuid)> done_;
  std::vector<runtime::Endpoint> servers_;
  std::size_t next_ = 0;
  std::shared_ptr<Conversation> broker_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<TopicIdRequest> request_topic_id(const ClientConfig& config, const std::string& topic,
                                                 runtime::Loop& loop, runtime::Network& network, Microseconds timeout,
                                                 std::function<void(Uuid)> done) {
  auto request = std::make_unique<Request>(config, topic, loop, network, timeout, std::move(done));
  request->ask_next();
  return request;
}

}  // namespace streamops::kafka
