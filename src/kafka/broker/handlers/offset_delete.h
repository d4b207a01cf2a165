// kafka/broker/handlers/offset_delete.h — the OffsetDelete API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/offset_delete.h"

namespace streamops::kafka {

/// Forgets stored positions of topics that a group no longer reads.
void handle_offset_delete(const RequestContext& context, OffsetDeleteRequest request,
                          Responder<OffsetDeleteResponse> respond);

}  // namespace streamops::kafka
