#include "kafka/broker/transactions/coordinator.h"

#include <utility>

namespace streamops::kafka {
namespace {

constexpr Microseconds watch_interval = Milliseconds{500};
/// How long an id that nobody uses is remembered; Kafka's transactional.id.expiration.ms.
constexpr std::int64_t id_memory_ms = 7LL * 86'400'000;

}  // namespace

Result<std::unique_ptr<TransactionCoordinator>> TransactionCoordinator::open(const Context& context) {
  std::unique_ptr<TransactionCoordinator> out(new TransactionCoordinator(context));
  STREAMOPS_ASSIGN(out->journal_, TransactionJournal::open(context.directory + "/transactions.journal", context.sync,
                                                           context.disk, context.loop, context.pool));
  context.loop.post([self = out.get(), alive = std::weak_ptr<bool>(out->alive_)] {
    if (!alive.expired()) self->recover();
  });
  return out;
}

TransactionCoordinator::~TransactionCoordinator() = default;

ErrorCode TransactionCoordinator::check(const std::string& id, ProducerIdentity who, Transaction*& out) {
  out = journal_->find(id);
  if (out == nullptr || out->producer.id != who.id) return ErrorCode::invalid_producer_id_mapping;
  if (out->producer.epoch != who.epoch) return ErrorCode::producer_fenced;
  return out->state == TransactionState::ending ? ErrorCode::concurrent_transactions : ErrorCode::none;
}

void TransactionCoordinator::begin_when_needed(Transaction& transaction) const {
  if (transaction.state == TransactionState::ongoing) return;
  transaction.state = TransactionState::ongoing;
  transaction.outcome = ControlType::unknown;
  transaction.partitions.clear();
  transaction.offsets.clear();
  transaction.started_ms = transaction.changed_ms = now_ms();
}

void TransactionCoordinator::save(const std::string& id, Done done) {
  journal_->save(id, [done = std::move(done)](const Result<void>& saved) {
    done(saved ? ErrorCode::none : ErrorCode::coordinator_not_available);
  });
}

// --- identities
// ------------------------------------------------------------------------------------------------------

void TransactionCoordinator::begin_producer(const std::string& id, std::int32_t timeout_ms, ProducerIdentity claimed,
                                            IdentityDone done) {
  if (timeout_ms <= 0 || timeout_ms > longest_transaction_ms) return done(ErrorCode::invalid_transaction_timeout, {});
  Transaction* transaction = journal_->find(id);
  if (transaction == nullptr) {
    if (claimed.id >= 0) return done(ErrorCode::invalid_producer_id_mapping, {});
    return renew(id, timeout_ms, done);
  }
  if (transaction->state == TransactionState::ending) return done(ErrorCode::concurrent_transactions, {});
  if (claimed.id >= 0 && claimed != transaction->producer) {
    // The answer to an earlier request got lost, or somebody else has taken over.
    const bool is_repeat = claimed == transaction->previous && transaction->state == TransactionState::empty;
    return is_repeat ? done(ErrorCode::none, transaction->producer) : done(ErrorCode::producer_fenced, {});
  }
  if (transaction->state != TransactionState::ongoing) return renew(id, timeout_ms, done);
  decide(id, ControlType::abort, true,
         [this, id, timeout_ms, done = std::move(done)](ErrorCode error, ProducerIdentity) {
           if (error != ErrorCode::none) return done(error, {});
           renew(id, timeout_ms, done);
         });
}

// The next epoch, or an id that nobody had, when there is none or its epochs are used up.
void TransactionCoordinator::renew(const std::string& id, std::int32_t timeout_ms, const IdentityDone& done) {
  Transaction* known = journal_->find(id);
  const bool has_epochs_left = known != nullptr && known->producer.epoch < last_client_epoch;
  const auto take = [this, id, timeout_ms, done](ProducerIdentity next) {
    Transaction& transaction = journal_->at(id);
    transaction.previous = transaction.producer;
    transaction.producer = next;
    transaction.timeout_ms = timeout_ms;
    transaction.state = TransactionState::empty;
    transaction.changed_ms = now_ms();
    save(id, [done, next](ErrorCode error) { done(error, next); });
  };
  if (has_epochs_left) return take({known->producer.id, static_cast<std::int16_t>(known->producer.epoch + 1)});
  context_.topics.next_producer_id([take, done](const Result<std::int64_t>& fresh) {
    fresh ? take({*fresh, 0}) : done(ErrorCode::coordinator_not_available, {});
  });
}

// --- what a transaction touches
// --------------------------------------------------------------------------------------

void TransactionCoordinator::add_partitions(const std::string& id, ProducerIdentity who,
                                            const std::vector<TopicPartition>& partitions, Done done) {
  Transaction* transaction = nullptr;
  if (const ErrorCode error = check(id, who, transaction); error != ErrorCode::none) return done(error);
  bool has_changed = transaction->state != TransactionState::ongoing;
  begin_when_needed(*transaction);
  for (const TopicPartition& each : partitions) has_changed |= transaction->partitions.insert(each).second;
  if (has_changed) return save(id, std::move(done));
  journal_->when_saved([done = std::move(done)](const Result<void>& saved) {
    done(saved ? ErrorCode::none : ErrorCode::coordinator_not_available);
  });
}

ErrorCode TransactionCoordinator::verify(const std::string& id, ProducerIdentity who, const TopicPartition& partition) {
  Transaction* transaction = nullptr;
  if (const ErrorCode error = check(id, who, transaction); error != ErrorCode::none) return error;
  const bool is_part = transaction->state == TransactionState::ongoing && transaction->partitions.contains(partition);
  return is_part ? ErrorCode::none : ErrorCode::invalid_txn_state;
}

void TransactionCoordinator::add_group(const std::string& id, ProducerIdentity who, const std::string& group,
                                       Done done) {
  Transaction* transaction = nullptr;
  if (const ErrorCode error = check(id, who, transaction); error != ErrorCode::none) return done(error);
  begin_when_needed(*transaction);
  transaction->offsets.try_emplace(group);
  save(id, std::move(done));
}

void TransactionCoordinator::add_offsets(const std::string& id, ProducerIdentity who, const std::string& group,
                                         OffsetStore::Offsets offsets, bool may_join, Done done) {
  Transaction* transaction = nullptr;
  if (const ErrorCode error = check(id, who, transaction); error != ErrorCode::none) return done(error);
  if (may_join) begin_when_needed(*transaction);
  const bool is_announced = transaction->offsets.contains(group);
  if (transaction->state != TransactionState::ongoing || (!may_join && !is_announced))
    return done(ErrorCode::invalid_txn_state);
  auto& kept = transaction->offsets[group];
  for (auto& [partition, offset] : offsets) kept.insert_or_assign(std::move(partition), std::move(offset));
  save(id, std::move(done));
}

bool TransactionCoordinator::is_unstable(std::string_view group, const TopicPartition& partition) const {
  for (const auto& [id, transaction] : journal_->all()) {
    if (transaction.state != TransactionState::ongoing && transaction.state != TransactionState::ending) continue;
    const auto found = transaction.offsets.find(std::string(group));
    if (found != transaction.offsets.end() && found->second.contains(partition)) return true;
  }
  return false;
}

// --- the end
// ---------------------------------------------------------------------------------------------------------

void TransactionCoordinator::end(const std::string& id, ProducerIdentity who, bool commit, bool has_own_epoch,
                                 IdentityDone done) {
  const ControlType outcome = commit ? ControlType::commit : ControlType::abort;
  Transaction* known = journal_->find(id);
  if (has_own_epoch && known != nullptr && known->state == TransactionState::ended && known->previous == who) {
    // The answer got lost: the epoch has moved on already.
    return known->outcome == outcome ? done(ErrorCode::none, known->producer) : done(ErrorCode::producer_fenced, {});
  }
  Transaction* transaction = nullptr;
  if (const ErrorCode error = check(id, who, transaction); error != ErrorCode::none) return done(error, {});
  if (transaction->state == TransactionState::ongoing) return decide(id, outcome, has_own_epoch, std::move(done));
  if (!has_own_epoch && transaction->state == TransactionState::ended && transaction->outcome == outcome)
    return done(ErrorCode::none, transaction->producer);
  // Under the second protocol a producer may abort before the broker has heard of any of its records.
  if (has_own_epoch && !commit) return decide(id, outcome, true, std::move(done));
  done(ErrorCode::invalid_txn_state, {});
}

// From the moment that this is durable there is no way back.
void TransactionCoordinator::decide(const std::string& id, ControlType outcome, bool bump_epoch, IdentityDone done) {
  Transaction& transaction = journal_->at(id);
  const Transaction before = transaction;
  if (transaction.state != TransactionState::ongoing) {
    transaction.partitions.clear();
    transaction.offsets.clear();
  }
  transaction.state = TransactionState::ending;
  transaction.outcome = outcome;
  transaction.changed_ms = now_ms();
  if (bump_epoch) {
    transaction.previous = transaction.producer;
    transaction.producer.epoch = static_cast<std::int16_t>(transaction.producer.epoch + 1);
  }
  journal_->save(id, [this, id, before, done = std::move(done)](const Result<void>& saved) mutable {
    if (saved) return write_markers(id, std::move(done));
    journal_->at(id) = before;
    done(ErrorCode::coordinator_not_available, {});
  });
}

void TransactionCoordinator::write_markers(const std::string& id, IdentityDone done) {
  const Transaction& transaction = journal_->at(id);
  struct Progress {
    std::size_t waiting = 1;
    bool all = true;
  };
  auto progress = std::make_shared<Progress>();
  const auto one_done = [this, id, progress, done = std::move(done)](bool ok) {
    progress->all = progress->all && ok;
    if (--progress->waiting == 0) markers_written(id, progress->all, done);
  };
  for (const TopicPartition& each : transaction.partitions) {
    const Topic* topic = context_.topics.find(each.topic);
    if (topic == nullptr || !topic->has_partition(each.partition)) continue;  // deleted since
    Partition* partition = topic->partition(each.partition);
    progress->waiting += 1;
    if (partition == nullptr) {
      one_done(false);  // offline: its marker has to wait
      continue;
    }
    partition->end_transaction(transaction.producer.id, transaction.producer.epoch, transaction.outcome,
                               [one_done](const Result<void>& written) { one_done(written.ok()); });
  }
  if (transaction.outcome == ControlType::commit) {
    for (const auto& [group, offsets] : transaction.offsets) {
      if (offsets.empty()) continue;
      progress->waiting += 1;
      context_.groups.store(group, {offsets.begin(), offsets.end()},
                            [one_done](ErrorCode error) { one_done(error == ErrorCode::none); });
    }
  }
  one_done(true);
}

void TransactionCoordinator::markers_written(const std::string& id, bool all, const IdentityDone& done) {
  if (all) return finish(id, done);
  // The decision stands, so the client need not wait for a partition that is away.
  done(ErrorCode::none, journal_->at(id).producer);
  retries_[id] = context_.loop.after(Seconds{1}, [this, id] {
    const runtime::TimerPtr fired = std::move(retries_[id]);
    retries_.erase(id);
    write_markers(id, [](ErrorCode, ProducerIdentity) {});
  });
}

void TransactionCoordinator::finish(const std::string& id, const IdentityDone& done) {
  const auto close = [this, id, done](ProducerIdentity next) {
    Transaction& transaction = journal_->at(id);
    transaction.producer = next;
    transaction.state = TransactionState::ended;
    transaction.partitions.clear();
    transaction.offsets.clear();
    transaction.changed_ms = now_ms();
    // Need not be durable: a start that does not find it writes the same markers once more, before anything else.
    save(id, [](ErrorCode) {});
    done(ErrorCode::none, next);
  };
  const ProducerIdentity current = journal_->at(id).producer;
  if (current.epoch <= last_client_epoch) return close(current);
  context_.topics.next_producer_id(
      [close, current](const Result<std::int64_t>& fresh) { close(fresh ? ProducerIdentity{*fresh, 0} : current); });
}

// --- over time
// -------------------------------------------------------------------------------------------------------

void TransactionCoordinator::recover() {
  for (const auto& [id, transaction] : journal_->all()) {
    if (transaction.state == TransactionState::ending) write_markers(id, [](ErrorCode, ProducerIdentity) {});
  }
  abort_unknown();
  watch_time();
}

void TransactionCoordinator::abort_unknown() {
  std::map<std::int64_t, const Transaction*> known;
  for (const auto& [id, transaction] : journal_->all()) known[transaction.producer.id] = &transaction;
  for (const auto& [name, topic] : context_.topics.all()) {
    for (std::int32_t index = 0; index < topic->partition_count(); ++index) {
      Partition* partition = topic->partition(index);
      if (partition == nullptr) continue;
      const std::map<std::int64_t, Offset> open = partition->transactions().open();
      for (const auto& [producer, first] : open) {
        const auto found = known.find(producer);
        if (found != known.end() && found->second->partitions.contains({name, index})) continue;
        const auto epoch = partition->producers().all().find(producer);
        if (epoch == partition->producers().all().end()) continue;
        partition->end_transaction(producer, epoch->second.epoch, ControlType::abort, [](const Result<void>&) {});
      }
    }
  }
}

void TransactionCoordinator::watch_time() {
  watch_timer_ = context_.loop.after(watch_interval, [this] {
    abort_overdue();
    watch_time();
  });
}

void TransactionCoordinator::abort_overdue() {
  const std::int64_t now = now_ms();
  std::vector<std::string> overdue;
  std::vector<std::string> unused;
  for (const auto& [id, transaction] : journal_->all()) {
    const bool is_open = transaction.state == TransactionState::ongoing;
    if (is_open && now - transaction.started_ms > transaction.timeout_ms) overdue.push_back(id);
    if (!is_open && transaction.state != TransactionState::ending && now - transaction.changed_ms > id_memory_ms)
      unused.push_back(id);
  }
  for (const std::string& id : overdue) decide(id, ControlType::abort, true, [](ErrorCode, ProducerIdentity) {});
  for (const std::string& id : unused) journal_->forget(id);
}

}  // namespace streamops::kafka
