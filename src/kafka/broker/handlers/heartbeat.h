// kafka/broker/handlers/heartbeat.h — the Heartbeat API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/heartbeat.h"

namespace streamops::kafka {

/// Keeps a member alive and tells it when to join again.
void handle_heartbeat(const RequestContext& context, HeartbeatRequest request, Responder<HeartbeatResponse> respond);

}  // namespace streamops::kafka
