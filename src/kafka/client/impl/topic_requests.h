// kafka/client/impl/topic_requests.h — the Admin of a library handle that may serve something else too: a consumer and
// a producer lend theirs, so that no second set of threads and connections is needed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "kafka/client/admin.h"
#include "kafka/client/impl/failure.h"
#include "kafka/client/impl/instance.h"

namespace streamops::kafka {

class TopicRequests final : public Admin {
 public:
  TopicRequests(std::shared_ptr<Instance> instance, runtime::Loop& loop, runtime::Pool& pool);

  void create_topic(const NewTopic& topic, std::function<void(Result<void>)> done) override;
  void describe_topic(const std::string& name,
                      std::function<void(Result<std::optional<TopicDescription>>)> done) override;

  /// The handle's owner was woken: results may wait.
  void serve();
  /// The handle's owner has heard this. News of the connections explain requests that fail; refused credentials fail
  /// them at once, since the library would try on until each times out.
  void note(const Error& error);

 private:
  struct Request {
    std::string doing;
    std::function<void(Result<void>)> done;
  };
  using Described = std::function<void(Result<std::optional<TopicDescription>>)>;
  void take_result(rd_kafka_event_t* event);
  Result<void> result_of(rd_kafka_event_t* event, const std::string& doing);
  void fail_all(const Error& error);

  std::shared_ptr<Instance> instance_;
  runtime::Loop& loop_;
  runtime::Pool& pool_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  rd_kafka_queue_t* results_;  // the instance's
  std::map<std::uint64_t, Request> requests_;
  std::map<std::uint64_t, Described> descriptions_;
  std::uint64_t next_request_ = 1;
  ConnectionNews news_;
};

}  // namespace streamops::kafka
