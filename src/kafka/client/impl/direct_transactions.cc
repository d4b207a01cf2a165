#include "kafka/client/impl/direct_transactions.h"

#include <algorithm>
#include <utility>

#include "errors/kafka_client.h"
#include "kafka/client/failure.h"
#include "kafka/client/impl/coordinator.h"
#include "kafka/client/impl/failure.h"
#include "kafka/client/impl/record_sender.h"
#include "kafka/protocol/messages/add_offsets_to_txn.h"
#include "kafka/protocol/messages/add_partitions_to_txn.h"
#include "kafka/protocol/messages/end_txn.h"
#include "kafka/protocol/messages/init_producer_id.h"
#include "kafka/protocol/messages/offset_fetch.h"
#include "kafka/protocol/messages/txn_offset_commit.h"
#include "runtime/network.h"

namespace streamops::kafka {
namespace {

using Positions = std::vector<data::Position>;

// The newest versions of transactions in which the client registers partitions and keeps its epoch.
constexpr std::int16_t init_version = 4;
constexpr std::int16_t partitions_version = 3;
constexpr std::int16_t offsets_version = 3;
constexpr std::int16_t positions_version = 4;
constexpr std::int16_t end_version = 4;
constexpr std::int16_t one_group = 7;  // the newest OffsetFetch that asks for one
constexpr Microseconds pause_between_looks = Milliseconds{200};
constexpr Microseconds look_while_aborting = Milliseconds{5};

std::int16_t first_code(const AddPartitionsToTxnResponse& answer) {
  std::int16_t weak = 0;
  for (const auto& topic : answer.results_by_topic_v3_and_below) {
    for (const auto& partition : topic.results_by_partition) {
      // The others of a request that was refused for one of them say only that.
      if (partition.partition_error_code == RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED) {
        weak = partition.partition_error_code;
      } else if (partition.partition_error_code != 0) {
        return partition.partition_error_code;
      }
    }
  }
  return weak;
}

std::int16_t first_code(const TxnOffsetCommitResponse& answer) {
  for (const auto& topic : answer.topics) {
    for (const auto& partition : topic.partitions) {
      if (partition.error_code != 0) return partition.error_code;
    }
  }
  return 0;
}

std::int16_t first_code(const OffsetFetchResponse& answer) {
  if (answer.error_code != 0) return answer.error_code;
  for (const auto& topic : answer.topics) {
    for (const auto& partition : topic.partitions) {
      if (partition.error_code != 0) return partition.error_code;
    }
  }
  return 0;
}

template <typename Response>
std::int16_t only_code(const Response& answer) {
  return answer.error_code;
}

bool tells_of_another(std::int16_t code) {
  return code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED || code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

class DirectTransactions final : public TransactionalProducer {
 public:
  DirectTransactions(const ClientConfig& config, TransactionOptions options, runtime::Loop& loop,
                     Producer::OnReport on_report, std::function<void()> on_room)
      : options_(std::move(options)),
        loop_(loop),
        on_report_(std::move(on_report)),
        on_room_(std::move(on_room)),
        network_(runtime::make_network(loop)),
        transaction_(config, CoordinatorKind::transaction, options_.id, loop, *network_),
        group_(config, CoordinatorKind::group, options_.group, loop, *network_),
        source_look_(config, loop, *network_),
        sender_(config, options_.id, options_.producer, loop, *network_, [this] { on_change(); }),
        records_(*this) {}

  Result<void> open(const ClientConfig& config, runtime::Pool& pool) {
    STREAMOPS_ASSIGN(admin_, Admin::open(config, loop_, pool));
    return Ok();
  }

  void init(std::function<void(Result<Positions>)> done) override {
    InitProducerIdRequest request;
    request.transactional_id = options_.id;
    request.transaction_timeout_ms =
        static_cast<std::int32_t>(std::chrono::duration_cast<Milliseconds>(options_.timeout).count());
    transaction_.ask<InitProducerIdResponse>(
        request, init_version, only_code<InitProducerIdResponse>,
        [this, done = std::move(done)](const Result<InitProducerIdResponse>& answer) {
          if (!answer) return done(answer.error());
          if (answer->error_code != 0) return done(failure_of(answer->error_code, "opening transactions"));
          identity_ = {answer->producer_id, answer->producer_epoch};
          sender_.use(identity_);
          read_positions(done);
        });
  }

  Result<void> begin() override {
    if (const std::optional<Error> failed = failure()) return *failed;
    begun_ = loop_.clock().monotonic();
    return Ok();
  }

  Producer& records() override { return records_; }

  void commit(std::span<const data::Position> positions, Done done) override {
    on_committed_ = std::move(done);
    positions_.assign(positions.begin(), positions.end());
    sender_.flush();
    step_soon();
  }

  void abort(Microseconds patience, Done done) override {
    on_committed_ = nullptr;
    aborting_ = true;
    sender_.hold();
    on_aborted_ = std::move(done);
    patience_timer_ = loop_.after(patience, [this] { aborted(Ok()); });
    drop();
  }

  Error explain(const Error& reported) const override { return reported; }

  std::optional<Error> trouble() const override {
    if (const std::optional<Error> failed = failure()) return failed;
    for (const std::optional<Error>& each :
         {transaction_.trouble(), group_.trouble(), look_trouble_, sender_.trouble()}) {
      if (each) return each;
    }
    return std::nullopt;
  }

 private:
  /// The producer that writers see.
  class Records final : public Producer {
   public:
    explicit Records(DirectTransactions& of) : of_(of) {}
    Sent send(const OutgoingRecord& record, std::uint64_t ticket) override { return of_.send(record, ticket); }
    std::size_t outstanding() const override { return of_.sender_.records(); }
    Admin& admin() override { return *of_.admin_; }
    std::optional<Error> trouble() const override { return of_.trouble(); }

   private:
    DirectTransactions& of_;
  };

  Producer::Sent send(const OutgoingRecord& record, std::uint64_t ticket) {
    if (const std::optional<Error> failed = failure()) return report(ticket, *failed);
    if (BatchWriter::size_alone(record) > sender_.largest_batch()) {
      return report(ticket, Error(errors::kafka_client::record_too_large, "writing to {}: a record of {} bytes",
                                  record.topic, BatchWriter::size_alone(record)));
    }
    return sender_.send(record);
  }

  Producer::Sent report(std::uint64_t ticket, const Error& error) {
    loop_.post([this, alive = std::weak_ptr<int>(alive_), ticket, error] {
      if (!alive.expired()) on_report_(ticket, error);
      if (!alive.expired()) on_room_();
    });
    return Producer::Sent::queued;
  }

  /// Of the partitions that the topic has; a topic that is gone has none, and nothing is committed for it.
  void read_positions(const std::function<void(Result<Positions>)>& done) {
    source_look_.ask(options_.topic, [this, done](const Result<TopicLeaders>& found) {
      look_trouble_.reset();
      if (found) return read_positions(found->partitions, done);
      if (found.error().is(errors::kafka_client::topic_missing)) return done(Positions());
      if (is_final(found.error())) return done(found.error());
      look_trouble_ = found.error();
      look_timer_ = loop_.after(pause_between_looks, [this, done] { read_positions(done); });
    });
  }

  void read_positions(std::int32_t partitions, const std::function<void(Result<Positions>)>& done) {
    OffsetFetchRequest request;
    request.group_id = options_.group;
    auto& wanted = request.topics.emplace().emplace_back();
    wanted.name = options_.topic;
    for (std::int32_t partition = 0; partition < partitions; ++partition) wanted.partition_indexes.push_back(partition);
    request.require_stable = true;
    group_.ask<OffsetFetchResponse>(
        request, one_group, [](const OffsetFetchResponse& answer) { return first_code(answer); },
        [this, done](const Result<OffsetFetchResponse>& answer) {
          if (!answer) return done(answer.error());
          if (const std::int16_t code = first_code(*answer); code != 0)
            return done(failure_of(code, "reading what " + options_.group + " has committed"));
          Positions positions;
          for (const auto& topic : answer->topics) {
            if (topic.name != options_.topic) continue;
            for (const auto& one : topic.partitions) {
              if (one.committed_offset >= 0) positions.push_back({{}, one.partition_index, one.committed_offset});
            }
          }
          done(std::move(positions));
        });
  }

  // --- a transaction ------------------------------------------------------------------------------------------------

  void step_soon() {
    if (std::exchange(stepping_, true)) return;
    loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired()) return;
      stepping_ = false;
      step();
    });
  }

