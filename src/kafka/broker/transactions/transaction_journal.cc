#include "kafka/broker/transactions/transaction_journal.h"

#include <utility>

#include "errors/kafka_transactions.h"
#include "kafka/broker/groups/offset_record.h"

namespace streamops::kafka {
namespace {

enum class Kind : std::int8_t { state = 1, forget = 2 };

/// A rewrite is not worth it below this size.
constexpr std::uint64_t rewrite_floor = 1 << 20;

Writer start(Kind kind, const std::string& id) {
  Writer out;
  out.i8(static_cast<std::int8_t>(kind));
  out.string(id, true);
  return out;
}

void write_producer(Writer& out, const ProducerIdentity& producer) {
  out.i64(producer.id);
  out.i16(producer.epoch);
}

ProducerIdentity read_producer(Reader& in) {
  ProducerIdentity out;
  out.id = in.i64();
  out.epoch = in.i16();
  return out;
}

void write_transaction(Writer& out, const Transaction& transaction) {
  write_producer(out, transaction.producer);
  write_producer(out, transaction.previous);
  out.i32(transaction.timeout_ms);
  out.i8(static_cast<std::int8_t>(transaction.state));
  out.i16(static_cast<std::int16_t>(transaction.outcome));
  out.i64(transaction.started_ms);
  out.i64(transaction.changed_ms);
  out.array(transaction.partitions.size(), true);
  for (const TopicPartition& partition : transaction.partitions) write_partition(out, partition);
  out.array(transaction.offsets.size(), true);
  for (const auto& [group, offsets] : transaction.offsets) {
    out.string(group, true);
    write_offsets(out, offsets);
  }
}

Transaction read_transaction(Reader& in) {
  Transaction out;
  out.producer = read_producer(in);
  out.previous = read_producer(in);
  out.timeout_ms = in.i32();
  out.state = static_cast<TransactionState>(in.i8());
  out.outcome = static_cast<ControlType>(in.i16());
  out.started_ms = in.i64();
  out.changed_ms = in.i64();
  for (std::size_t left = in.array(true, 5); left > 0 && in.ok(); --left) out.partitions.insert(read_partition(in));
  for (std::size_t left = in.array(true, 2); left > 0 && in.ok(); --left) {
    const std::string group = in.string(true);
    std::map<TopicPartition, CommittedOffset>& offsets = out.offsets[group];
    for (auto& [partition, offset] : read_offsets(in)) offsets[std::move(partition)] = std::move(offset);
  }
  return out;
}

Bytes state_record(const std::string& id, const Transaction& transaction) {
  Writer out = start(Kind::state, id);
  write_transaction(out, transaction);
  return std::move(out).take();
}

}  // namespace

Result<std::unique_ptr<TransactionJournal>> TransactionJournal::open(const std::string& path,
                                                                     const log::SyncOptions& sync, runtime::Disk& disk,
                                                                     runtime::Loop& loop, runtime::Pool& pool) {
  std::unique_ptr<TransactionJournal> out(new TransactionJournal());
  log::JournalOptions options;
  options.sync = sync;
  STREAMOPS_ASSIGN(out->journal_, log::Journal::open(path, options, disk, loop, pool,
                                                     [&](BytesView record) { return out->apply(record); }));
  return out;
}

Transaction* TransactionJournal::find(std::string_view id) {
  const auto found = transactions_.find(id);
  return found == transactions_.end() ? nullptr : &found->second;
}

void TransactionJournal::save(const std::string& id, Done done) {
  const Result<log::Journal::Sequence> sequence = journal_->append(state_record(id, transactions_[id]));
  if (!sequence) return done(sequence.error());
  last_ = *sequence;
  has_saved_ = true;
  journal_->when_durable(last_, [this, done = std::move(done)](const Result<void>& synced) {
    if (synced) rewrite_when_worth_it();
    done(synced);
  });
}

void TransactionJournal::when_saved(Done done) {
  if (!has_saved_) return done(Ok());
  journal_->when_durable(last_, std::move(done));
}

void TransactionJournal::forget(const std::string& id) {
  transactions_.erase(id);
  // A record that the disk refuses costs nothing: the id is forgotten again after the next start.
  static_cast<void>(journal_->append(start(Kind::forget, id).take()).ok());
}

Result<void> TransactionJournal::apply(BytesView record) {
  Reader in(record);
  const auto kind = static_cast<Kind>(in.i8());
  const std::string id = in.string(true);
  switch (kind) {
    case Kind::state:
      transactions_[id] = read_transaction(in);
      break;
    case Kind::forget:
      transactions_.erase(id);
      break;
    default:
      return Error(errors::kafka_transactions::unknown_record, "the journal of transactions has a record of kind {}",
                   static_cast<int>(kind));
  }
  return in.finish("transaction journal record", static_cast<std::int16_t>(kind));
}

void TransactionJournal::rewrite_when_worth_it() {
  if (!journal_->worth_rewriting(rewrite_floor)) return;
  // On an error the old file goes on, and the next save tries again.
  const Result<void> rewritten = journal_->rewrite([this](const std::function<void(BytesView)>& emit) {
    for (const auto& [id, transaction] : transactions_) emit(state_record(id, transaction));
  });
  static_cast<void>(rewritten);
}

}  // namespace streamops::kafka
