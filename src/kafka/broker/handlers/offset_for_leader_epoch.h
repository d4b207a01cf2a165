// kafka/broker/handlers/offset_for_leader_epoch.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/offset_for_leader_epoch.h"

namespace streamops::kafka {

/// Tells where a leader epoch ends; there is one epoch, so that is the end of the log. Source: KIP-320.
void handle_offset_for_leader_epoch(const RequestContext& context, OffsetForLeaderEpochRequest request,
                                    Responder<OffsetForLeaderEpochResponse> respond);

}  // namespace streamops::kafka
