#include "kafka/broker/handlers/leave_group.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"

namespace streamops::kafka {

void handle_leave_group(const RequestContext& context, LeaveGroupRequest request,
                        Responder<LeaveGroupResponse> respond) {
  LeaveGroupResponse response;
  Groups& groups = context.broker->groups();
  if (request.group_id.empty()) {
    response.error_code = wire(ErrorCode::invalid_group_id);
  } else if (context.api_version < 3) {
    response.error_code = wire(groups.leave(request.group_id, request.member_id, std::nullopt));
  } else {
    for (const auto& member : request.members) {
      const ErrorCode error = groups.leave(request.group_id, member.member_id, member.group_instance_id);
      response.members.push_back(
          {.member_id = member.member_id, .group_instance_id = member.group_instance_id, .error_code = wire(error)});
    }
  }
  respond(std::move(response));
}

}  // namespace streamops::kafka
