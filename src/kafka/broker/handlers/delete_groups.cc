#include "kafka/broker/handlers/delete_groups.h"

#include <memory>
#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"

namespace streamops::kafka {
namespace {

/// Answers when the last group has been dealt with.
struct Pending {
  DeleteGroupsResponse response;
  std::size_t left = 0;
  Responder<DeleteGroupsResponse> respond;
};

void set_result(const std::shared_ptr<Pending>& pending, std::size_t index, ErrorCode error) {
  pending->response.results[index].error_code = wire(error);
  if (--pending->left == 0) pending->respond(std::move(pending->response));
}

}  // namespace

void handle_delete_groups(const RequestContext& context, DeleteGroupsRequest request,
                          Responder<DeleteGroupsResponse> respond) {
  if (request.groups_names.empty()) return respond({});
  auto pending = std::make_shared<Pending>();
  pending->left = request.groups_names.size();
  pending->respond = std::move(respond);
  for (const std::string& name : request.groups_names) pending->response.results.push_back({.group_id = name});
  for (std::size_t i = 0; i < request.groups_names.size(); ++i) {
    context.broker->groups().remove(request.groups_names[i],
                                    [pending, i](ErrorCode error) { set_result(pending, i, error); });
  }
}

}  // namespace streamops::kafka
