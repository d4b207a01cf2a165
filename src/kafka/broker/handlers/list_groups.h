// kafka/broker/handlers/list_groups.h — the ListGroups API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/list_groups.h"

namespace streamops::kafka {

/// Lists groups, all or those in some states and of some types.
void handle_list_groups(const RequestContext& context, ListGroupsRequest request,
                        Responder<ListGroupsResponse> respond);

}  // namespace streamops::kafka
