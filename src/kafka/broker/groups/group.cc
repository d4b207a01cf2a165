#include "kafka/broker/groups/group.h"

#include <utility>

#include "kafka/protocol/reader.h"

namespace streamops::kafka {
namespace {

/// Reads the topics of a ConsumerProtocolSubscription (any version begins with: i16 version, array of topics).
std::optional<std::vector<std::string>> topics_of_subscription(BytesView metadata) {
  Reader in(metadata);
  in.i16();
  std::vector<std::string> topics(in.array(false, 2));
  for (std::string& topic : topics) topic = in.string(false);
  if (!in.ok()) return std::nullopt;
  return topics;
}

}  // namespace

std::string_view to_string(GroupState state) {
  switch (state) {
    case GroupState::empty:
      return "Empty";
    case GroupState::preparing_rebalance:
      return "PreparingRebalance";
    case GroupState::completing_rebalance:
      return "CompletingRebalance";
    case GroupState::stable:
      return "Stable";
  }
  return "Unknown";
}

Group::Group(std::string id, const GroupOptions& options, runtime::Loop& loop,
             std::function<void(const Group&)> on_change)
    : id_(std::move(id)), options_(options), loop_(loop), on_change_(std::move(on_change)) {}

void Group::restore(std::string protocol_type, std::int32_t generation) {
  protocol_type_ = std::move(protocol_type);
  generation_ = generation;
}

ErrorCode Group::check_member(const std::string& member, const std::optional<std::string>& instance) const {
  if (instance) {
    const auto known = static_.find(*instance);
    if (known == static_.end()) return ErrorCode::unknown_member_id;
    if (known->second != member) return ErrorCode::fenced_instance_id;
  }
  return members_.contains(member) ? ErrorCode::none : ErrorCode::unknown_member_id;
}

ErrorCode Group::check_generation(const std::string& member, const std::optional<std::string>& instance,
                                  std::int32_t generation) const {
  if (const ErrorCode error = check_member(member, instance); error != ErrorCode::none) return error;
  return generation == generation_ ? ErrorCode::none : ErrorCode::illegal_generation;
}

ErrorCode Group::heartbeat(const std::string& member, const std::optional<std::string>& instance,
                           std::int32_t generation) {
  if (const ErrorCode error = check_generation(member, instance, generation); error != ErrorCode::none) return error;
  touch(members_.at(member));
  return state_ == GroupState::preparing_rebalance ? ErrorCode::rebalance_in_progress : ErrorCode::none;
}

ErrorCode Group::may_commit(const std::string& member, const std::optional<std::string>& instance,
                            std::int32_t generation) {
  const bool is_anonymous = generation < 0 && member.empty() && !instance;
  if (generation < 0 && state_ == GroupState::empty) return ErrorCode::none;
  if (is_anonymous) return ErrorCode::unknown_member_id;
  if (const ErrorCode error = check_generation(member, instance, generation); error != ErrorCode::none) return error;
  touch(members_.at(member));
  // Between two generations nobody owns a partition; the member must fetch its new assignment first.
  return state_ == GroupState::completing_rebalance ? ErrorCode::rebalance_in_progress : ErrorCode::none;
}

ErrorCode Group::leave(const std::string& member, const std::optional<std::string>& instance) {
  if (member.empty() && instance) {
    const auto known = static_.find(*instance);
    if (known == static_.end()) return ErrorCode::unknown_member_id;
    remove_member(std::string(known->second));
    return ErrorCode::none;
  }
  if (pending_.erase(member) > 0) {
    try_complete_join();
    return ErrorCode::none;
  }
  const ErrorCode error = check_member(member, instance);
  if (error == ErrorCode::none) remove_member(std::string(member));
  return error;
}

/// Whoever goes, goes by here: by its own wish, by silence, by missing a rebalance.
void Group::remove_member(const std::string& member_id) {
  auto node = members_.extract(member_id);
  Member& member = node.mapped();
  unsynced_.erase(member_id);
  if (member.instance_id) static_.erase(*member.instance_id);
  if (leader_ == member_id) leader_ = members_.empty() ? std::string() : members_.begin()->first;
  if (member.awaiting_join)
    std::exchange(member.awaiting_join, {})(refused_join(ErrorCode::unknown_member_id, member_id));
  if (member.awaiting_sync) {
    std::exchange(member.awaiting_sync, {})({.error_code = wire(ErrorCode::unknown_member_id)});
  }
  maybe_prepare_rebalance();
  try_complete_join();
}

void Group::touch(Member& member) {
  member.deadline = loop_.clock().monotonic() + member.session_timeout;
  if (!member.session_timer || member.watched_until > member.deadline) watch(member, member.deadline);
}

// A heartbeat only moves the deadline; the timer that is already set looks again when it fires.
void Group::watch(Member& member, runtime::MonotonicTime until) {
  member.watched_until = until;
  member.session_timer = loop_.after(until - loop_.clock().monotonic(), [this, id = member.id] { check_session(id); });
}

void Group::check_session(const std::string& member_id) {
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): the timer that calls owns the argument, and may go
  const std::string id = member_id;
  const auto found = members_.find(id);
  if (found == members_.end()) return;
  Member& member = found->second;
  member.session_timer.reset();
  const runtime::MonotonicTime now = loop_.clock().monotonic();
  const bool is_waiting_here = !member.is_new && (member.awaiting_join || member.awaiting_sync);
  if (is_waiting_here) member.deadline = now + member.session_timeout;
  if (now < member.deadline) return watch(member, member.deadline);
  remove_member(id);
}

std::optional<std::set<std::string>> Group::subscribed_topics() const {
  if (protocol_type_ != "consumer") return std::nullopt;
  std::set<std::string> out;
  for (const auto& [id, member] : members_) {
    const Bytes* metadata = member.metadata(protocol_);
    if (metadata == nullptr) return std::nullopt;
    const auto topics = topics_of_subscription(*metadata);
    if (!topics) return std::nullopt;
    out.insert(topics->begin(), topics->end());
  }
  return out;
}

GroupView Group::view() const {
  GroupView out{.id = id_,
                .state = state_,
                .generation = generation_,
                .protocol_type = protocol_type_,
                .protocol = {},
                .leader = leader_,
                .members = {}};
  const bool is_stable = state_ == GroupState::stable;
  if (is_stable) out.protocol = protocol_;
  for (const auto& [id, member] : members_) {
    GroupMemberView& view = out.members.emplace_back();
    view.id = id;
    view.instance_id = member.instance_id;
    view.client_id = member.client.id;
    view.client_host = member.client.host;
    const Bytes* metadata = is_stable ? member.metadata(protocol_) : nullptr;
    if (metadata != nullptr) view.metadata = *metadata;
    if (is_stable) view.assignment = member.assignment;
  }
  return out;
}

}  // namespace streamops::kafka
