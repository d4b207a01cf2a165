// How a generation ends and the next one begins.
#include <algorithm>
#include <utility>

#include "kafka/broker/groups/group.h"

namespace streamops::kafka {

void Group::maybe_prepare_rebalance() {
  if (state_ != GroupState::preparing_rebalance) prepare_rebalance();
}

void Group::prepare_rebalance() {
  if (state_ == GroupState::completing_rebalance) fail_syncs(ErrorCode::rebalance_in_progress);
  sync_timer_.reset();
  unsynced_.clear();
  const bool was_empty = state_ == GroupState::empty;
  state_ = GroupState::preparing_rebalance;
  is_initial_delay_ = was_empty && options_.initial_rebalance_delay > Microseconds{0};
  if (!is_initial_delay_) {
    rebalance_timer_ = loop_.after(rebalance_timeout(), [this] { complete_join(); });
    return;
  }
  joined_during_delay_ = false;
  delay_left_ = std::max(rebalance_timeout() - options_.initial_rebalance_delay, Microseconds{0});
  rebalance_timer_ = loop_.after(options_.initial_rebalance_delay, [this] { initial_delay_over(); });
}

// As long as new members keep coming, an empty group waits for more of them, at most a rebalance timeout (KIP-134).
void Group::initial_delay_over() {
  if (!joined_during_delay_ || delay_left_ <= Microseconds{0}) return complete_join();
  const Microseconds delay = std::min(options_.initial_rebalance_delay, delay_left_);
  delay_left_ -= delay;
  joined_during_delay_ = false;
  rebalance_timer_ = loop_.after(delay, [this] { initial_delay_over(); });
}

void Group::try_complete_join() {
  if (state_ != GroupState::preparing_rebalance || is_initial_delay_ || !pending_.empty()) return;
  const bool all_joined =
      std::ranges::all_of(members_, [](const auto& entry) { return bool(entry.second.awaiting_join); });
  if (all_joined) complete_join();
}

void Group::complete_join() {
  is_initial_delay_ = false;
  rebalance_timer_.reset();
  // Dynamic members that did not come back in time are out. Static ones stay until their session ends.
  for (auto entry = members_.begin(); entry != members_.end();) {
    const bool is_out = !entry->second.awaiting_join && !entry->second.instance_id;
    if (is_out && leader_ == entry->first) leader_.clear();
    entry = is_out ? members_.erase(entry) : std::next(entry);
  }
  if (members_.empty()) {
    ++generation_;
    state_ = GroupState::empty;
    protocol_.clear();
    leader_.clear();
    return on_change_(*this);
  }
  if (!elect_joined_leader()) {
    rebalance_timer_ = loop_.after(rebalance_timeout(), [this] { complete_join(); });
    return;
  }
  begin_generation();
}

/// A leader must be there to assign. False when no member at all has joined.
bool Group::elect_joined_leader() {
  const auto leader = members_.find(leader_);
  if (leader != members_.end() && leader->second.awaiting_join) return true;
  const auto joined =
      std::ranges::find_if(members_, [](const auto& entry) { return bool(entry.second.awaiting_join); });
  if (joined == members_.end()) return false;
  leader_ = joined->first;
  return true;
}

void Group::begin_generation() {
  ++generation_;
  protocol_ = select_protocol();
  state_ = GroupState::completing_rebalance;
  on_change_(*this);
  std::vector<std::pair<Member::JoinDone, JoinGroupResponse>> answers;
  for (auto& [id, member] : members_) {
    member.assignment.clear();
    if (!member.awaiting_join) continue;
    member.is_new = false;
    unsynced_.insert(id);
    touch(member);
    answers.emplace_back(std::exchange(member.awaiting_join, {}), joined(member));
  }
  sync_timer_ = loop_.after(rebalance_timeout(), [this] { sync_time_over(); });
  for (auto& [done, response] : answers) done(std::move(response));
}

std::set<std::string> Group::common_protocols() const {
  std::set<std::string> common;
  for (const auto& protocol : members_.begin()->second.protocols) {
    const bool is_common = std::ranges::all_of(
        members_, [&](const auto& entry) { return entry.second.metadata(protocol.name) != nullptr; });
    if (is_common) common.insert(protocol.name);
  }
  return common;
}

/// Each member votes for the first of its protocols that all speak.
std::string Group::select_protocol() const {
  const std::set<std::string> common = common_protocols();
  std::map<std::string, int> votes;
  for (const auto& [id, member] : members_) {
    const auto vote =
        std::ranges::find_if(member.protocols, [&](const auto& protocol) { return common.contains(protocol.name); });
    if (vote != member.protocols.end()) ++votes[vote->name];
  }
  const auto most = std::ranges::max_element(votes, {}, [](const auto& entry) { return entry.second; });
  return most == votes.end() ? std::string() : most->first;
}

Microseconds Group::rebalance_timeout() const {
  Microseconds longest{0};
  for (const auto& [id, member] : members_) longest = std::max(longest, member.rebalance_timeout);
  return longest;
}

void Group::fail_syncs(ErrorCode error) {
  std::vector<Member::SyncDone> waiting;
  for (auto& [id, member] : members_) {
    member.assignment.clear();
    if (!member.awaiting_sync) continue;
    touch(member);
    waiting.push_back(std::exchange(member.awaiting_sync, {}));
  }
  for (const Member::SyncDone& done : waiting) done({.error_code = wire(error)});
}

void Group::sync(const SyncGroupRequest& request, Member::SyncDone done) {
  const auto refuse = [&](ErrorCode error) { done({.error_code = wire(error)}); };
  const ErrorCode error = check_generation(request.member_id, request.group_instance_id, request.generation_id);
  if (error != ErrorCode::none) return refuse(error);
  const bool is_other_protocol = (request.protocol_type && *request.protocol_type != protocol_type_) ||
                                 (request.protocol_name && *request.protocol_name != protocol_);
  if (is_other_protocol) return refuse(ErrorCode::inconsistent_group_protocol);
  if (state_ == GroupState::preparing_rebalance) return refuse(ErrorCode::rebalance_in_progress);

  Member& member = members_.at(request.member_id);
  touch(member);
  if (member.awaiting_sync) {
    std::exchange(member.awaiting_sync, {})({.error_code = wire(ErrorCode::rebalance_in_progress)});
  }
  member.awaiting_sync = std::move(done);
  synced(member.id);
  const bool is_assigned = state_ == GroupState::stable;
  if (!is_assigned && member.id != leader_) return;  // the leader's assignment will answer
  if (!is_assigned) return assign(request);
  std::exchange(member.awaiting_sync,
                {})({.protocol_type = protocol_type_, .protocol_name = protocol_, .assignment = member.assignment});
}

void Group::assign(const SyncGroupRequest& request) {
  for (const auto& [member_id, assignment] : request.assignments) {
    const auto member = members_.find(member_id);
    if (member != members_.end()) member->second.assignment = assignment;
  }
  state_ = GroupState::stable;
  std::vector<std::pair<Member::SyncDone, Bytes>> answers;
  for (auto& [id, member] : members_) {
    if (!member.awaiting_sync) continue;
    touch(member);
    answers.emplace_back(std::exchange(member.awaiting_sync, {}), member.assignment);
  }
  for (auto& [done, assignment] : answers) {
    done({.protocol_type = protocol_type_, .protocol_name = protocol_, .assignment = std::move(assignment)});
  }
}

void Group::synced(const std::string& member) {
  unsynced_.erase(member);
  if (unsynced_.empty()) sync_timer_.reset();
}

// Members that joined and then never asked for their assignment would hold their partitions idle.
void Group::sync_time_over() {
  sync_timer_.reset();
  for (const std::string& member : std::exchange(unsynced_, {})) {
    if (members_.contains(member)) remove_member(member);
  }
}

}  // namespace streamops::kafka
