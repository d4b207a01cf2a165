// How members come in, and come back.
#include <algorithm>
#include <utility>

#include "kafka/broker/groups/group.h"

namespace streamops::kafka {
namespace {

/// A new member that joins waits for the rebalance; it counts as gone when that takes longer than this.
constexpr Microseconds new_member_patience = Seconds{5 * 60};

Microseconds rebalance_timeout_of(const JoinGroupRequest& request) {
  // Version 0 knows only one timeout.
  return Milliseconds{request.rebalance_timeout_ms < 0 ? request.session_timeout_ms : request.rebalance_timeout_ms};
}

bool has_same_protocols(const Member& member, const JoinGroupRequest& request) {
  return member.protocols == request.protocols;
}

}  // namespace

JoinGroupResponse refused_join(ErrorCode error, const std::string& member) {
  JoinGroupResponse response;
  response.error_code = wire(error);
  response.member_id = member;
  return response;
}

void Group::join(const JoinGroupRequest& request, const ClientInfo& client, JoinFeatures features,
                 Member::JoinDone done) {
  if (const ErrorCode error = check_join(request); error != ErrorCode::none)
    return done(refused_join(error, request.member_id));
  if (request.member_id.empty()) {
    join_without_id(request, client, features, std::move(done));
  } else {
    join_with_id(request, client, std::move(done));
  }
}

ErrorCode Group::check_join(const JoinGroupRequest& request) const {
  const Microseconds session = Milliseconds{request.session_timeout_ms};
  if (session < options_.min_session_timeout || session > options_.max_session_timeout)
    return ErrorCode::invalid_session_timeout;
  if (!has_room_for(request.member_id)) return ErrorCode::group_max_size_reached;
  return supports_protocols(request) ? ErrorCode::none : ErrorCode::inconsistent_group_protocol;
}

bool Group::has_room_for(const std::string& member) const {
  return members_.contains(member) || pending_.contains(member) ||
         members_.size() + pending_.size() < options_.max_members;
}

bool Group::supports_protocols(const JoinGroupRequest& request) const {
  if (request.protocol_type.empty() || request.protocols.empty()) return false;
  if (members_.empty()) return true;
  const std::set<std::string> common = common_protocols();
  return request.protocol_type == protocol_type_ &&
         std::ranges::any_of(request.protocols, [&](const auto& protocol) { return common.contains(protocol.name); });
}

std::string Group::new_member_id(const JoinGroupRequest& request, const ClientInfo& client) {
  return (request.group_instance_id ? *request.group_instance_id : client.id) + "-" + to_string(loop_.random().uuid());
}

void Group::join_without_id(const JoinGroupRequest& request, const ClientInfo& client, JoinFeatures features,
                            Member::JoinDone done) {
  if (request.group_instance_id) {
    const auto known = static_.find(*request.group_instance_id);
    if (known == static_.end()) return add_member(new_member_id(request, client), request, client, std::move(done));
    return replace_static(std::string(known->second), request, client, features, std::move(done));
  }
  const std::string member_id = new_member_id(request, client);
  if (!features.must_know_id) return add_member(member_id, request, client, std::move(done));
  add_pending(member_id, Milliseconds{request.session_timeout_ms});
  done(refused_join(ErrorCode::member_id_required, member_id));
}

void Group::add_pending(const std::string& member_id, Microseconds session_timeout) {
  pending_[member_id] = loop_.after(session_timeout, [this, member_id] {
    pending_.erase(std::string(member_id));
    try_complete_join();
  });
}

void Group::join_with_id(const JoinGroupRequest& request, const ClientInfo& client, Member::JoinDone done) {
  if (pending_.erase(request.member_id) > 0) return add_member(request.member_id, request, client, std::move(done));
  if (const ErrorCode error = check_member(request.member_id, request.group_instance_id); error != ErrorCode::none) {
    return done(refused_join(error, request.member_id));
  }
  rejoin(members_.at(request.member_id), request, client, std::move(done));
}

void Group::rejoin(Member& member, const JoinGroupRequest& request, const ClientInfo& client, Member::JoinDone done) {
  const bool is_leader = member.id == leader_;
  const bool lost_its_answer = state_ == GroupState::completing_rebalance && has_same_protocols(member, request);
  // In a stable group the leader joins again to have partitions assigned anew; a follower, because an answer was lost.
  const bool nothing_new = state_ == GroupState::stable && !is_leader && has_same_protocols(member, request);
  if (lost_its_answer || nothing_new) {
    touch(member);
    return done(joined(member));
  }
  wait_for_join(member, request, client, std::move(done));
  maybe_prepare_rebalance();
  try_complete_join();
}

void Group::wait_for_join(Member& member, const JoinGroupRequest& request, const ClientInfo& client,
                          Member::JoinDone done) {
  member.client = client;
  member.protocols = request.protocols;
  member.session_timeout = Milliseconds{request.session_timeout_ms};
  member.rebalance_timeout = rebalance_timeout_of(request);
  // A connection gets an answer for each request: the earlier join of an impatient client ends here.
  if (member.awaiting_join) {
    std::exchange(member.awaiting_join, {})(refused_join(ErrorCode::rebalance_in_progress, member.id));
  }
  member.awaiting_join = std::move(done);
}

void Group::add_member(const std::string& member_id, const JoinGroupRequest& request, const ClientInfo& client,
                       Member::JoinDone done) {
  if (members_.empty()) {
    protocol_type_ = request.protocol_type;
    leader_ = member_id;
  }
  Member& member = members_[member_id];
  member.id = member_id;
  member.instance_id = request.group_instance_id;
  if (member.instance_id) static_[*member.instance_id] = member_id;
  wait_for_join(member, request, client, std::move(done));
  member.deadline = loop_.clock().monotonic() + new_member_patience;
  watch(member, member.deadline);
  joined_during_delay_ = true;
  maybe_prepare_rebalance();
  try_complete_join();
}

void Group::replace_static(const std::string& old_id, const JoinGroupRequest& request, const ClientInfo& client,
                           JoinFeatures features, Member::JoinDone done) {
  const std::string old_leader = leader_;
  Member& member = rename_static(old_id, new_member_id(request, client));
  wait_for_join(member, request, client, std::move(done));
  touch(member);
  if (state_ == GroupState::stable && select_protocol() == protocol_) {
    JoinGroupResponse response = joined_unnoticed(member, old_leader, features);
    return std::exchange(member.awaiting_join, {})(std::move(response));
  }
  maybe_prepare_rebalance();
  try_complete_join();
}

/// The former life of the member, should it still be there, hears that it is fenced.
Member& Group::rename_static(const std::string& old_id, const std::string& new_id) {
  auto node = members_.extract(old_id);
  node.key() = new_id;
  Member& member = members_.insert(std::move(node)).position->second;
  if (member.awaiting_join)
    std::exchange(member.awaiting_join, {})(refused_join(ErrorCode::fenced_instance_id, old_id));
  if (member.awaiting_sync) {
    std::exchange(member.awaiting_sync, {})({.error_code = wire(ErrorCode::fenced_instance_id)});
  }
  member.id = new_id;
  member.session_timer.reset();  // it names the old id
  static_[*member.instance_id] = new_id;
  if (unsynced_.erase(old_id) > 0) unsynced_.insert(new_id);
  if (leader_ == old_id) leader_ = new_id;
  return member;
}

// No new generation, and the assignment stays. A leader must not assign then: it is told so (KIP-814), or, where the
// version has no word for that, the answer names its former id as the leader.
JoinGroupResponse Group::joined_unnoticed(const Member& member, const std::string& old_leader,
                                          JoinFeatures features) const {
  JoinGroupResponse response = joined(member);
  if (features.may_skip_assignment) {
    response.skip_assignment = member.id == leader_;
  } else {
    response.leader = old_leader;
    response.members.clear();
  }
  return response;
}

JoinGroupResponse Group::joined(const Member& member) const {
  JoinGroupResponse response;
  response.generation_id = generation_;
  response.protocol_type = protocol_type_;
  response.protocol_name = protocol_;
  response.leader = leader_;
  response.member_id = member.id;
  if (member.id != leader_) return response;
  for (const auto& [id, each] : members_) {
    const Bytes* metadata = each.metadata(protocol_);
    response.members.push_back({.member_id = id,
                                .group_instance_id = each.instance_id,
                                .metadata = metadata != nullptr ? *metadata : Bytes()});
  }
  return response;
}

}  // namespace streamops::kafka
