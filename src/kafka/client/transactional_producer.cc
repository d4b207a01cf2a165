#include "kafka/client/transactional_producer.h"

#include <fmt/format.h>

#include <array>

#include "errors/kafka_client.h"
#include "kafka/client/failure.h"
#include "kafka/client/impl/direct_transactions.h"
#include "kafka/client/impl/library_producer.h"

namespace streamops::kafka {
namespace {

constexpr int piece_ms = 1000;  // of a call that blocks
constexpr int offsets_timeout_ms = 5000;
constexpr Microseconds pause = Milliseconds{200};

struct PartitionListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using PartitionList = std::shared_ptr<rd_kafka_topic_partition_list_t>;

/// What a call about transactions gave, as a value.
struct Answer {
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string text;
  bool passes = false;  // the same call again may succeed

  bool ok() const { return code == RD_KAFKA_RESP_ERR_NO_ERROR; }
};

Answer take(rd_kafka_error_t* error) {
  if (error == nullptr) return {};
  Answer answer{rd_kafka_error_code(error), rd_kafka_error_string(error), rd_kafka_error_is_retriable(error) != 0};
  rd_kafka_error_destroy(error);
  return answer;
}

bool tells_of_another(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

using Positions = std::vector<data::Position>;

/// The positions in `topics` that `group` has committed; the partitions of a topic begin `apart` behind those of the
/// one before. Blocks; for the pool.
Result<Positions> read_positions(const Instance& instance, const std::string& group,
                                 const std::vector<std::string>& topics, std::int32_t apart) {
  const std::string doing = "reading what " + group + " has committed";
  const auto close_queue = [](rd_kafka_queue_t* one) { rd_kafka_queue_destroy(one); };
  const std::unique_ptr<rd_kafka_queue_t, decltype(close_queue)> queue(rd_kafka_queue_new(instance.handle()),
                                                                       close_queue);
  rd_kafka_AdminOptions_t* options =
      rd_kafka_AdminOptions_new(instance.handle(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
  std::array<char, 256> text{};
  rd_kafka_AdminOptions_set_request_timeout(options, offsets_timeout_ms, text.data(), text.size());
  if (rd_kafka_error_t* error = rd_kafka_AdminOptions_set_require_stable_offsets(options, 1)) {
    rd_kafka_error_destroy(error);
  }
  rd_kafka_ListConsumerGroupOffsets_t* request = rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), nullptr);
  rd_kafka_ListConsumerGroupOffsets(instance.handle(), &request, 1, options, queue.get());
  rd_kafka_ListConsumerGroupOffsets_destroy(request);
  rd_kafka_AdminOptions_destroy(options);
  const auto close_event = [](rd_kafka_event_t* one) { rd_kafka_event_destroy(one); };
  const std::unique_ptr<rd_kafka_event_t, decltype(close_event)> event(
      rd_kafka_queue_poll(queue.get(), offsets_timeout_ms + piece_ms), close_event);
  if (event == nullptr) return to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, doing, rd_kafka_event_error_string(event.get()));
  std::size_t count = 0;
  const rd_kafka_group_result_t** results = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &count);
  if (count == 0) return Positions();
  if (const rd_kafka_error_t* error = rd_kafka_group_result_error(results[0])) {
    return to_error(rd_kafka_error_code(error), doing, rd_kafka_error_string(error));
  }
  Positions positions;
  const rd_kafka_topic_partition_list_t* offsets = rd_kafka_group_result_partitions(results[0]);
  for (int i = 0; offsets != nullptr && i < offsets->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = offsets->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(one.err, doing);
    for (std::size_t n = 0; n < topics.size() && one.offset >= 0; ++n) {
      if (topics[n] == one.topic)
        positions.push_back({{}, static_cast<std::int32_t>(n) * apart + one.partition, one.offset});
    }
  }
  return positions;
}

class LibraryTransactions final : public TransactionalProducer {
 public:
  LibraryTransactions(TransactionOptions options, runtime::Loop& loop, runtime::Pool& pool,
                      Producer::OnReport on_report, std::function<void()> on_room)
      : options_(std::move(options)),
        loop_(loop),
        pool_(pool),
        producer_(loop, std::move(on_report), std::move(on_room)) {}

  Result<void> open(const ClientConfig& config) {
    ProducerOptions options = options_.producer;
    options.transactional_id = options_.id;
    options.transaction_timeout = options_.timeout;
    return producer_.open(config, options, pool_);
  }

  void init(std::function<void(Result<Positions>)> done) override {
    call(
        "opening transactions", [](rd_kafka_t* handle) { return rd_kafka_init_transactions(handle, piece_ms); },
        [this, done = std::move(done)](const Result<void>& ready) { ready ? look(done) : done(ready.error()); });
  }

  Result<void> begin() override {
    begun_ = loop_.clock().monotonic();
    const Answer answer = take(rd_kafka_begin_transaction(handle()));
    return answer.ok() ? Result<void>(Ok()) : Result<void>(failure(answer, "beginning a transaction"));
  }

  Producer& records() override { return producer_; }

