// kafka/broker/groups/offset_store.h — where committed offsets live.
//
// Invariants: what was reported as done survives a crash; what is found is what was reported as done (a commit that
// waits for the disk is not visible yet). Changes of one group take effect in the order of the calls. Threads: the
// broker's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace streamops::kafka {

struct CommittedOffset {
  std::int64_t offset = -1;
  std::int32_t leader_epoch = -1;
  std::string metadata;
  std::int64_t commit_time_ms = 0;  // since 1970

  friend bool operator==(const CommittedOffset&, const CommittedOffset&) = default;
};

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;

  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

/// What is remembered of a group besides its offsets.
struct GroupRecord {
  std::string protocol_type;  // "consumer"; empty for a group that only stores offsets
  std::int32_t generation = 0;
  std::int64_t empty_since_ms = -1;  // since 1970; -1 while it has members

  friend bool operator==(const GroupRecord&, const GroupRecord&) = default;
};

struct StoredGroup {
  GroupRecord record;
  std::map<TopicPartition, CommittedOffset> offsets;

  friend bool operator==(const StoredGroup&, const StoredGroup&) = default;
};

class OffsetStore {
 public:
  /// Called on the loop when the change is durable under the broker's sync policy, or with the disk's error; then
  /// nothing has changed.
  using Done = std::function<void(const Result<void>&)>;
  using Offsets = std::vector<std::pair<TopicPartition, CommittedOffset>>;

  virtual ~OffsetStore() = default;
  virtual void commit(const std::string& group, Offsets offsets, Done done) = 0;
  virtual void forget(const std::string& group, std::vector<TopicPartition> partitions, Done done) = 0;
  /// Forgets the group with all its offsets.
  virtual void forget_group(const std::string& group, Done done) = 0;
  /// Remembers a group's record; lost at most with what followed it.
  virtual void remember(const std::string& group, GroupRecord record) = 0;

  /// nullptr when nothing is stored for it. Valid until the loop's next turn.
  virtual const StoredGroup* find(std::string_view group) const = 0;
  virtual const std::map<std::string, StoredGroup, std::less<>>& all() const = 0;
};

}  // namespace streamops::kafka
