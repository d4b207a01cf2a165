// kafka/broker/partition.h — one partition: its log, the producers and transactions it knows, and the consumers that
// wait for its next record.
//
// Invariants: a batch is judged, appended and noted in one go, so the sequence of a producer has no gap in the log; an
// answer leaves only when the batch counts as done under the sync policy, also for a batch that is recognised as sent
// twice. Threads: the broker's loop. Shared ownership: a produce that waits for the disk keeps its partition alive
// while its topic is deleted.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "kafka/broker/partition_transactions.h"
#include "kafka/broker/producers.h"
#include "kafka/broker/topic_configs.h"
#include "kafka/protocol/error_code.h"
#include "log/partition_log.h"

namespace streamops::kafka {

/// Something that waits for new records of any of several partitions.
class FetchWaiter {
 public:
  virtual ~FetchWaiter() = default;
  /// New records are readable, or the partition is going away. Register again to hear of the next.
  virtual void wake() = 0;
};

/// What became of a produced batch.
struct AppendOutcome {
  ErrorCode error = ErrorCode::none;
  std::string message;  // for a person; empty without error
  Offset base_offset = -1;
  std::int64_t log_append_time = -1;  // ms since the epoch; -1 when records keep the producer's time
};

class Partition : public std::enable_shared_from_this<Partition> {
 public:
  /// Opens its log and learns its producers from it. Blocks. Errors: the disk's.
  static Result<std::shared_ptr<Partition>> open(std::int32_t index, const std::string& directory,
                                                 const TopicRules& rules, runtime::Disk& disk, runtime::Loop& loop,
                                                 runtime::Pool& pool);

  /// Checks and appends the one batch in `records`, which is changed in place; `done` hears when it is acknowledged or
  /// refused.
  void produce(std::span<std::uint8_t> records, bool wait_for_all, std::function<void(AppendOutcome)> done);

  /// Ends the producer's transaction here with a marker; `done` when the marker is acknowledged. Errors: the disk's.
  void end_transaction(std::int64_t producer_id, std::int16_t epoch, ControlType type,
                       std::function<void(const Result<void>&)> done);

  /// Wakes `waiter` once, at the next new record.
  void wait(const std::shared_ptr<FetchWaiter>& waiter);
  void wake_waiters();

  /// The first record whose timestamp (ms) is at or after `timestamp`: offset and timestamp. Errors: the log's, SO-K1xx
  /// (a broken batch).
  struct Found {
    Offset offset;
    std::int64_t timestamp;
  };
  Result<std::optional<Found>> find_time(std::int64_t timestamp);
  /// The record with the largest timestamp.
  Result<std::optional<Found>> find_latest();

  void set_rules(const TopicRules& rules);
  /// Syncs and indexes everything, whatever the policy; `done` at the end.
  void close(log::GroupSync::Done done);
  /// Retention, and producers that were silent for a day. `now` in ms since the epoch.
  void maintain(std::int64_t now);

  std::int32_t index() const { return index_; }
  log::PartitionLog& log() { return *log_; }
  const log::PartitionLog& log() const { return *log_; }
  const Producers& producers() const { return producers_; }
  const PartitionTransactions& transactions() const { return transactions_; }
  /// Where a consumer of committed records stops: below every open transaction.
  Offset last_stable_offset() const { return transactions_.last_stable_offset(log_->high_watermark()); }

 private:
  struct Place {
    std::string directory;
    runtime::Disk& disk;
    runtime::Loop& loop;
    runtime::Pool& pool;
  };
  Partition(std::int32_t index, const TopicRules& rules, Place place, std::unique_ptr<log::PartitionLog> log);
  Result<void> learn();
  Result<void> learn_batch(const log::BatchHeader& batch);
  void save_snapshot();
  std::string snapshot_path() const { return place_.directory + "/producers"; }
  AppendOutcome judge(std::span<const std::uint8_t> records, bool wait_for_all) const;
  void answer_when_durable(Offset end, AppendOutcome outcome, std::function<void(AppendOutcome)> done);
  Result<std::optional<Found>> search_batch(Offset base_offset,
                                            const std::function<bool(std::int64_t timestamp)>& wanted);

  std::int32_t index_;
  TopicRules rules_;
  Place place_;
  std::unique_ptr<log::PartitionLog> log_;
  Producers producers_;
  PartitionTransactions transactions_;
  std::uint64_t unsaved_bytes_ = 0;  // appended since the last snapshot
  bool saving_ = false;
  std::vector<std::weak_ptr<FetchWaiter>> waiters_;
};

}  // namespace streamops::kafka
