// kafka/broker/handlers/find_coordinator.h — the FindCoordinator API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/find_coordinator.h"

namespace streamops::kafka {

/// Finds who coordinates a group or a transaction: always this broker, at the address that the client came in by.
void handle_find_coordinator(const RequestContext& context, FindCoordinatorRequest request,
                             Responder<FindCoordinatorResponse> respond);

}  // namespace streamops::kafka