  void commit(std::span<const data::Position> positions, Done done) override {
    const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())),
                             PartitionListDeleter());
    for (const data::Position& position : positions) {
      const auto [topic, partition] = place_of(position.partition);
      rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = position.next;
    }
    const std::shared_ptr<rd_kafka_consumer_group_metadata_t> group(
        rd_kafka_consumer_group_metadata_new(options_.group.c_str()), &rd_kafka_consumer_group_metadata_destroy);
    const auto send = [list, group](rd_kafka_t* handle) {
      return rd_kafka_send_offsets_to_transaction(handle, list.get(), group.get(), piece_ms);
    };
    call("committing positions", send, [this, done = std::move(done)](const Result<void>& sent) {
      if (!sent) return done(sent.error());
      call(
          "committing a transaction", [](rd_kafka_t* handle) { return rd_kafka_commit_transaction(handle, piece_ms); },
          done);
    });
  }

  void abort(Microseconds patience, Done done) override {
    const int timeout_ms = static_cast<int>(std::max<std::int64_t>(patience.count() / 1000, 1));
    retry_.reset();
    pool_.run_then(
        loop_,
        [instance = producer_.instance(), timeout_ms] {
          return take(rd_kafka_abort_transaction(instance->handle(), timeout_ms));
        },
        [this, alive = std::weak_ptr<int>(alive_), done = std::move(done)](const Answer& answer) {
          if (alive.expired()) return;
          const Error error = failure(answer, "dropping a transaction");
          done(!answer.ok() && error.is(errors::kafka_client::fenced) ? Result<void>(error) : Result<void>(Ok()));
        });
  }

  Error explain(const Error& reported) const override {
    if (reported.is(errors::kafka_client::record_too_large) || is_final(reported)) return reported;
    return failure(fatal_answer(), reported.message());
  }

  std::optional<Error> trouble() const override {
    const Answer fatal = fatal_answer();  // after it no report comes
    if (!fatal.ok()) return failure(fatal, "writing");
    return trouble_ ? trouble_ : producer_.trouble();
  }

 private:
  using Call = std::function<rd_kafka_error_t*(rd_kafka_t* handle)>;

  Answer fatal_answer() const {
    std::array<char, 256> text{};
    const rd_kafka_resp_err_t code = rd_kafka_fatal_error(handle(), text.data(), text.size());
    return {code, text.data(), false};
  }

  rd_kafka_t* handle() const { return producer_.instance()->handle(); }

  /// Calls in the pool, again and again while the answer is one that passes.
  void call(const std::string& doing, const Call& work, const Done& done) {
    pool_.run_then(
        loop_,
        [instance = producer_.instance(), work] {
          return instance->is_released() ? Answer() : take(work(instance->handle()));
        },
        [this, alive = std::weak_ptr<int>(alive_), doing, work, done](const Answer& answer) {
          if (alive.expired()) return;
          if (!answer.ok() && answer.passes && !refused()) return call_again(answer, doing, work, done);
          trouble_.reset();
          if (answer.ok()) return done(Ok());
          done(refused() ? *producer_.trouble() : failure(answer, doing));
        });
  }

  void call_again(const Answer& answer, const std::string& doing, const Call& work, const Done& done) {
    trouble_ = producer_.trouble().value_or(to_error(answer.code, doing, answer.text.c_str()));
    retry_ = loop_.after(pause, [this, doing, work, done] { call(doing, work, done); });
  }

  /// Refused credentials come as news; the calls only time out.
  bool refused() const {
    const std::optional<Error> news = producer_.trouble();
    return news && is_final(*news);
  }

  std::vector<std::string> topics() const {
    std::vector<std::string> all{options_.topic};
    all.insert(all.end(), options_.further_topics.begin(), options_.further_topics.end());
    return all;
  }

  std::pair<std::string, std::int32_t> place_of(std::int32_t partition) const {
    if (options_.further_topics.empty() || partition < options_.partitions_per_topic)
      return {options_.topic, partition};
    const auto number = static_cast<std::size_t>(partition / options_.partitions_per_topic - 1);
    return {options_.further_topics[number], partition % options_.partitions_per_topic};
  }

  void look(const std::function<void(Result<Positions>)>& done) {
    pool_.run_then(
        loop_,
        [instance = producer_.instance(), group = options_.group, topics = topics(),
         apart = options_.partitions_per_topic] { return read_positions(*instance, group, topics, apart); },
        [this, alive = std::weak_ptr<int>(alive_), done](Result<Positions> found) {
          if (alive.expired()) return;
          const bool passes = !found && found.error().is(errors::kafka_client::broker_unreachable);
          if (!passes) return done(std::move(found));
          trouble_ = found.error();
          retry_ = loop_.after(pause, [this, done] { look(done); });
        });
  }

  /// An answer that is neither good nor passes.
  Error failure(const Answer& answer, const std::string& doing) const {
    Error plain = to_error(answer.code, doing, answer.text.c_str());
    if (is_final(plain)) return plain;
    // The broker shuts us out too when a transaction took too long.
    const bool too_long = begun_ && loop_.clock().monotonic() - *begun_ >= options_.timeout;
    if (tells_of_another(answer.code) && !too_long) {
      return Error(errors::kafka_client::fenced, "another process writes as {} now", options_.id);
    }
    return Error(errors::kafka_client::transaction_lost, "{}", answer.ok() ? doing : plain.message());
  }

  TransactionOptions options_;
  runtime::Loop& loop_;
  runtime::Pool& pool_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  LibraryProducer producer_;
  std::optional<runtime::MonotonicTime> begun_;
  std::optional<Error> trouble_;
  runtime::TimerPtr retry_;
};

}  // namespace

Result<std::unique_ptr<TransactionalProducer>> TransactionalProducer::open(const ClientConfig& config,
                                                                           const TransactionOptions& options,
                                                                           runtime::Loop& loop, runtime::Pool& pool,
                                                                           Producer::OnReport on_report,
                                                                           std::function<void()> on_room) {
  if (config.direct && config.extra.empty() && options.further_topics.empty())
    return open_direct_transactions(config, options, loop, pool, std::move(on_report), std::move(on_room));
  auto producer = std::make_unique<LibraryTransactions>(options, loop, pool, std::move(on_report), std::move(on_room));
  STREAMOPS_RETURN_IF_ERROR(producer->open(config));
  return producer;
}

}  // namespace streamops::kafka
