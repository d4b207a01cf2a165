// kafka/broker/handlers/delete_groups.h — the DeleteGroups API.
#pragma once

#include "kafka/broker/handler.h"
#include "kafka/protocol/messages/delete_groups.h"

namespace streamops::kafka {

/// Forgets groups that have no members, with their offsets.
void handle_delete_groups(const RequestContext& context, DeleteGroupsRequest request,
                          Responder<DeleteGroupsResponse> respond);

}  // namespace streamops::kafka