  void on_change() {
    step();
    const std::function<void()> call = on_room_;  // it may end this
    call();
  }

  void step() {
    if (aborting_ || is_asking_) return;
    if (const std::optional<Error> failed = failure()) return committed(*failed);
    if (!registering_.empty() || !(registering_ = sender_.take_unregistered()).empty()) return register_all();
    if (!on_committed_ || !sender_.is_idle()) return;
    if (positions_.empty()) return end();
    has_group_ ? commit_positions() : add_group();
  }

  /// The coordinator is asked when no batch is under way, and the other way round: see record_sender.h.
  void register_all() {
    sender_.hold();
    if (sender_.is_sending()) return;  // comes again with the acknowledgement
    register_partitions();
  }

  void register_partitions() {
    AddPartitionsToTxnRequest request;
    request.v3_and_below_transactional_id = options_.id;
    request.v3_and_below_producer_id = identity_.id;
    request.v3_and_below_producer_epoch = identity_.epoch;
    for (const TopicPartition& one : registering_) {
      auto& topics = request.v3_and_below_topics;
      if (topics.empty() || topics.back().name != one.topic) topics.emplace_back().name = one.topic;
      topics.back().partitions.push_back(one.partition);
    }
    ask<AddPartitionsToTxnResponse>(
        transaction_, request, partitions_version, "registering partitions with a transaction",
        [](const AddPartitionsToTxnResponse& answer) { return first_code(answer); },
        [this] {
          sender_.registered(std::exchange(registering_, {}));
          has_group_ ? sender_.release() : add_group();
        });
  }

