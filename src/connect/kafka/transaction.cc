#include "connect/kafka/transaction.h"

#include <array>

#include "base/check.h"
#include "connect/kafka/impl/sinks_over.h"
#include "errors/kafka_client.h"
#include "kafka/client/failure.h"
#include "kafka/client/transactional_producer.h"

namespace streamops::connect {
namespace {

constexpr Microseconds patience = Seconds{5};  // with an old producer, to learn who owns the id
constexpr Microseconds last_patience = Milliseconds{300};
constexpr int lane_bits = 2;
constexpr std::uint64_t lane_mask = (1U << lane_bits) - 1;
constexpr std::size_t rows_lane = 0;
constexpr std::size_t letters_lane = 1;
constexpr std::size_t late_lane = 2;
constexpr std::size_t lanes = 3;

using Positions = std::vector<data::Position>;

/// One producer of transactions, shared by several writers. Their tickets carry the number of the lane.
class SharedTransaction : public std::enable_shared_from_this<SharedTransaction> {
 public:
  static Result<std::shared_ptr<SharedTransaction>> open(const kafka::ClientConfig& config,
                                                         const kafka::TransactionOptions& options, runtime::Loop& loop,
                                                         runtime::Pool& pool) {
    auto shared = std::make_shared<SharedTransaction>(loop);
    SharedTransaction* self = shared.get();  // the producer is its own, and gone before it
    auto producer = kafka::TransactionalProducer::open(
        config, options, loop, pool,
        [self](std::uint64_t ticket, Result<void> report) { self->on_report(ticket, std::move(report)); },
        [self] { self->on_room(); });
    if (!producer) return producer.error();
    shared->producer_ = std::move(*producer);
    return shared;
  }
  explicit SharedTransaction(runtime::Loop& loop) : loop_(loop) {}

  kafka::TransactionalProducer& producer() { return *producer_; }
  bool begun() const { return begun_; }
  bool lost() const {
    const std::optional<Error> trouble = producer_->trouble();
    return lost_ || (trouble && kafka::starts_over(*trouble));
  }
  void note(const Error& error) { lost_ = lost_ || kafka::starts_over(error); }

  Result<void> begin() {
    if (begun_) return Ok();
    Result<void> result = producer_->begin();
    begun_ = result.ok();
    if (!result) note(result.error());
    return result;
  }

  void commit(std::span<const data::Position> positions, const std::function<void(Result<void>)>& done) {
    if (const Result<void> ready = begin(); !ready) {
      return loop_.post([done, error = ready.error()] { done(error); });
    }
    producer_->commit(positions, [this, done](const Result<void>& result) {
      if (result) begun_ = false;
      if (!result) note(result.error());
      done(result);
    });
  }

  /// Opens lane `number` for a writer.
  OpenProducer lane(std::size_t number) {
    return [shared = shared_from_this(), number](
               kafka::Producer::OnReport on_report,
               std::function<void()> on_room) -> Result<std::unique_ptr<kafka::Producer>> {
      shared->lanes_[number] = {std::move(on_report), std::move(on_room)};
      return std::make_unique<Lane>(shared, number);
    };
  }

 private:
  struct User {
    kafka::Producer::OnReport on_report;
    std::function<void()> on_room;
  };

  class Lane final : public kafka::Producer {
   public:
    Lane(std::shared_ptr<SharedTransaction> shared, std::size_t number) : shared_(std::move(shared)), number_(number) {}
    ~Lane() override { shared_->lanes_[number_] = {}; }
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    Sent send(const kafka::OutgoingRecord& record, std::uint64_t ticket) override {
      const std::uint64_t marked = ticket << lane_bits | number_;
      const Result<void> ready = shared_->begin();
      if (ready) return shared_->producer_->records().send(record, marked);
      shared_->loop_.post([weak = std::weak_ptr<SharedTransaction>(shared_), marked, error = ready.error()] {
        if (const auto shared = weak.lock()) shared->refuse(marked, error);
      });
      return Sent::queued;
    }
    std::size_t outstanding() const override { return shared_->producer_->records().outstanding(); }
    kafka::Admin& admin() override { return shared_->producer_->records().admin(); }
    std::optional<Error> trouble() const override { return shared_->producer_->trouble(); }

   private:
    std::shared_ptr<SharedTransaction> shared_;
    std::size_t number_;
  };

  void on_report(std::uint64_t ticket, Result<void> report) {
    if (!report) return refuse(ticket, producer_->explain(report.error()));
    const User& user = lanes_[ticket & lane_mask];
    if (user.on_report) user.on_report(ticket >> lane_bits, std::move(report));
  }

  void refuse(std::uint64_t ticket, const Error& error) {
    note(error);
    const std::weak_ptr<SharedTransaction> alive = weak_from_this();
    const User user = lanes_[ticket & lane_mask];
    if (user.on_report) user.on_report(ticket >> lane_bits, error);
    if (user.on_room && !alive.expired()) user.on_room();
  }

  void on_room() {
    const std::weak_ptr<SharedTransaction> alive = weak_from_this();
    for (std::size_t number = 0; number < lanes && !alive.expired(); ++number) {
      const std::function<void()> call = lanes_[number].on_room;
      if (call) call();
    }
  }

