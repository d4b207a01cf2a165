// kafka/broker/topics.h — the topics of the broker: created, found, changed and removed; their partitions; producer
// ids.
//
//   data/metadata.journal                             which topics there are (kafka/broker/metadata_journal.h)
//   data/topics/<name>.<uuid>/<partition>/            the partition's log (log/partition_log.h)
//
// Invariants: a topic is visible only when its journal entry is durable; directories without an entry are leftovers and
// go at the next start, so a crash in the middle of a creation or removal leaves no half topic. Names are unique; ids
// never come again. Threads: the broker's loop; directories are made and removed in the pool.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "kafka/broker/metadata_journal.h"
#include "kafka/broker/partition.h"
#include "kafka/broker/topic_configs.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/pool.h"
#include "settings/kafka.h"

namespace streamops::kafka {

class Topic {
 public:
  const std::string& name() const { return record_.name; }
  const Uuid& id() const { return record_.id; }
  std::int32_t partition_count() const { return static_cast<std::int32_t>(partitions_.size()); }
  const ConfigValues& configs() const { return record_.configs; }
  /// nullptr when there is no such partition, or when it is offline.
  Partition* partition(std::int32_t index) const;
  bool has_partition(std::int32_t index) const { return index >= 0 && index < partition_count(); }
  /// Why a partition is offline, or what its recovery found; empty when all is well.
  std::string problem(std::int32_t index) const;

 private:
  friend class Topics;
  TopicRecord record_;
  std::vector<std::shared_ptr<Partition>> partitions_;  // nullptr: offline
  std::map<std::int32_t, std::string> problems_;
};

class Topics {
 public:
  using Done = std::function<void(const Result<void>&)>;

  struct Context {
    std::string directory;
    const settings::Kafka& settings;
    runtime::Disk& disk;
    runtime::Loop& loop;
    runtime::Pool& pool;
  };
  /// Recovers every topic. Blocks. A partition that cannot be opened is offline; the others are served. Errors: as
  /// MetadataJournal::open().
  static Result<std::unique_ptr<Topics>> open(const Context& context);
  ~Topics();

  const Topic* find(std::string_view name) const;
  const Topic* find(const Uuid& id) const;
  /// By name.
  const std::map<std::string, std::shared_ptr<Topic>, std::less<>>& all() const { return by_name_; }
  std::int64_t partition_total() const;

  /// What create() would say. `partitions` -1: the default. Errors: SO-K022 (name), SO-K023 (exists), SO-K024
  /// (partitions), SO-K020, SO-K021 (configs).
  Result<void> check_create(std::string_view name, std::int32_t partitions, const ConfigValues& configs) const;
  /// `done` when the topic is durable and visible. Errors: as check_create(), the disk's.
  void create(const std::string& name, std::int32_t partitions, const ConfigValues& configs, Done done);
  /// `done` when the topic is gone for good. Errors: SO-K010, the disk's.
  void remove(const Uuid& id, Done done);
  /// Errors: SO-K010, SO-K024, the disk's.
  Result<void> check_grow(std::string_view name, std::int32_t count) const;
  void grow(const std::string& name, std::int32_t count, Done done);
  /// Replaces the topic's own configs. Errors: SO-K010, SO-K020, SO-K021, the disk's.
  void set_configs(const std::string& name, const ConfigValues& configs, Done done);

  /// A producer id that was never given out before, not even before a crash. Errors: the disk's.
  void next_producer_id(std::function<void(Result<std::int64_t>)> done);
  const std::string& cluster_id() const { return journal_->state().cluster_id; }

  /// Retention of every partition. `now` in ms since the epoch.
  void maintain(std::int64_t now);
  /// Syncs and indexes every log; `done` at the end, whatever happened.
  void close(std::function<void()> done);

 private:
  explicit Topics(const Context& context) : context_(context) {}
  std::string root() const { return context_.directory + "/topics"; }
  std::string directory_of(const TopicRecord& record) const;
  std::shared_ptr<Topic> make_topic(const TopicRecord& record);
  void open_partitions(Topic& topic, std::int32_t from);
  Result<void> remove_leftovers();
  void add(const std::shared_ptr<Topic>& topic);
  void make_directories(const TopicRecord& record, std::int32_t from, Done done);
  void hand_out_producer_ids();
  Result<void> check_partitions(std::int64_t more) const;

  Context context_;
  std::unique_ptr<MetadataJournal> journal_;
  std::map<std::string, std::shared_ptr<Topic>, std::less<>> by_name_;
  std::map<Uuid, std::shared_ptr<Topic>> by_id_;
  std::set<std::string, std::less<>> changing_;  // topics under creation or growth
  std::int64_t next_producer_id_ = 0;
  std::int64_t producer_ids_end_ = 0;  // durable
  bool reserving_producer_ids_ = false;
  std::deque<std::function<void(Result<std::int64_t>)>> producer_id_waiters_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // what comes back from the pool asks it
};

/// 1 to 249 of letters, digits, '.', '_' and '-', but not "." or "..".
bool is_topic_name(std::string_view name);

}  // namespace streamops::kafka
