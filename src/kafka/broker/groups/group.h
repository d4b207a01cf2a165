// kafka/broker/groups/group.h — one consumer group of the classic protocol, as a state machine over a loop's timers.
//
//              join                    all members have joined, or time is up        the leader's assignment
//   empty ───────────▶ preparing ───────────────────────────────▶ completing ───────────────────────────▶ stable
//     ▲                  ▲   │ nobody is left                          │  a member joins, leaves or dies      │
//     └──────────────────┼───┘                                         │                                     │
//                        └─────────────────────────────────────────────┴─────────────────────────────────────┘
//
// A generation begins when `preparing` ends. Members whose JoinGroup or SyncGroup waits here are alive by that; all
// others must be heard within their session timeout. A static member (group.instance.id) may come back under a new
// member id and keeps its assignment; it leaves only by its session timeout or when told to by an administrator.
//
// Source: Kafka protocol guide; KIP-62 (rebalance timeout), KIP-134 (initial delay), KIP-345 (static members), KIP-394
// (member ids), KIP-814 (static leader). Threads: the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/broker/groups/group_view.h"
#include "kafka/broker/groups/member.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/messages/join_group.h"
#include "kafka/protocol/messages/sync_group.h"
#include "runtime/loop.h"

namespace streamops::kafka {

struct GroupOptions {
  Microseconds initial_rebalance_delay{0};
  Microseconds min_session_timeout = Seconds{6};
  Microseconds max_session_timeout = Seconds{30 * 60};
  std::size_t max_members = 10'000;
  Microseconds offsets_retention = Seconds{7 * 24 * 3600};
};

/// What the version of a JoinGroup request lets the coordinator say.
struct JoinFeatures {
  bool must_know_id = true;  // a new dynamic member is told its id first and joins with it: version 4 on, KIP-394
  bool may_skip_assignment = true;  // a static leader is told to leave the assignment as it is: version 9 on, KIP-814
};

class Group {
 public:
  /// `on_change` runs when a generation has begun or the group has become empty: what the store remembers has changed.
  Group(std::string id, const GroupOptions& options, runtime::Loop& loop, std::function<void(const Group&)> on_change);
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  /// Goes on counting where a former life of the group ended.
  void restore(std::string protocol_type, std::int32_t generation);

  void join(const JoinGroupRequest& request, const ClientInfo& client, JoinFeatures features, Member::JoinDone done);
  void sync(const SyncGroupRequest& request, Member::SyncDone done);
  ErrorCode heartbeat(const std::string& member, const std::optional<std::string>& instance, std::int32_t generation);
  /// With an instance and no member id, removes that static member.
  ErrorCode leave(const std::string& member, const std::optional<std::string>& instance);
  /// Whether this member may commit offsets now. A commit is a sign of life.
  ErrorCode may_commit(const std::string& member, const std::optional<std::string>& instance, std::int32_t generation);

  const std::string& id() const { return id_; }
  GroupState state() const { return state_; }
  std::int32_t generation() const { return generation_; }
  const std::string& protocol_type() const { return protocol_type_; }
  bool has_members() const { return !members_.empty(); }
  /// No members, and none about to join.
  bool is_idle() const { return members_.empty() && pending_.empty(); }
  /// Topics that its members subscribe to; nothing when the group is not of consumers.
  std::optional<std::set<std::string>> subscribed_topics() const;
  GroupView view() const;

 private:
  using Members = std::map<std::string, Member>;

  // group_join.cc
  ErrorCode check_join(const JoinGroupRequest& request) const;
  bool has_room_for(const std::string& member) const;
  bool supports_protocols(const JoinGroupRequest& request) const;
  void join_without_id(const JoinGroupRequest& request, const ClientInfo& client, JoinFeatures features,
                       Member::JoinDone done);
  void join_with_id(const JoinGroupRequest& request, const ClientInfo& client, Member::JoinDone done);
  void rejoin(Member& member, const JoinGroupRequest& request, const ClientInfo& client, Member::JoinDone done);
  void add_member(const std::string& member_id, const JoinGroupRequest& request, const ClientInfo& client,
                  Member::JoinDone done);
  void add_pending(const std::string& member_id, Microseconds session_timeout);
  void replace_static(const std::string& old_id, const JoinGroupRequest& request, const ClientInfo& client,
                      JoinFeatures features, Member::JoinDone done);
  Member& rename_static(const std::string& old_id, const std::string& new_id);
  JoinGroupResponse joined_unnoticed(const Member& member, const std::string& old_leader, JoinFeatures features) const;
  void wait_for_join(Member& member, const JoinGroupRequest& request, const ClientInfo& client, Member::JoinDone done);
  JoinGroupResponse joined(const Member& member) const;
  std::string new_member_id(const JoinGroupRequest& request, const ClientInfo& client);

  // group_rebalance.cc
  void maybe_prepare_rebalance();
  void prepare_rebalance();
  void initial_delay_over();
  void try_complete_join();
  void complete_join();
  void begin_generation();
  bool elect_joined_leader();
  std::string select_protocol() const;
  std::set<std::string> common_protocols() const;
  Microseconds rebalance_timeout() const;
  void fail_syncs(ErrorCode error);
  void assign(const SyncGroupRequest& request);
  void sync_time_over();
  void synced(const std::string& member);

  // group.cc
  ErrorCode check_member(const std::string& member, const std::optional<std::string>& instance) const;
  ErrorCode check_generation(const std::string& member, const std::optional<std::string>& instance,
                             std::int32_t generation) const;
  void remove_member(const std::string& member);
  void touch(Member& member);
  void watch(Member& member, runtime::MonotonicTime until);
  void check_session(const std::string& member);

  std::string id_;
  const GroupOptions& options_;
  runtime::Loop& loop_;
  std::function<void(const Group&)> on_change_;

  GroupState state_ = GroupState::empty;
  std::int32_t generation_ = 0;
  std::string protocol_type_;
  std::string protocol_;
  std::string leader_;
  Members members_;
  std::map<std::string, std::string> static_;         // instance id -> member id
  std::map<std::string, runtime::TimerPtr> pending_;  // members that were told their id and have not joined with it yet
  std::set<std::string> unsynced_;  // members of this generation that have not asked for their assignment

  runtime::TimerPtr rebalance_timer_;
  runtime::TimerPtr sync_timer_;
  bool is_initial_delay_ = false;
  bool joined_during_delay_ = false;
  Microseconds delay_left_{0};
};

/// The answer that refuses a join.
JoinGroupResponse refused_join(ErrorCode error, const std::string& member);

}  // namespace streamops::kafka
