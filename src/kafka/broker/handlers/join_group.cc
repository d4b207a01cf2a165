#include "kafka/broker/handlers/join_group.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"

namespace streamops::kafka {

void handle_join_group(const RequestContext& context, JoinGroupRequest request, Responder<JoinGroupResponse> respond) {
  const ClientInfo client{.id = context.client_id, .host = "/" + context.peer.host};
  const JoinFeatures features{.must_know_id = context.api_version >= 4,
                              .may_skip_assignment = context.api_version >= 9};
  context.broker->groups().join(request, client, features, std::move(respond));
}

}  // namespace streamops::kafka
