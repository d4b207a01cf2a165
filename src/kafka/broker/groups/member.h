// kafka/broker/groups/member.h — one member of a consumer group, as the coordinator knows it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "kafka/protocol/messages/join_group.h"
#include "kafka/protocol/messages/sync_group.h"
#include "runtime/loop.h"

namespace streamops::kafka {

/// Who speaks, as listings show it.
struct ClientInfo {
  std::string id;    // client.id
  std::string host;  // "/127.0.0.1"
};

struct Member {
  using JoinDone = std::function<void(JoinGroupResponse)>;
  using SyncDone = std::function<void(SyncGroupResponse)>;

  std::string id;
  std::optional<std::string> instance_id;  // of a static member
  ClientInfo client;
  Microseconds session_timeout{0};
  Microseconds rebalance_timeout{0};
  std::vector<JoinGroupRequest::JoinGroupRequestProtocol> protocols;  // in the order that the member prefers
  Bytes assignment;

  bool is_new = true;      // no generation has begun with it yet
  JoinDone awaiting_join;  // set while its JoinGroup waits for the rebalance
  SyncDone awaiting_sync;  // set while its SyncGroup waits for the leader

  runtime::MonotonicTime deadline{};       // when it counts as dead unless it is heard before
  runtime::MonotonicTime watched_until{};  // when session_timer fires; at or before the deadline
  runtime::TimerPtr session_timer;

  /// The metadata for one protocol; nullptr when the member does not speak it.
  const Bytes* metadata(const std::string& protocol) const {
    for (const auto& each : protocols) {
      if (each.name == protocol) return &each.metadata;
    }
    return nullptr;
  }
};

}  // namespace streamops::kafka
