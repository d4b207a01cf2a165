#include "connect/kafka/impl/topic_writer.h"

#include <algorithm>

#include "base/check.h"
#include "errors/kafka_client.h"
#include "kafka/client/failure.h"

namespace streamops::connect {
namespace {

constexpr Microseconds pause_between_looks = Seconds{1};
constexpr Microseconds pause_after_creation = Milliseconds{5};

/// Nothing will ever go through with these, by this producer.
bool is_hopeless(const Error& error) {
  return kafka::is_final(error) || kafka::starts_over(error) || error.is(errors::kafka_client::request_refused);
}

}  // namespace

OpenProducer open_own_producer(kafka::ClientConfig config, const kafka::ProducerOptions& options, runtime::Loop& loop,
                               runtime::Pool& pool) {
  return [config = std::move(config), options, &loop, &pool](kafka::Producer::OnReport on_report,
                                                             std::function<void()> on_room) {
    return kafka::Producer::open(config, options, loop, pool, std::move(on_report), std::move(on_room));
  };
}

TopicWriter::TopicWriter(Target target, OpenProducer open_producer, runtime::Loop& loop)
    : target_(std::move(target)), open_producer_(std::move(open_producer)), loop_(loop) {}

void TopicWriter::open(std::function<void(Result<void>)> done) {
  on_opened_ = std::move(done);
  auto producer = open_producer_(
      [this](std::uint64_t ticket, const Result<void>& report) { on_report(ticket, report); }, [this] { on_room(); });
  if (!producer) return opened(producer.error());
  producer_ = std::move(*producer);
  look();
}

void TopicWriter::look() {
  producer_->admin().describe_topic(target_.topic, [this](const Result<std::optional<kafka::TopicDescription>>& found) {
    if (!found) return again(found.error());
    return found->has_value() ? opened(Ok()) : create();
  });
}

void TopicWriter::create() {
  producer_->admin().create_topic({target_.topic, target_.partitions, -1, {}}, [this](const Result<void>& created) {
    if (!created) return again(created.error());
    // Looking again tells the library of the new topic; by itself it would notice only after a second.
    retry_ = loop_.after(pause_after_creation, [this] { look(); });
  });
}

void TopicWriter::again(const Error& error) {
  if (is_hopeless(error)) return opened(error);
  trouble_ = error;
  retry_ = loop_.after(pause_between_looks, [this] { look(); });
}

void TopicWriter::opened(const Result<void>& result) {
  trouble_.reset();
  loop_.post([alive = std::weak_ptr<int>(alive_), done = std::exchange(on_opened_, nullptr), result] {
    if (!alive.expired()) done(result);
  });
}

void TopicWriter::write(std::size_t rows, Make make, Done done) {
  STREAMOPS_CHECK(producer_ != nullptr, "a write comes after open");
  waiting_.push_back({rows, std::move(make), std::move(done)});
  begin_next();
}

void TopicWriter::begin_next() {
  if (done_ || waiting_.empty()) return;
  make_ = std::move(waiting_.front().make);
  done_ = std::move(waiting_.front().done);
  first_ticket_ += rows_;
  rows_ = waiting_.front().rows;
  waiting_.pop_front();
  next_row_ = 0;
  reported_ = 0;
  refused_.clear();
  failure_.reset();
  send_more();
  finish_if_done();
}

void TopicWriter::send_more() {
  while (next_row_ < rows_ && !failure_) {
    kafka::OutgoingRecord record;
    record.topic = target_.topic;
    if (std::optional<Error> error = make_(next_row_, record)) {
      refused_.push_back({next_row_++, std::move(*error)});
      ++reported_;
      continue;
    }
    const kafka::Producer::Sent sent = producer_->send(record, first_ticket_ + next_row_);
    if (sent == kafka::Producer::Sent::full) return;
    if (sent == kafka::Producer::Sent::taken) ++reported_;
    ++next_row_;
  }
}

void TopicWriter::on_report(std::uint64_t ticket, const Result<void>& report) {
  if (!done_ || ticket < first_ticket_ || ticket >= first_ticket_ + rows_) return;
  ++reported_;
  if (report) return;
  if (report.error().is(errors::kafka_client::record_too_large)) {
    refused_.push_back({ticket - first_ticket_, report.error()});
  } else if (!failure_) {
    failure_ = report.error();
  }
}

void TopicWriter::on_room() {
  if (!done_) return;
  // Nothing is reported while credentials are refused: the library would try for ever.
  const std::optional<Error> trouble = producer_->trouble();
  if (trouble && is_hopeless(*trouble)) failure_ = trouble;
  send_more();
  finish_if_done();
}

void TopicWriter::finish_if_done() {
  const bool all_in = reported_ == rows_;
  const bool hopeless = failure_ && (is_hopeless(*failure_) || reported_ == next_row_);
  if (!all_in && !hopeless) return;
  std::sort(refused_.begin(), refused_.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
  Result<std::vector<data::RowFailure>> result = failure_ ? Result<std::vector<data::RowFailure>>(*failure_)
                                                          : Result<std::vector<data::RowFailure>>(std::move(refused_));
  make_ = nullptr;
  loop_.post(
      [alive = std::weak_ptr<int>(alive_), done = std::exchange(done_, nullptr), result = std::move(result)]() mutable {
        if (!alive.expired()) done(std::move(result));
      });
  if (waiting_.empty()) return;
  loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) begin_next();
  });
}

std::optional<Error> TopicWriter::trouble() const {
  if (trouble_) return trouble_;
  return producer_ == nullptr ? std::nullopt : producer_->trouble();
}

}  // namespace streamops::connect
