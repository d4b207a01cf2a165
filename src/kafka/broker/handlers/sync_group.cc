#include "kafka/broker/handlers/sync_group.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"

namespace streamops::kafka {

void handle_sync_group(const RequestContext& context, SyncGroupRequest request, Responder<SyncGroupResponse> respond) {
  context.broker->groups().sync(request, std::move(respond));
}

}  // namespace streamops::kafka
