// kafka/broker/handlers/describe_groups.h — the DescribeGroups API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/describe_groups.h"

namespace streamops::kafka {

/// Tells the state and the members of groups.
void handle_describe_groups(const RequestContext& context, DescribeGroupsRequest request,
                            Responder<DescribeGroupsResponse> respond);

}  // namespace streamops::kafka
