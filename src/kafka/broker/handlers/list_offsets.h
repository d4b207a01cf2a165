// kafka/broker/handlers/list_offsets.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/list_offsets.h"

namespace streamops::kafka {

/// Finds offsets by time: the first, the next, the latest in time, or the first at or after a moment. Source: KIP-79,
/// KIP-734, KIP-405, KIP-1005.
void handle_list_offsets(const RequestContext& context, ListOffsetsRequest request,
                         Responder<ListOffsetsResponse> respond);

}  // namespace streamops::kafka
