// kafka/broker/handlers/create_partitions.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/create_partitions.h"

namespace streamops::kafka {

/// Gives topics more partitions. Source: KIP-195.
void handle_create_partitions(const RequestContext& context, CreatePartitionsRequest request,
                              Responder<CreatePartitionsResponse> respond);

}  // namespace streamops::kafka
