// kafka/broker/transactions/coordinator.h — the coordinator of all transactions: who may write under a transactional
// id, what a transaction touches, and how it ends.
//
//   InitProducerId ──▶ an identity; older ones are fenced, what they left open is aborted
//   AddPartitionsToTxn, AddOffsetsToTxn, TxnOffsetCommit, Produce ──▶ noted in the journal before it takes effect
//   EndTxn, a time-out ──▶ 1 the decision is made durable  2 a marker in every partition, positions to their groups
//                          3 the answer
//
// Invariants: once the decision is durable it is carried out, however often the process is killed in between: a start
// does step 2 again for every transaction that it finds at `ending`. A transaction that some partition holds open and
// that no journal knows is aborted at the start, so no consumer waits for it for ever.
//
// With the second protocol (KIP-890, Produce 12, TxnOffsetCommit 5, EndTxn 5) each transaction has an epoch of its own
// and partitions join by being written to.
//
// Threads: the broker's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/broker/groups/groups.h"
#include "kafka/broker/topics.h"
#include "kafka/broker/transactions/transaction_journal.h"
#include "kafka/protocol/error_code.h"
#include "runtime/loop.h"

namespace streamops::kafka {

/// The longest time-out that a producer may ask for; Kafka's transaction.max.timeout.ms.
inline constexpr std::int32_t longest_transaction_ms = 900'000;

class TransactionCoordinator {
 public:
  using Done = std::function<void(ErrorCode)>;
  using IdentityDone = std::function<void(ErrorCode, ProducerIdentity)>;

  struct Context {
    std::string directory;
    log::SyncOptions sync;
    Topics& topics;
    Groups& groups;
    runtime::Disk& disk;
    runtime::Loop& loop;
    runtime::Pool& pool;
  };
  /// Reads `<directory>/transactions.journal`; blocks. What was not finished is finished on the loop. Errors: the
  /// journal's, the disk's.
  static Result<std::unique_ptr<TransactionCoordinator>> open(const Context& context);
  ~TransactionCoordinator();

  /// A fresh identity for `id`, fencing whoever holds the one before. `claimed` is what the caller holds already, if
  /// anything (KIP-360). Errors to `done`: invalid_transaction_timeout, producer_fenced, invalid_producer_id_mapping,
  /// concurrent_transactions, coordinator_not_available.
  void begin_producer(const std::string& id, std::int32_t timeout_ms, ProducerIdentity claimed, IdentityDone done);

  /// Makes the partitions part of the transaction, beginning one where none is open; `done` when that is durable.
  /// Errors to `done`: invalid_producer_id_mapping, producer_fenced, concurrent_transactions,
  /// coordinator_not_available.
  void add_partitions(const std::string& id, ProducerIdentity who, const std::vector<TopicPartition>& partitions,
                      Done done);
  /// Whether the partition is part of the open transaction. Errors: as add_partitions(), invalid_txn_state.
  ErrorCode verify(const std::string& id, ProducerIdentity who, const TopicPartition& partition);
  /// Announces positions of `group`. Errors to `done`: as add_partitions().
  void add_group(const std::string& id, ProducerIdentity who, const std::string& group, Done done);
  /// Keeps positions until the end. `may_join` begins a transaction, or adds the group, where that has not been done
  /// before. Errors to `done`: as add_partitions(), invalid_txn_state.
  void add_offsets(const std::string& id, ProducerIdentity who, const std::string& group, OffsetStore::Offsets offsets,
                   bool may_join, Done done);
  /// Ends the transaction; `done` when its markers are durable, with the identity for the next one: a new epoch when
  /// `has_own_epoch` (the second protocol). Errors to `done`: as add_partitions(), invalid_txn_state.
  void end(const std::string& id, ProducerIdentity who, bool commit, bool has_own_epoch, IdentityDone done);

  /// True while a transaction may still change the group's position in this partition.
  bool is_unstable(std::string_view group, const TopicPartition& partition) const;

 private:
  explicit TransactionCoordinator(const Context& context) : context_(context) {}
  ErrorCode check(const std::string& id, ProducerIdentity who, Transaction*& out);
  void begin_when_needed(Transaction& transaction) const;
  void save(const std::string& id, Done done);
  void renew(const std::string& id, std::int32_t timeout_ms, const IdentityDone& done);
  void decide(const std::string& id, ControlType outcome, bool bump_epoch, IdentityDone done);
  void write_markers(const std::string& id, IdentityDone done);
  void markers_written(const std::string& id, bool all, const IdentityDone& done);
  void finish(const std::string& id, const IdentityDone& done);
  void recover();
  void abort_unknown();
  void watch_time();
  void abort_overdue();
  std::int64_t now_ms() const { return to_millis(context_.loop.clock().wall()); }

  Context context_;
  std::unique_ptr<TransactionJournal> journal_;
  std::map<std::string, runtime::TimerPtr> retries_;  // of markers that could not be written
  runtime::TimerPtr watch_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace streamops::kafka
