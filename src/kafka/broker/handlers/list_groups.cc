#include "kafka/broker/handlers/list_groups.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"

namespace streamops::kafka {
namespace {

constexpr std::string_view classic_type = "classic";

/// An empty filter lets everything pass.
bool passes(const std::vector<std::string>& filter, std::string_view value) {
  return filter.empty() ||
         std::ranges::any_of(filter, [&](const std::string& each) { return equals_ignore_case(each, value); });
}

}  // namespace

void handle_list_groups(const RequestContext& context, ListGroupsRequest request,
                        Responder<ListGroupsResponse> respond) {
  ListGroupsResponse response;
  for (GroupView& group : context.broker->groups().views()) {
    const std::string_view state = to_string(group.state);
    if (!passes(request.states_filter, state) || !passes(request.types_filter, classic_type)) continue;
    response.groups.push_back({.group_id = std::move(group.id),
                               .protocol_type = std::move(group.protocol_type),
                               .group_state = std::string(state),
                               .group_type = std::string(classic_type)});
  }
  respond(std::move(response));
}

}  // namespace streamops::kafka
