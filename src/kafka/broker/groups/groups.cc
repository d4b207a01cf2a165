#include "kafka/broker/groups/groups.h"

#include <algorithm>
#include <utility>

#include "kafka/broker/groups/offset_journal.h"
#include "settings/kafka.h"

namespace streamops::kafka {
GroupOptions group_options(const settings::Kafka& settings) {
  GroupOptions out;
  out.initial_rebalance_delay = settings.group_initial_rebalance_delay;
  out.min_session_timeout = settings.group_min_session_timeout;
  out.max_session_timeout = settings.group_max_session_timeout;
  out.max_members = static_cast<std::size_t>(settings.group_max_members);
  out.offsets_retention = settings.offsets_retention;
  return out;
}

Result<std::unique_ptr<Groups>> Groups::open(const std::string& directory, const GroupOptions& options,
                                             const log::SyncOptions& sync, runtime::Disk& disk, runtime::Loop& loop,
                                             runtime::Pool& pool) {
  STREAMOPS_RETURN_IF_ERROR(disk.make_directories(directory));
  STREAMOPS_ASSIGN(std::unique_ptr<OffsetJournal> store,
                   OffsetJournal::open(directory + "/offsets.journal", sync, disk, loop, pool));
  return std::make_unique<Groups>(std::move(store), options, loop);
}

Groups::Groups(std::unique_ptr<OffsetStore> store, const GroupOptions& options, runtime::Loop& loop)
    : options_(options), loop_(loop), store_(std::move(store)) {
  const std::int64_t now_ms = to_millis(loop_.clock().wall());
  for (const auto& [name, stored] : store_->all()) {
    find_or_create(name).restore(stored.record.protocol_type, stored.record.generation);
  }
  // Members did not survive; their groups are empty from now on.
  for (const auto& [name, group] : groups_) {
    GroupRecord record = store_->find(name)->record;
    if (record.empty_since_ms >= 0 || record.protocol_type.empty()) continue;
    record.empty_since_ms = now_ms;
    store_->remember(name, std::move(record));
  }
  schedule_expiry();
}

Groups::~Groups() = default;

Group* Groups::find(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second.get();
}

Group& Groups::find_or_create(const std::string& group) {
  std::unique_ptr<Group>& slot = groups_[group];
  if (!slot) {
    slot = std::make_unique<Group>(group, options_, loop_, [this](const Group& changed) { group_changed(changed); });
  }
  return *slot;
}

void Groups::group_changed(const Group& group) {
  GroupRecord record;
  record.protocol_type = group.protocol_type();
  record.generation = group.generation();
  record.empty_since_ms = group.has_members() ? -1 : to_millis(loop_.clock().wall());
  store_->remember(group.id(), std::move(record));
}

void Groups::join(const JoinGroupRequest& request, const ClientInfo& client, JoinFeatures features,
                  Member::JoinDone done) {
  if (request.group_id.empty()) return done(refused_join(ErrorCode::invalid_group_id, request.member_id));
  if (find(request.group_id) == nullptr && !request.member_id.empty()) {
    return done(refused_join(ErrorCode::unknown_member_id, request.member_id));
  }
  Group& group = find_or_create(request.group_id);
  group.join(request, client, features, std::move(done));
  // A refused first join leaves nothing behind.
  if (group.is_idle() && store_->find(request.group_id) == nullptr) groups_.erase(request.group_id);
}

void Groups::sync(const SyncGroupRequest& request, Member::SyncDone done) {
  Group* group = find(request.group_id);
  if (group != nullptr) return group->sync(request, std::move(done));
  const ErrorCode error = request.group_id.empty() ? ErrorCode::invalid_group_id : ErrorCode::unknown_member_id;
  done({.error_code = wire(error)});
}

ErrorCode Groups::heartbeat(const HeartbeatRequest& request) {
  if (request.group_id.empty()) return ErrorCode::invalid_group_id;
  Group* group = find(request.group_id);
  if (group == nullptr) return ErrorCode::unknown_member_id;
  return group->heartbeat(request.member_id, request.group_instance_id, request.generation_id);
}

ErrorCode Groups::leave(const std::string& group, const std::string& member,
                        const std::optional<std::string>& instance) {
  Group* found = find(group);
  return found == nullptr ? ErrorCode::unknown_member_id : found->leave(member, instance);
}

std::optional<GroupView> Groups::view(std::string_view group) const {
  const Group* found = find(group);
  if (found == nullptr) return std::nullopt;
  return found->view();
}

std::vector<GroupView> Groups::views() const {
  std::vector<GroupView> out;
  out.reserve(groups_.size());
  for (const auto& [name, group] : groups_) out.push_back(group->view());
  return out;
}

void Groups::remove(const std::string& name, std::function<void(ErrorCode)> done) {
  const Group* group = find(name);
  if (group == nullptr) return done(ErrorCode::group_id_not_found);
  if (!group->is_idle()) return done(ErrorCode::non_empty_group);
  store_->forget_group(name, [this, name, done = std::move(done)](const Result<void>& forgotten) {
    if (!forgotten) return done(ErrorCode::coordinator_not_available);
    const Group* idle = find(name);
    if (idle != nullptr && idle->is_idle()) groups_.erase(name);
    done(ErrorCode::none);
  });
}

}  // namespace streamops::kafka
