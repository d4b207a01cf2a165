// kafka/broker/handlers/offset_fetch.h — the OffsetFetch API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/offset_fetch.h"

namespace streamops::kafka {

/// Reads the stored positions of groups.
void handle_offset_fetch(const RequestContext& context, OffsetFetchRequest request,
                         Responder<OffsetFetchResponse> respond);

}  // namespace streamops::kafka
