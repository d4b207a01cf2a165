// Offsets of groups: committed, read, forgotten, expired.
#include <algorithm>
#include <utility>

#include "kafka/broker/groups/groups.h"

namespace streamops::kafka {
namespace {

/// Time between two looks for offsets that nobody needs any more.
constexpr Microseconds expiry_interval = Seconds{600};

const auto ignore = [](const Result<void>&) {};

}  // namespace

void Groups::commit(const std::string& name, const Committer& who, OffsetStore::Offsets offsets,
                    std::function<void(ErrorCode)> done) {
  const ErrorCode error = may_commit(name, who);
  if (error != ErrorCode::none || offsets.empty()) return done(error);
  store(name, std::move(offsets), std::move(done));
}

ErrorCode Groups::may_commit(const std::string& name, const Committer& who) {
  Group* group = find(name);
  if (group == nullptr) return who.generation >= 0 ? ErrorCode::illegal_generation : ErrorCode::none;
  return group->may_commit(who.member, who.instance, who.generation);
}

void Groups::store(const std::string& name, OffsetStore::Offsets offsets, std::function<void(ErrorCode)> done) {
  find_or_create(name);
  store_->commit(name, std::move(offsets), [done = std::move(done)](const Result<void>& committed) {
    // The client tries again; what was wrong with the disk is told by its own error elsewhere.
    done(committed.ok() ? ErrorCode::none : ErrorCode::coordinator_not_available);
  });
}

const std::map<TopicPartition, CommittedOffset>* Groups::committed(std::string_view group) const {
  const StoredGroup* stored = store_->find(group);
  return stored == nullptr ? nullptr : &stored->offsets;
}

const CommittedOffset* Groups::committed(std::string_view group, const TopicPartition& partition) const {
  const auto* offsets = committed(group);
  if (offsets == nullptr) return nullptr;
  const auto found = offsets->find(partition);
  return found == offsets->end() ? nullptr : &found->second;
}

void Groups::forget(const std::string& name, std::vector<TopicPartition> partitions,
                    std::function<void(ErrorCode, std::vector<ErrorCode>)> done) {
  const Group* group = find(name);
  if (group == nullptr) return done(ErrorCode::group_id_not_found, {});
  if (group->has_members() && group->protocol_type() != "consumer") return done(ErrorCode::non_empty_group, {});
  const std::optional<std::set<std::string>> subscribed = group->subscribed_topics();
  const auto is_in_use = [&](const TopicPartition& each) {
    return group->has_members() && (!subscribed || subscribed->contains(each.topic));
  };
  std::vector<ErrorCode> codes;
  codes.reserve(partitions.size());
  for (const TopicPartition& each : partitions) {
    codes.push_back(is_in_use(each) ? ErrorCode::group_subscribed_to_topic : ErrorCode::none);
  }
  std::erase_if(partitions, is_in_use);
  if (partitions.empty()) return done(ErrorCode::none, std::move(codes));
  store_->forget(name, std::move(partitions),
                 [done = std::move(done), codes = std::move(codes)](const Result<void>& forgotten) {
                   done(forgotten.ok() ? ErrorCode::none : ErrorCode::coordinator_not_available, codes);
                 });
}

void Groups::forget_topic(std::string_view topic) {
  for (const auto& [name, group] : store_->all()) {
    std::vector<TopicPartition> gone;
    for (const auto& [partition, offset] : group.offsets) {
      if (partition.topic == topic) gone.push_back(partition);
    }
    if (gone.empty()) continue;
    // After this turn: the store's map is being walked.
    loop_.post([this, of = name, gone = std::move(gone)]() mutable { store_->forget(of, std::move(gone), ignore); });
  }
}

void Groups::schedule_expiry() {
  expiry_timer_ = loop_.after(expiry_interval, [this] {
    expire();
    schedule_expiry();
  });
}

// An offset goes when its group has been without members, and it without a commit, for the whole retention; a group
// goes with its last offset.
void Groups::expire() {
  const std::int64_t now_ms = to_millis(loop_.clock().wall());
  std::vector<std::string> idle;
  for (const auto& [name, group] : groups_) {
    if (group->is_idle()) idle.push_back(name);
  }
  for (const std::string& name : idle) {
    const StoredGroup* stored = store_->find(name);
    if (stored == nullptr) {
      groups_.erase(name);
      continue;
    }
    std::vector<TopicPartition> gone = expired(*stored, now_ms);
    if (gone.size() == stored->offsets.size()) {
      remove(name, [](ErrorCode) {});
    } else if (!gone.empty()) {
      store_->forget(name, std::move(gone), ignore);
    }
  }
}

bool Groups::is_past_retention(std::int64_t since_ms, std::int64_t now_ms) const {
  return Milliseconds{now_ms - since_ms} >= options_.offsets_retention;
}

std::vector<TopicPartition> Groups::expired(const StoredGroup& group, std::int64_t now_ms) const {
  std::vector<TopicPartition> out;
  for (const auto& [partition, offset] : group.offsets) {
    const std::int64_t last_use = std::max(group.record.empty_since_ms, offset.commit_time_ms);
    if (is_past_retention(last_use, now_ms)) out.push_back(partition);
  }
  return out;
}

}  // namespace streamops::kafka
