#include "kafka/broker/handlers/heartbeat.h"

#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"

namespace streamops::kafka {

void handle_heartbeat(const RequestContext& context, HeartbeatRequest request, Responder<HeartbeatResponse> respond) {
  respond({.error_code = wire(context.broker->groups().heartbeat(request))});
}

}  // namespace streamops::kafka
