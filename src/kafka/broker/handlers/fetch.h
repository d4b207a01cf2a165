// kafka/broker/handlers/fetch.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/fetch.h"

namespace streamops::kafka {

/// Reads record batches; waits for new ones as long as the client allows. Fetch sessions are declined: session id 0.
/// Source: KIP-227, KIP-516.
void handle_fetch(const RequestContext& context, FetchRequest request, Responder<FetchResponse> respond);

}  // namespace streamops::kafka
