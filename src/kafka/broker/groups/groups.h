// kafka/broker/groups/groups.h — the coordinator of all consumer groups: who is in them, and the offsets that they
// committed.
//
//   JoinGroup … LeaveGroup ──▶ Group (one state machine a group, in memory)
//   OffsetCommit, OffsetFetch ──▶ OffsetStore (a journal on disk; an answer means that it is durable)
//
// Members live in memory only: after a restart of the broker they are told UNKNOWN_MEMBER_ID and join again, as clients
// do after any loss of their coordinator. Offsets, generations and protocol types survive.
//
// Threads: the broker's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kafka/broker/groups/group.h"
#include "kafka/broker/groups/group_view.h"
#include "kafka/broker/groups/offset_store.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/messages/heartbeat.h"
#include "kafka/protocol/messages/join_group.h"
#include "kafka/protocol/messages/sync_group.h"
#include "log/group_sync.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::settings {
struct Kafka;
}

namespace streamops::kafka {

GroupOptions group_options(const settings::Kafka& settings);

/// Who commits: a member in a generation, or (generation -1, no member) a client that only stores offsets.
struct Committer {
  std::string member;
  std::optional<std::string> instance;
  std::int32_t generation = -1;
};

class Groups {
 public:
  /// Reads `<directory>/offsets.journal` (blocks). Errors: the journal's (SO-L001, SO-L002) and the disk's.
  static Result<std::unique_ptr<Groups>> open(const std::string& directory, const GroupOptions& options,
                                              const log::SyncOptions& sync, runtime::Disk& disk, runtime::Loop& loop,
                                              runtime::Pool& pool);
  Groups(std::unique_ptr<OffsetStore> store, const GroupOptions& options, runtime::Loop& loop);
  ~Groups();

  // --- members; each `done` is called once, now or later ---
  void join(const JoinGroupRequest& request, const ClientInfo& client, JoinFeatures features, Member::JoinDone done);
  void sync(const SyncGroupRequest& request, Member::SyncDone done);
  ErrorCode heartbeat(const HeartbeatRequest& request);
  ErrorCode leave(const std::string& group, const std::string& member, const std::optional<std::string>& instance);

  // --- offsets ---
  /// `done` hears one code for all: none when they are durable.
  void commit(const std::string& group, const Committer& who, OffsetStore::Offsets offsets,
              std::function<void(ErrorCode)> done);
  /// The first half of commit(): whether it would be allowed. A sign of life of the member.
  ErrorCode may_commit(const std::string& name, const Committer& who);
  /// The other half, for a transaction that was allowed to when its offsets came: keeps them, whoever asks.
  void store(const std::string& name, OffsetStore::Offsets offsets, std::function<void(ErrorCode)> done);
  /// nullptr when nothing is committed.
  const CommittedOffset* committed(std::string_view group, const TopicPartition& partition) const;
  /// All of a group's offsets; nullptr when it has none.
  const std::map<TopicPartition, CommittedOffset>* committed(std::string_view group) const;
  /// Forgets offsets of one group. `done` hears, for each partition, none or group_subscribed_to_topic, or one error
  /// for all.
  void forget(const std::string& group, std::vector<TopicPartition> partitions,
              std::function<void(ErrorCode, std::vector<ErrorCode>)> done);
  /// After a topic was deleted: no offset may outlive it.
  void forget_topic(std::string_view topic);

  // --- administration ---
  /// Errors to `done`: non_empty_group, group_id_not_found.
  void remove(const std::string& group, std::function<void(ErrorCode)> done);
  /// nullopt when there is no such group.
  std::optional<GroupView> view(std::string_view group) const;
  std::vector<GroupView> views() const;

 private:
  Group* find(std::string_view group) const;
  Group& find_or_create(const std::string& group);
  void group_changed(const Group& group);
  void schedule_expiry();
  void expire();
  std::vector<TopicPartition> expired(const StoredGroup& group, std::int64_t now_ms) const;
  bool is_past_retention(std::int64_t since_ms, std::int64_t now_ms) const;

  GroupOptions options_;
  runtime::Loop& loop_;
  std::unique_ptr<OffsetStore> store_;
  std::map<std::string, std::unique_ptr<Group>, std::less<>> groups_;
  runtime::TimerPtr expiry_timer_;
};

}  // namespace streamops::kafka
