// kafka/broker/handlers/describe_configs.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/describe_configs.h"

namespace streamops::kafka {

/// Lists the configs of topics and of the broker with types, sources and what they stand in for. Source: KIP-133,
/// KIP-226, KIP-569.
void handle_describe_configs(const RequestContext& context, DescribeConfigsRequest request,
                             Responder<DescribeConfigsResponse> respond);

}  // namespace streamops::kafka
