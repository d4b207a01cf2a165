// kafka/broker/handlers/list_partition_reassignments.h
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/list_partition_reassignments.h"

namespace streamops::kafka {

/// Answers that nothing moves: there is one node. Source: KIP-455.
void handle_list_partition_reassignments(const RequestContext& context, ListPartitionReassignmentsRequest request,
                                         Responder<ListPartitionReassignmentsResponse> respond);

}  // namespace streamops::kafka
