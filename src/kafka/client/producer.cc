#include "kafka/client/producer.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "errors/kafka_client.h"
#include "kafka/client/impl/failure.h"
#include "kafka/client/impl/instance.h"
#include "kafka/client/impl/topic_requests.h"

namespace streamops::kafka {
namespace {

LibrarySettings settings_of(const ProducerOptions& options) {
  const auto milliseconds = std::chrono::duration<double, std::milli>(options.linger).count();
  return {{"enable.idempotence", options.idempotent ? "true" : "false"},
          {"acks", "all"},
          {"linger.ms", fmt::format("{}", milliseconds)},
          {"message.timeout.ms", "0"},
          {"message.max.bytes", std::to_string(options.max_record_bytes)},
          {"queue.buffering.max.kbytes", std::to_string(options.max_queued_bytes / 1024 + 1)},
          {"queue.buffering.max.messages", "100000"},
          {"retry.backoff.ms", "50"},
          {"partitioner", "murmur2_random"}};
}

/// The library's tagged values for one record.
class Fields {
 public:
  rd_kafka_vu_t& add(rd_kafka_vtype_t type) {
    rd_kafka_vu_t& field = fields_.emplace_back();
    field.vtype = type;
    return field;
  }
  void memory(rd_kafka_vtype_t type, const std::optional<std::string_view>& value) {
    rd_kafka_vu_t& field = add(type);
    // The library copies and never writes. An empty text is no tombstone, so it needs an address.
    field.u.mem.ptr = value ? const_cast<char*>(value->data() != nullptr ? value->data() : "") : nullptr;
    field.u.mem.size = value ? value->size() : 0;
  }
  const std::vector<rd_kafka_vu_t>& all() const { return fields_; }

 private:
  std::vector<rd_kafka_vu_t> fields_;
};

class LibraryProducer final : public Producer {
 public:
  LibraryProducer(runtime::Loop& loop, OnReport on_report, std::function<void()> on_room)
      : loop_(loop), on_report_(std::move(on_report)), on_room_(std::move(on_room)) {}

  ~LibraryProducer() override {
    if (instance_ != nullptr) instance_->release();
  }

  Result<void> open(const ClientConfig& config, const ProducerOptions& options, runtime::Pool& pool) {
    STREAMOPS_ASSIGN(instance_,
                     Instance::open(RD_KAFKA_PRODUCER, config, settings_of(options),
                                    RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR, loop_, pool, [this] { on_wake(); }));
    requests_ = std::make_unique<TopicRequests>(instance_, loop_, pool);
    return Ok();
  }

  Sent send(const OutgoingRecord& record, std::uint64_t ticket) override {
    topic_ = record.topic;
    Fields fields;
    fields.add(RD_KAFKA_VTYPE_TOPIC).u.cstr = topic_.c_str();
    fields.add(RD_KAFKA_VTYPE_MSGFLAGS).u.i = RD_KAFKA_MSG_F_COPY;
    fields.add(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = record.timestamp_ms;
    fields.add(RD_KAFKA_VTYPE_OPAQUE).u.ptr = reinterpret_cast<void*>(ticket);
    if (record.key) fields.memory(RD_KAFKA_VTYPE_KEY, record.key);
    fields.memory(RD_KAFKA_VTYPE_VALUE, record.value);
    std::vector<std::string> names;  // the library wants them to end in a zero
    names.reserve(record.headers.size());
    for (const data::Header& header : record.headers) {
      rd_kafka_vu_t& field = fields.add(RD_KAFKA_VTYPE_HEADER);
      field.u.header.name = names.emplace_back(header.name).c_str();
      field.u.header.val = header.value ? header.value->data() : nullptr;
      field.u.header.size = header.value ? static_cast<ssize_t>(header.value->size()) : 0;
    }
    rd_kafka_error_t* error = rd_kafka_produceva(instance_->handle(), fields.all().data(), fields.all().size());
    if (error == nullptr) {
      ++outstanding_;
      return Sent::queued;
    }
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    const Error failure = to_error(code, "writing to " + topic_, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return Sent::full;
    ++outstanding_;
    loop_.post([this, alive = std::weak_ptr<int>(alive_), ticket, failure] {
      if (!alive.expired()) report(ticket, failure);
    });
    return Sent::queued;
  }

  Admin& admin() override { return *requests_; }
  std::size_t outstanding() const override { return outstanding_; }
  std::optional<Error> trouble() const override { return trouble_; }

 private:
  void report(std::uint64_t ticket, Result<void> result) {
    --outstanding_;
    on_report_(ticket, std::move(result));
  }

  void on_wake() {
    const std::weak_ptr<int> alive(alive_);
    const std::shared_ptr<Instance> keep = instance_;  // an event must not outlive the handle
    while (rd_kafka_event_t* event = rd_kafka_queue_poll(keep->main_queue(), 0)) {
      take(event);
      rd_kafka_event_destroy(event);
      if (alive.expired()) return;  // a report's receiver has let go of this producer
    }
    on_room_();
    if (!alive.expired()) requests_->serve();
  }

  void take(rd_kafka_event_t* event) {
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
      trouble_ = instance_->event_error(event, "writing");
      requests_->note(*trouble_);
      return;
    }
    const std::weak_ptr<int> alive(alive_);
    while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
      const auto ticket = reinterpret_cast<std::uint64_t>(message->_private);
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        trouble_.reset();
        report(ticket, Ok());
      } else {
        report(ticket, to_error(message->err, fmt::format("writing to {}", rd_kafka_topic_name(message->rkt))));
      }
      if (alive.expired()) return;
    }
  }

  runtime::Loop& loop_;
  OnReport on_report_;
  std::function<void()> on_room_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::shared_ptr<Instance> instance_;
  std::unique_ptr<TopicRequests> requests_;
  std::string topic_;  // of the record that is being sent
  std::size_t outstanding_ = 0;
  std::optional<Error> trouble_;
};

}  // namespace

Result<std::unique_ptr<Producer>> Producer::open(const ClientConfig& config, const ProducerOptions& options,
                                                 runtime::Loop& loop, runtime::Pool& pool, OnReport on_report,
                                                 std::function<void()> on_room) {
  auto producer = std::make_unique<LibraryProducer>(loop, std::move(on_report), std::move(on_room));
  STREAMOPS_RETURN_IF_ERROR(producer->open(config, options, pool));
  return producer;
}

}  // namespace streamops::kafka
