// kafka/broker/groups/offset_journal.h — committed offsets in a journal on disk, and in memory.
//
//   record:  | i8 kind | compact string group | fields |        (the primitive types of kafka/protocol/writer.h)
//     1 commit         | offsets (offset_record.h) |
//     2 forget         | n × partition |
//     3 forget group   |
//     4 group          | compact string protocol type, i32 generation, i64 empty since ms |
//
// The map in memory holds what is durable; records that wait for the disk are kept aside, as bytes, until it has
// answered. When the journal has grown far beyond the state it is rewritten: first the state, then what waits.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "kafka/broker/groups/offset_store.h"
#include "log/group_sync.h"
#include "log/journal.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::kafka {

class OffsetJournal final : public OffsetStore {
 public:
  /// Opens or creates the file and reads it; blocks. Errors: SO-K150 (a record of another version), the journal's, the
  /// disk's.
  static Result<std::unique_ptr<OffsetJournal>> open(const std::string& path, const log::SyncOptions& sync,
                                                     runtime::Disk& disk, runtime::Loop& loop, runtime::Pool& pool);

  void commit(const std::string& group, Offsets offsets, Done done) override;
  void forget(const std::string& group, std::vector<TopicPartition> partitions, Done done) override;
  void forget_group(const std::string& group, Done done) override;
  void remember(const std::string& group, GroupRecord record) override;
  const StoredGroup* find(std::string_view group) const override;
  const std::map<std::string, StoredGroup, std::less<>>& all() const override { return groups_; }

  std::uint64_t size_bytes() const { return journal_->size_bytes(); }

 private:
  OffsetJournal() = default;
  void append(Bytes record, Done done);
  Result<void> apply(BytesView record);
  void rewrite_when_worth_it();

  std::unique_ptr<log::Journal> journal_;
  std::map<std::string, StoredGroup, std::less<>> groups_;
  std::deque<Bytes> waiting_;  // appended, not yet durable, in order
};

}  // namespace streamops::kafka
