// kafka/broker/handlers/sync_group.h — the SyncGroup API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/sync_group.h"

namespace streamops::kafka {

/// Takes the leader's assignment and gives each member its part; the answer comes with the leader's.
void handle_sync_group(const RequestContext& context, SyncGroupRequest request, Responder<SyncGroupResponse> respond);

}  // namespace streamops::kafka
