#include <array>
#include <map>
#include <set>

#include "kafka/client/impl/failure.h"
#include "kafka/client/impl/look.h"

namespace streamops::kafka {
namespace {

struct EventDeleter {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
using Event = std::unique_ptr<rd_kafka_event_t, EventDeleter>;

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, QueueDeleter>;

struct OptionsDeleter {
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
};
using Options = std::unique_ptr<rd_kafka_AdminOptions_t, OptionsDeleter>;

Options make_options(rd_kafka_t* handle, rd_kafka_admin_op_t operation) {
  Options options(rd_kafka_AdminOptions_new(handle, operation));
  std::array<char, 256> text{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), look_timeout_ms, text.data(), text.size());
  return options;
}

/// The library answers each request within its time-out; the second more is for its own threads.
Result<Event> wait_for(rd_kafka_queue_t* queue, std::string_view doing) {
  Event event(rd_kafka_queue_poll(queue, look_timeout_ms + 1000));
  if (event == nullptr) return to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  const rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, doing, rd_kafka_event_error_string(event.get()));
  return event;
}

using Groups = std::map<std::string, BrowsedGroup>;

Result<Groups> list_groups(rd_kafka_t* handle, rd_kafka_queue_t* queue) {
  const Options options = make_options(handle, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS);
  rd_kafka_ListConsumerGroups(handle, options.get(), queue);
  STREAMOPS_ASSIGN(const Event event, wait_for(queue, "listing consumer groups"));
  const auto* result = rd_kafka_event_ListConsumerGroups_result(event.get());
  std::size_t count = 0;
  const rd_kafka_ConsumerGroupListing_t** listings = rd_kafka_ListConsumerGroups_result_valid(result, &count);
  Groups groups;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = rd_kafka_ConsumerGroupListing_group_id(listings[i]);
    const rd_kafka_consumer_group_state_t state = rd_kafka_ConsumerGroupListing_state(listings[i]);
    groups[name] = {name, rd_kafka_consumer_group_state_name(state), {}, {}};
  }
  std::size_t failures = 0;
  const rd_kafka_error_t** errors = rd_kafka_ListConsumerGroups_result_errors(result, &failures);
  if (count == 0 && failures > 0) {
    return to_error(rd_kafka_error_code(errors[0]), "listing consumer groups", rd_kafka_error_string(errors[0]));
  }
  return groups;
}

BrowsedMember read_member(const rd_kafka_MemberDescription_t& description) {
  BrowsedMember member;
  member.client_id = rd_kafka_MemberDescription_client_id(&description);
  member.host = rd_kafka_MemberDescription_host(&description);
  const rd_kafka_MemberAssignment_t* assignment = rd_kafka_MemberDescription_assignment(&description);
  const auto* partitions = assignment == nullptr ? nullptr : rd_kafka_MemberAssignment_partitions(assignment);
  for (int i = 0; partitions != nullptr && i < partitions->cnt; ++i) {
    member.partitions.emplace_back(partitions->elems[i].topic, partitions->elems[i].partition);
  }
  return member;
}

/// Adds the members. Groups of a protocol that this request does not know keep what the list said of them.
Result<void> describe_groups(rd_kafka_t* handle, rd_kafka_queue_t* queue, Groups& groups) {
  if (groups.empty()) return Ok();
  std::vector<const char*> names;
  for (const auto& [name, group] : groups) names.push_back(name.c_str());
  const Options options = make_options(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
  rd_kafka_DescribeConsumerGroups(handle, names.data(), names.size(), options.get(), queue);
  STREAMOPS_ASSIGN(const Event event, wait_for(queue, "describing consumer groups"));
  std::size_t count = 0;
  const rd_kafka_ConsumerGroupDescription_t** descriptions =
      rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto found = groups.find(rd_kafka_ConsumerGroupDescription_group_id(descriptions[i]));
    if (found == groups.end() || rd_kafka_ConsumerGroupDescription_error(descriptions[i]) != nullptr) continue;
    const rd_kafka_consumer_group_state_t state = rd_kafka_ConsumerGroupDescription_state(descriptions[i]);
    const std::size_t members = rd_kafka_ConsumerGroupDescription_member_count(descriptions[i]);
    if (state != RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN && state != RD_KAFKA_CONSUMER_GROUP_STATE_DEAD)
      found->second.state = rd_kafka_consumer_group_state_name(state);
    for (std::size_t k = 0; k < members; ++k) {
      found->second.members.push_back(read_member(*rd_kafka_ConsumerGroupDescription_member(descriptions[i], k)));
    }
  }
  return Ok();
}

