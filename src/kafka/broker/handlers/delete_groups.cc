#include "kafka/broker/handlers/delete_groups.h"

#include <memory>
#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"
#include "kafka/broker/handlers/pending_answer.h"

namespace streamops::kafka {

void handle_delete_groups(const RequestContext& context, DeleteGroupsRequest request,
                          Responder<DeleteGroupsResponse> respond) {
  using Pending = PendingAnswer<DeleteGroupsResponse>;
  auto pending = std::make_shared<Pending>(Pending{std::move(respond), {}, 1});
  for (const std::string& name : request.groups_names) pending->response.results.push_back({.group_id = name});
  for (std::size_t i = 0; i < request.groups_names.size(); ++i) {
    pending->waiting += 1;
    context.broker->groups().remove(request.groups_names[i], [pending, i](ErrorCode error) {
      pending->response.results[i].error_code = wire(error);
      finish_one(pending);
    });
  }
  finish_one(pending);
}

}  // namespace streamops::kafka
