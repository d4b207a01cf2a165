// kafka/broker/handlers/describe_cluster.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/describe_cluster.h"

namespace streamops::kafka {

/// Tells the cluster of one: this node, at the address that the client came by. Source: KIP-700.
void handle_describe_cluster(const RequestContext& context, DescribeClusterRequest request,
                             Responder<DescribeClusterResponse> respond);

}  // namespace streamops::kafka
