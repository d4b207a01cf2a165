// Transactions and state of a MemoryWorld: what is not committed never was, and a state goes back by one epoch.
#include "errors/pipeline.h"
#include "pipeline/memory_ports.h"

namespace streamops::pipeline {

namespace {

using Positions = std::vector<data::Position>;

class MemoryTransaction final : public data::TransactionalSink {
 public:
  MemoryTransaction(MemoryWorld& world, KafkaTransactionSpec spec, std::string owner, runtime::Loop& loop)
      : world_(world), spec_(std::move(spec)), owner_(std::move(owner)), loop_(loop) {}

  void open(const data::SchemaPtr& schema, std::function<void(Result<Positions>)> done) override {
    if (!world_.permits("open")) return;
    pending_->clear();
    lost_ = false;
    number_ = ++shared().opened;
    const MemoryStage stage = [pending = pending_](std::function<void()> change) {
      pending->push_back(std::move(change));
    };
    rows_ = make_memory_topic_sink(world_, loop_, spec_.sink, stage);
    letters_ = make_memory_dead_letters(world_, loop_, spec_.dead_letters, stage);
    if (spec_.late) {
      late_ = make_memory_topic_sink(world_, loop_, *spec_.late, stage);
      late_->open(spec_.late_columns, [](const Result<void>&) {});
    }
    rows_->open(schema, [positions = shared().positions, done = std::move(done)](const Result<void>& opened) {
      opened ? done(positions) : done(opened.error());
    });
  }

  data::Sink& rows() override { return *rows_; }
  data::DeadLetterSink& dead_letters() override { return *letters_; }
  data::Sink* late() override { return late_.get(); }

  void commit(std::vector<data::Position> positions, std::function<void(Result<void>)> done) override {
    if (!world_.permits("commit")) return;
    if (number_ != shared().opened) return answer(std::move(done), shut_out());
    if (world_.lost_transactions > 0) {
      --world_.lost_transactions;
      lost_ = true;
      return answer(std::move(done), Error(errors::pipeline::stopped, "the transaction was dropped"));
    }
    for (const std::function<void()>& change : std::exchange(*pending_, {})) change();
    shared().positions = std::move(positions);
    if (world_.permits("answer")) answer(std::move(done), Ok());
  }

  bool can_start_over() const override { return lost_; }
  std::optional<Error> trouble() const override { return std::nullopt; }
  void close(std::function<void()> done) override {
    pending_->clear();
    loop_.post(std::move(done));
  }

 private:
  MemoryTransactions& shared() { return world_.transactions[owner_]; }
  Error shut_out() const { return Error(errors::pipeline::newer_owner, "another owner has opened {}", owner_); }
  void answer(std::function<void(Result<void>)> done, Result<void> result) {
    loop_.post([done = std::move(done), result = std::move(result)] { done(result); });
  }

  MemoryWorld& world_;
  KafkaTransactionSpec spec_;
  std::string owner_;
  runtime::Loop& loop_;
  std::shared_ptr<std::vector<std::function<void()>>> pending_ = std::make_shared<std::vector<std::function<void()>>>();
  int number_ = 0;
  bool lost_ = false;
  std::unique_ptr<data::Sink> rows_;
  std::unique_ptr<data::DeadLetterSink> letters_;
  std::unique_ptr<data::Sink> late_;
};

class MemoryStateStore final : public StateStore {
 public:
  MemoryStateStore(MemoryWorld& world, std::string owner, runtime::Loop& loop)
      : world_(world), owner_(std::move(owner)), loop_(loop) {}

  void load(std::uint64_t newest, std::function<void(Result<StoredState>)> done) override {
    MemoryState& state = world_.states[owner_];
    if (state.epoch > newest) {
      state.entries = state.entries_before;
      state.epoch = state.before;
    }
    StoredState stored{state.epoch, {state.entries.begin(), state.entries.end()}};
    loop_.post([done = std::move(done), stored = std::move(stored)] { done(stored); });
  }

  void commit(StateCommit commit, std::function<void(Result<void>)> done) override {
    if (!world_.permits("store")) return;
    if (world_.cannot_save) {
      return loop_.post([done = std::move(done), error = *world_.cannot_save] { done(error); });
    }
    MemoryState& state = world_.states[owner_];
    state.entries_before = state.entries;
    state.before = state.epoch;
    state.epoch = commit.epoch;
    for (auto& [key, value] : commit.changes) {
      value ? static_cast<void>(state.entries[key] = *value) : static_cast<void>(state.entries.erase(key));
    }
    loop_.post([done = std::move(done)] { done(Ok()); });
  }

 private:
  MemoryWorld& world_;
  std::string owner_;
  runtime::Loop& loop_;
};

}  // namespace

std::unique_ptr<data::TransactionalSink> make_memory_transaction(MemoryWorld& world, KafkaTransactionSpec spec,
                                                                 std::string owner, runtime::Loop& loop) {
  return std::make_unique<MemoryTransaction>(world, std::move(spec), std::move(owner), loop);
}

std::unique_ptr<StateStore> make_memory_state(MemoryWorld& world, std::string owner, runtime::Loop& loop) {
  return std::make_unique<MemoryStateStore>(world, std::move(owner), loop);
}

}  // namespace streamops::pipeline
