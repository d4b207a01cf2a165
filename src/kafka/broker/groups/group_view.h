// kafka/broker/groups/group_view.h — a snapshot of a consumer group for DescribeGroups, ListGroups and the console.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace streamops::kafka {

enum class GroupState : std::uint8_t { empty, preparing_rebalance, completing_rebalance, stable };

/// Kafka's names: "Empty", "PreparingRebalance", "CompletingRebalance", "Stable".
std::string_view to_string(GroupState state);

struct GroupMemberView {
  std::string id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  Bytes metadata;    // its subscription; only in a stable group
  Bytes assignment;  // only in a stable group
};

struct GroupView {
  std::string id;
  GroupState state = GroupState::empty;
  std::int32_t generation = 0;
  std::string protocol_type;
  std::string protocol;  // only in a stable group
  std::string leader;    // a member's id
  std::vector<GroupMemberView> members;
};

}  // namespace streamops::kafka
