// kafka/broker/handlers/describe_producers.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/describe_producers.h"

namespace streamops::kafka {

/// Lists the idempotent producers that partitions remember. Source: KIP-664.
void handle_describe_producers(const RequestContext& context, DescribeProducersRequest request,
                               Responder<DescribeProducersResponse> respond);

}  // namespace streamops::kafka
