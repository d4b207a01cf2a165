#include "kafka/broker/handlers/describe_groups.h"

#include <fmt/format.h>

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {
namespace {

/// The first version that has an error for a group that is not there; earlier ones call it "Dead".
constexpr std::int16_t first_version_with_not_found = 6;
/// Read, delete and describe, as bits by the numbers of Kafka's AclOperation: without an authorizer everybody may.
constexpr std::int32_t group_operations = (1 << 3) | (1 << 6) | (1 << 8);

DescribeGroupsResponse::DescribedGroup unknown_group(const std::string& id, std::int16_t version) {
  DescribeGroupsResponse::DescribedGroup out;
  out.group_id = id;
  out.group_state = "Dead";
  if (version < first_version_with_not_found) return out;
  out.error_code = wire(ErrorCode::group_id_not_found);
  out.error_message = fmt::format("Group {} not found.", id);
  return out;
}

DescribeGroupsResponse::DescribedGroup described(GroupView view) {
  DescribeGroupsResponse::DescribedGroup out;
  out.group_id = std::move(view.id);
  out.group_state = to_string(view.state);
  out.protocol_type = std::move(view.protocol_type);
  out.protocol_data = std::move(view.protocol);
  for (GroupMemberView& member : view.members) {
    out.members.push_back({.member_id = std::move(member.id),
                           .group_instance_id = std::move(member.instance_id),
                           .client_id = std::move(member.client_id),
                           .client_host = std::move(member.client_host),
                           .member_metadata = std::move(member.metadata),
                           .member_assignment = std::move(member.assignment)});
  }
  return out;
}

}  // namespace

void handle_describe_groups(const RequestContext& context, DescribeGroupsRequest request,
                            Responder<DescribeGroupsResponse> respond) {
  DescribeGroupsResponse response;
  for (const std::string& id : request.groups) {
    std::optional<GroupView> view = context.broker->groups().view(id);
    response.groups.push_back(view ? described(std::move(*view)) : unknown_group(id, context.api_version));
    if (request.include_authorized_operations) response.groups.back().authorized_operations = group_operations;
  }
  respond(std::move(response));
}

}  // namespace streamops::kafka
