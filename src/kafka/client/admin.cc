#include "kafka/client/admin.h"

#include "kafka/client/impl/instance.h"
#include "kafka/client/impl/topic_requests.h"

namespace streamops::kafka {
namespace {

/// An Admin with a library handle of its own.
class StandaloneAdmin final : public Admin {
 public:
  ~StandaloneAdmin() override {
    if (instance_ != nullptr) instance_->release();
  }

  Result<void> open(const ClientConfig& config, runtime::Loop& loop, runtime::Pool& pool) {
    STREAMOPS_ASSIGN(instance_, Instance::open(RD_KAFKA_CONSUMER, config, {}, RD_KAFKA_EVENT_ERROR, loop, pool,
                                               [this] { on_wake(); }));
    requests_ = std::make_unique<TopicRequests>(instance_, loop, pool);
    return Ok();
  }

  void create_topic(const NewTopic& topic, std::function<void(Result<void>)> done) override {
    requests_->create_topic(topic, std::move(done));
  }
  void describe_topic(const std::string& name,
                      std::function<void(Result<std::optional<TopicDescription>>)> done) override {
    requests_->describe_topic(name, std::move(done));
  }

 private:
  void on_wake() {
    while (rd_kafka_event_t* event = rd_kafka_queue_poll(instance_->main_queue(), 0)) {
      if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
        requests_->note(instance_->event_error(event, "connecting"));
      }
      rd_kafka_event_destroy(event);
    }
    requests_->serve();
  }

  std::shared_ptr<Instance> instance_;
  std::unique_ptr<TopicRequests> requests_;
};

}  // namespace

Result<std::unique_ptr<Admin>> Admin::open(const ClientConfig& config, runtime::Loop& loop, runtime::Pool& pool) {
  auto admin = std::make_unique<StandaloneAdmin>();
  STREAMOPS_RETURN_IF_ERROR(admin->open(config, loop, pool));
  return admin;
}

}  // namespace streamops::kafka
