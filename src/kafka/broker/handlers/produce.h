// kafka/broker/handlers/produce.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/produce.h"

namespace streamops::kafka {

/// Appends record batches; with acks = 1 or all the answer means that they are durable under the sync policy. Source:
/// KIP-98, KIP-467, KIP-516.
void handle_produce(const RequestContext& context, ProduceRequest request, Responder<ProduceResponse> respond);

}  // namespace streamops::kafka
