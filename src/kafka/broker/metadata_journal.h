// kafka/broker/metadata_journal.h — what the broker knows besides records, in one journal: topics, configs, the
// cluster's id, producer ids given out.
//
//   entry:  | i8 kind | fields |     written with the protocol's compact types (kafka/protocol/writer.h)
//     1 format     i32 version (1): the first entry of every file
//     2 cluster    string id
//     3 topic      uuid | string name | i32 partitions | i32 n, then n times string config, string value     the whole
//     topic; replaces an earlier one 4 removal    uuid 5 producers  i64: producer ids below it may have been given out
//
// Threads: the broker's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/uuid.h"
#include "kafka/broker/topic_configs.h"
#include "log/journal.h"

namespace streamops::kafka {

struct TopicRecord {
  std::string name;
  Uuid id;
  std::int32_t partitions = 0;
  ConfigValues configs;
};

struct MetadataState {
  std::string cluster_id;
  std::map<Uuid, TopicRecord> topics;
  std::int64_t producer_ids_end = 0;
};

class MetadataJournal {
 public:
  /// Reads or creates the journal. Blocks. Errors: SO-K001 (another version), SO-L001, SO-L002, the disk's.
  static Result<std::unique_ptr<MetadataJournal>> open(const std::string& path, log::SyncOptions sync,
                                                       runtime::Disk& disk, runtime::Loop& loop, runtime::Pool& pool);

  /// What is in the journal, with what was put and not refused since.
  const MetadataState& state() const { return state_; }

  using Done = std::function<void(const Result<void>&)>;
  /// Each changes the state at once and calls `done` when that is durable; on an error the change is undone.
  void put_cluster(const std::string& id, Done done);
  void put_topic(const TopicRecord& topic, Done done);
  void remove_topic(const Uuid& id, Done done);
  void put_producer_ids_end(std::int64_t end, Done done);
  void flush(Done done) { journal_->flush(std::move(done)); }

 private:
  MetadataJournal() = default;
  Result<void> replay(BytesView entry);
  void write(const Bytes& entry, std::function<void()> undo, Done done);
  void rewrite_if_worth();

  std::unique_ptr<log::Journal> journal_;
  MetadataState state_;
  bool has_format_ = false;
};

}  // namespace streamops::kafka