void take_offsets(const rd_kafka_event_t& event, Groups& groups) {
  std::size_t count = 0;
  const rd_kafka_group_result_t** results = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(const_cast<rd_kafka_event_t*>(&event)), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto found = groups.find(rd_kafka_group_result_name(results[i]));
    const rd_kafka_topic_partition_list_t* offsets = rd_kafka_group_result_partitions(results[i]);
    if (found == groups.end() || offsets == nullptr) continue;
    for (int k = 0; k < offsets->cnt; ++k) {
      const rd_kafka_topic_partition_t& one = offsets->elems[k];
      if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR && one.offset >= 0)
        found->second.offsets.push_back({one.topic, one.partition, one.offset, one.offset});
    }
  }
}

/// One request a group, all at once.
Result<void> fetch_offsets(rd_kafka_t* handle, rd_kafka_queue_t* queue, Groups& groups) {
  const Options options = make_options(handle, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
  for (const auto& [name, group] : groups) {
    rd_kafka_ListConsumerGroupOffsets_t* request = rd_kafka_ListConsumerGroupOffsets_new(name.c_str(), nullptr);
    rd_kafka_ListConsumerGroupOffsets(handle, &request, 1, options.get(), queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(request);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Event event(rd_kafka_queue_poll(queue, look_timeout_ms + 1000));
    if (event == nullptr) return to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, "reading committed offsets");
    // A group that we may not look into keeps its name and state.
    if (rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR_NO_ERROR) take_offsets(*event, groups);
  }
  return Ok();
}

/// Fills in where each partition ends; a partition that is gone has no lag.
Result<void> find_ends(rd_kafka_t* handle, Groups& groups) {
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> ends;
  for (const auto& [name, group] : groups) {
    for (const BrowsedOffset& offset : group.offsets) ends[{offset.topic, offset.partition}] = -1;
  }
  const PartitionList list = make_partition_list(ends.size());
  for (const auto& [at, end] : ends) rd_kafka_topic_partition_list_add(list.get(), at.first.c_str(), at.second);
  STREAMOPS_RETURN_IF_ERROR(find_offsets(handle, *list, RD_KAFKA_OFFSET_END, "looking for the ends of topics"));
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR) ends[{one.topic, one.partition}] = one.offset;
  }
  for (auto& [name, group] : groups) {
    for (BrowsedOffset& offset : group.offsets) {
      const std::int64_t end = ends[{offset.topic, offset.partition}];
      if (end >= 0) offset.end = end;
    }
  }
  return Ok();
}

}  // namespace

Result<std::vector<BrowsedGroup>> look_at_groups(rd_kafka_t* handle) {
  const Queue queue(rd_kafka_queue_new(handle));
  STREAMOPS_ASSIGN(Groups groups, list_groups(handle, queue.get()));
  // What a coordinator that is moving or a partition without a leader keeps back is left out: the rest is worth
  // showing.
  const Result<void> described = describe_groups(handle, queue.get(), groups);
  if (!described && is_final(described.error())) return described.error();
  STREAMOPS_RETURN_IF_ERROR(fetch_offsets(handle, queue.get(), groups));
  const Result<void> ends = find_ends(handle, groups);
  if (!ends && is_final(ends.error())) return ends.error();
  std::vector<BrowsedGroup> out;
  out.reserve(groups.size());
  for (auto& [name, group] : groups) out.push_back(std::move(group));
  return out;
}

}  // namespace streamops::kafka
