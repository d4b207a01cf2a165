// kafka/broker/handlers/metadata.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/metadata.h"

namespace streamops::kafka {

/// Tells topics, partitions and the one broker, at the address that the client came by; creates topics where that is
/// allowed. Source: KIP-4, KIP-516.
void handle_metadata(const RequestContext& context, MetadataRequest request, Responder<MetadataResponse> respond);

}  // namespace streamops::kafka