  /// The group's positions will be part of the transaction.
  void add_group() {
    AddOffsetsToTxnRequest request;
    request.transactional_id = options_.id;
    request.producer_id = identity_.id;
    request.producer_epoch = identity_.epoch;
    request.group_id = options_.group;
    ask<AddOffsetsToTxnResponse>(transaction_, request, offsets_version, "committing positions",
                                 only_code<AddOffsetsToTxnResponse>, [this] {
                                   has_group_ = true;
                                   sender_.release();
                                 });
  }

  void commit_positions() {
    TxnOffsetCommitRequest request;
    request.transactional_id = options_.id;
    request.group_id = options_.group;
    request.producer_id = identity_.id;
    request.producer_epoch = identity_.epoch;
    auto& topic = request.topics.emplace_back();
    topic.name = options_.topic;
    for (const data::Position& position : std::exchange(positions_, {})) {
      auto& one = topic.partitions.emplace_back();
      one.partition_index = position.partition;
      one.committed_offset = position.next;
      one.committed_metadata = "";
    }
    ask<TxnOffsetCommitResponse>(
        group_, request, positions_version, "committing positions",
        [](const TxnOffsetCommitResponse& answer) { return first_code(answer); }, [] {});
  }

  /// One question at a time; `then` when the cluster has said yes, and another step after it.
  template <typename Response, typename Request>
  void ask(Coordinator& coordinator, const Request& request, std::int16_t version, const std::string& doing,
           std::int16_t (*code_of)(const Response&), std::function<void()> then) {
    is_asking_ = true;
    is_open_ = true;
    coordinator.ask<Response>(request, version, code_of,
                              [this, doing, code_of, then = std::move(then)](const Result<Response>& answer) {
                                is_asking_ = false;
                                if (!answer) return fail(answer.error());
                                if (const std::int16_t code = code_of(*answer); code != 0)
                                  return fail(failure_of(code, doing));
                                then();
                                step_soon();
                              });
  }

  EndTxnRequest end_request(bool commits) const {
    EndTxnRequest request;
    request.transactional_id = options_.id;
    request.producer_id = identity_.id;
    request.producer_epoch = identity_.epoch;
    request.committed = commits;
    return request;
  }

  void end() {
    if (!is_open_) return committed(Ok());
    ask<EndTxnResponse>(transaction_, end_request(true), end_version, "committing a transaction",
                        only_code<EndTxnResponse>, [this] {
                          is_open_ = false;
                          has_group_ = false;
                          begun_.reset();
                          sender_.begin_anew();
                          committed(Ok());
                        });
  }

