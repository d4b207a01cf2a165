// kafka/client/impl/library_producer.h — the one implementation of Producer, with the handle open to those who add
// transactions to it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kafka/client/impl/instance.h"
#include "kafka/client/impl/topic_requests.h"
#include "kafka/client/producer.h"

namespace streamops::kafka {

class LibraryProducer final : public Producer {
 public:
  LibraryProducer(runtime::Loop& loop, OnReport on_report, std::function<void()> on_room);
  ~LibraryProducer() override;
  LibraryProducer(const LibraryProducer&) = delete;
  LibraryProducer& operator=(const LibraryProducer&) = delete;

  Result<void> open(const ClientConfig& config, const ProducerOptions& options, runtime::Pool& pool);

  Sent send(const OutgoingRecord& record, std::uint64_t ticket) override;
  Admin& admin() override { return *requests_; }
  std::size_t outstanding() const override { return outstanding_; }
  std::optional<Error> trouble() const override { return trouble_; }

  /// For calls in the pool: whoever holds it keeps the handle.
  const std::shared_ptr<Instance>& instance() const { return instance_; }

 private:
  void report(std::uint64_t ticket, Result<void> result);
  void on_wake();
  void take(rd_kafka_event_t* event);
  Error error_of(const rd_kafka_message_t& message) const;

  runtime::Loop& loop_;
  OnReport on_report_;
  std::function<void()> on_room_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::shared_ptr<Instance> instance_;
  std::unique_ptr<TopicRequests> requests_;
  std::string topic_;  // of the record that is being sent
  bool transactional_ = false;
  std::size_t outstanding_ = 0;
  std::optional<Error> trouble_;
};

}  // namespace streamops::kafka