  runtime::Loop& loop_;
  std::unique_ptr<kafka::TransactionalProducer> producer_;
  std::array<User, lanes> lanes_;
  bool begun_ = false;
  bool lost_ = false;
};

class KafkaTransaction final : public data::TransactionalSink {
 public:
  KafkaTransaction(KafkaTransactionOptions options, kafka::ClientConfig config, runtime::Loop& loop,
                   runtime::Pool& pool)
      : options_(std::move(options)), config_(std::move(config)), loop_(loop), pool_(pool) {}

  void open(const data::SchemaPtr& schema, std::function<void(Result<Positions>)> done) override {
    failure_.reset();
    drop_writers();
    if (shared_ == nullptr || !shared_->begun()) return open_new(schema, done);
    shared_->producer().abort(patience, [this, schema, done = std::move(done)](const Result<void>& dropped) {
      dropped ? open_new(schema, done) : fail(dropped.error(), done);
    });
  }

  data::Sink& rows() override {
    STREAMOPS_CHECK(rows_ != nullptr, "rows are written once the transaction is open");
    return *rows_;
  }
  data::DeadLetterSink& dead_letters() override {
    STREAMOPS_CHECK(letters_ != nullptr, "dead letters are written once the transaction is open");
    return *letters_;
  }
  data::Sink* late() override { return late_.get(); }

  void commit(std::vector<data::Position> positions, std::function<void(Result<void>)> done) override {
    shared_->commit(positions, done);
  }

  bool can_start_over() const override {
    return (failure_ && kafka::starts_over(*failure_)) || (shared_ != nullptr && shared_->lost());
  }

  std::optional<Error> trouble() const override {
    if (failure_) return failure_;
    if (rows_ != nullptr) {
      if (auto trouble = rows_->trouble()) return trouble;
    }
    return shared_ == nullptr ? std::nullopt : shared_->producer().trouble();
  }

  void close(std::function<void()> done) override {
    drop_writers();
    if (shared_ == nullptr || !shared_->begun()) {
      shared_.reset();
      return loop_.post(std::move(done));
    }
    shared_->producer().abort(last_patience, [this, done = std::move(done)](const Result<void>&) {
      loop_.post([shared = std::move(shared_)] {});  // not in a call of its own
      done();
    });
  }

 private:
  void open_new(const data::SchemaPtr& schema, const std::function<void(Result<Positions>)>& done) {
    if (shared_ != nullptr) loop_.post([old = std::move(shared_)] {});
    auto opened =
        SharedTransaction::open(config_,
                                {options_.id, options_.group, options_.source, options_.timeout, options_.sink.producer,
                                 options_.further_sources, options_.partitions_per_source},
                                loop_, pool_);
    if (!opened) return fail(opened.error(), done);
    shared_ = std::move(*opened);
    shared_->producer().init([this, schema, done](const Result<Positions>& committed) {
      if (!committed) return fail(committed.error(), done);
      const auto values = [](const auto& make) { return make ? make() : nullptr; };
      rows_ = make_sink_over(shared_->lane(rows_lane), options_.sink, loop_, values(options_.make_values));
      letters_ = make_dead_letters_over(shared_->lane(letters_lane), options_.dead_letters, loop_);
      if (options_.late) {
        late_ =
            make_sink_over(shared_->lane(late_lane), options_.late->sink, loop_, values(options_.late->make_values));
      }
      rows_->open(schema, [this, committed = *committed, done](const Result<void>& ready) {
        ready ? open_late(committed, done) : fail(ready.error(), done);
      });
    });
  }

  void open_late(const Positions& committed, const std::function<void(Result<Positions>)>& done) {
    if (late_ == nullptr) return done(committed);
    late_->open(options_.late->columns, [this, committed, done](const Result<void>& ready) {
      ready ? done(committed) : fail(ready.error(), done);
    });
  }

  void drop_writers() {
    rows_.reset();
    letters_.reset();
    late_.reset();
  }

  void fail(const Error& error, const std::function<void(Result<Positions>)>& done) {
    failure_ = error;
    loop_.post([alive = std::weak_ptr<int>(alive_), error, done] {
      if (!alive.expired()) done(error);
    });
  }

  KafkaTransactionOptions options_;
  kafka::ClientConfig config_;
  runtime::Loop& loop_;
  runtime::Pool& pool_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::optional<Error> failure_;
  std::shared_ptr<SharedTransaction> shared_;  // the writers hold it too
  std::unique_ptr<data::Sink> rows_;
  std::unique_ptr<data::DeadLetterSink> letters_;
  std::unique_ptr<data::Sink> late_;
};

}  // namespace

std::unique_ptr<data::TransactionalSink> make_kafka_transaction(KafkaTransactionOptions options,
                                                                kafka::ClientConfig config, runtime::Loop& loop,
                                                                runtime::Pool& pool) {
  return std::make_unique<KafkaTransaction>(std::move(options), std::move(config), loop, pool);
}

}  // namespace streamops::connect