  void committed(const Result<void>& result) {
    if (!on_committed_) return;
    loop_.post([alive = std::weak_ptr<int>(alive_), done = std::exchange(on_committed_, nullptr), result] {
      if (!alive.expired()) done(result);
    });
  }

  void fail(const Error& error) {
    if (!failure_) failure_ = is_final(error) || starts_over(error) ? error : lost(error.message());
    step_soon();
    if (on_committed_ == nullptr) {
      loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) on_room_();  // writers see the trouble
      });
    }
  }

  // --- giving up ----------------------------------------------------------------------------------------------------

  /// Batches under way must have arrived before the cluster is told to drop them.
  void drop() {
    if (!is_open_ || identity_.id < 0) return aborted(Ok());
    if (sender_.is_sending() && !sender_.failure()) {
      drop_timer_ = loop_.after(look_while_aborting, [this] { drop(); });
      return;
    }
    transaction_.ask<EndTxnResponse>(
        end_request(false), end_version, only_code<EndTxnResponse>, [this](const Result<EndTxnResponse>& answer) {
          const bool fenced = answer && tells_of_another(answer->error_code) && !took_too_long();
          aborted(fenced ? Result<void>(failure_of(answer->error_code, "dropping a transaction")) : Result<void>(Ok()));
        });
  }

  void aborted(const Result<void>& result) {
    if (!on_aborted_) return;
    loop_.post([this, alive = std::weak_ptr<int>(alive_), done = std::exchange(on_aborted_, nullptr), result] {
      if (alive.expired()) return;
      patience_timer_.reset();
      drop_timer_.reset();
      done(result);
    });
  }

  // --- errors -------------------------------------------------------------------------------------------------------

  /// What ended the transaction: an answer of the coordinator, or what became of the records.
  std::optional<Error> failure() const {
    if (failure_) return failure_;
    const std::optional<Error>& failed = sender_.failure();
    if (!failed || is_final(*failed)) return failed;
    if (sender_.refusal() != 0) return failure_of(sender_.refusal(), "writing");
    return lost(failed->message());
  }

  Error failure_of(std::int16_t code, const std::string& doing) const {
    const Error plain = to_error(static_cast<rd_kafka_resp_err_t>(code), doing);
    if (is_final(plain)) return plain;
    if (tells_of_another(code) && !took_too_long())
      return Error(errors::kafka_client::fenced, "another process writes as {} now", options_.id);
    return lost(plain.message());
  }

  static Error lost(const std::string& why) { return Error(errors::kafka_client::transaction_lost, "{}", why); }

  /// The broker shuts us out too when a transaction takes too long.
  bool took_too_long() const { return begun_ && loop_.clock().monotonic() - *begun_ >= options_.timeout; }

  TransactionOptions options_;
  runtime::Loop& loop_;
  Producer::OnReport on_report_;
  std::function<void()> on_room_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<Admin> admin_;
  Coordinator transaction_;
  Coordinator group_;
  LeaderLook source_look_;
  RecordSender sender_;
  Records records_;
  ProducerIdentity identity_;

  std::optional<runtime::MonotonicTime> begun_;
  bool is_open_ = false;  // the coordinator may know of it
  bool is_asking_ = false;
  bool has_group_ = false;                   // is part of the transaction
  std::vector<TopicPartition> registering_;  // partitions that are to be part of it
  Positions positions_;                      // to be committed
  bool stepping_ = false;
  bool aborting_ = false;
  Done on_committed_;
  Done on_aborted_;
  std::optional<Error> look_trouble_;
  runtime::TimerPtr look_timer_;
  runtime::TimerPtr patience_timer_;
  runtime::TimerPtr drop_timer_;
  std::optional<Error> failure_;
};

}  // namespace

Result<std::unique_ptr<TransactionalProducer>> open_direct_transactions(const ClientConfig& config,
                                                                        const TransactionOptions& options,
                                                                        runtime::Loop& loop, runtime::Pool& pool,
                                                                        Producer::OnReport on_report,
                                                                        std::function<void()> on_room) {
  auto producer = std::make_unique<DirectTransactions>(config, options, loop, std::move(on_report), std::move(on_room));
  STREAMOPS_RETURN_IF_ERROR(producer->open(config, pool));
  return producer;
}

}  // namespace streamops::kafka
