// kafka/broker/handlers/leave_group.h — the LeaveGroup API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/leave_group.h"

namespace streamops::kafka {

/// Removes members: the client itself, or those that an administrator names.
void handle_leave_group(const RequestContext& context, LeaveGroupRequest request,
                        Responder<LeaveGroupResponse> respond);

}  // namespace streamops::kafka
