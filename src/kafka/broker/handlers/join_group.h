// kafka/broker/handlers/join_group.h — the JoinGroup API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/join_group.h"

namespace streamops::kafka {

/// Lets a member into a group; the answer comes when the rebalance has gathered all members.
void handle_join_group(const RequestContext& context, JoinGroupRequest request, Responder<JoinGroupResponse> respond);

}  // namespace streamops::kafka
