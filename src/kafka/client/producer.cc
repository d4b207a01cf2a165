#include "kafka/client/producer.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "errors/kafka_client.h"
#include "kafka/client/impl/failure.h"
#include "kafka/client/impl/library_producer.h"

namespace streamops::kafka {
namespace {

std::string milliseconds(Microseconds duration) {
  return fmt::format("{}", std::chrono::duration<double, std::milli>(duration).count());
}

LibrarySettings settings_of(const ProducerOptions& options) {
  const bool transactions = !options.transactional_id.empty();
  LibrarySettings settings = {{"enable.idempotence", options.idempotent ? "true" : "false"},
                              {"acks", "all"},
                              {"linger.ms", milliseconds(options.linger)},
                              // A record of a transaction may not outlive it.
                              {"message.timeout.ms", transactions ? milliseconds(options.transaction_timeout) : "0"},
                              {"message.max.bytes", std::to_string(options.max_record_bytes)},
                              {"queue.buffering.max.kbytes", std::to_string(options.max_queued_bytes / 1024 + 1)},
                              {"queue.buffering.max.messages", "100000"},
                              {"retry.backoff.ms", "50"},
                              {"partitioner", "murmur2_random"}};
  if (transactions) {
    settings.emplace_back("transactional.id", options.transactional_id);
    settings.emplace_back("transaction.timeout.ms", milliseconds(options.transaction_timeout));
  }
  return settings;
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

}  // namespace

LibraryProducer::LibraryProducer(runtime::Loop& loop, OnReport on_report, std::function<void()> on_room)
    : loop_(loop), on_report_(std::move(on_report)), on_room_(std::move(on_room)) {}

LibraryProducer::~LibraryProducer() {
  if (instance_ != nullptr) instance_->release();
}

Result<void> LibraryProducer::open(const ClientConfig& config, const ProducerOptions& options, runtime::Pool& pool) {
  STREAMOPS_ASSIGN(instance_,
                   Instance::open(RD_KAFKA_PRODUCER, config, settings_of(options),
                                  RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR, loop_, pool, [this] { on_wake(); }));
  requests_ = std::make_unique<TopicRequests>(instance_, loop_, pool);
  transactional_ = !options.transactional_id.empty();
  return Ok();
}

Producer::Sent LibraryProducer::send(const OutgoingRecord& record, std::uint64_t ticket) {
  topic_ = record.topic;
  Fields fields;
  fields.add(RD_KAFKA_VTYPE_TOPIC).u.cstr = topic_.c_str();
  fields.add(RD_KAFKA_VTYPE_MSGFLAGS).u.i = RD_KAFKA_MSG_F_COPY;
  fields.add(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = record.timestamp_ms;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): never followed; the library hands it back as it is
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
    if (!alive.expired()) on_room_();
  });
  return Sent::queued;
}

void LibraryProducer::report(std::uint64_t ticket, Result<void> result) {
  --outstanding_;
  on_report_(ticket, std::move(result));
}

void LibraryProducer::on_wake() {
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

Error LibraryProducer::error_of(const rd_kafka_message_t& message) const {
  const std::string doing = fmt::format("writing to {}", rd_kafka_topic_name(message.rkt));
  // What the broker itself refuses ends the transaction: no matter of this record alone.
  if (transactional_ && message.err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    return Error(errors::kafka_client::topic_limit, "{}: the topic takes no batch as large as this one", doing);
  }
  return to_error(message.err, doing);
}

void LibraryProducer::take(rd_kafka_event_t* event) {
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
      report(ticket, error_of(*message));
    }
    if (alive.expired()) return;
  }
}

Result<std::unique_ptr<Producer>> Producer::open(const ClientConfig& config, const ProducerOptions& options,
                                                 runtime::Loop& loop, runtime::Pool& pool, OnReport on_report,
                                                 std::function<void()> on_room) {
  auto producer = std::make_unique<LibraryProducer>(loop, std::move(on_report), std::move(on_room));
  STREAMOPS_RETURN_IF_ERROR(producer->open(config, options, pool));
  return producer;
}

}  // namespace streamops::kafka
