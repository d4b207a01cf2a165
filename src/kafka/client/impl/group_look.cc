#include "kafka/client/impl/group_look.h"

#include "errors/kafka_client.h"
#include "kafka/client/failure.h"
#include "kafka/protocol/messages/list_groups.h"

namespace streamops::kafka {
namespace {

constexpr Microseconds patience = std::chrono::seconds{5};
constexpr std::int16_t one_group = 7;  // the newest OffsetFetch that asks for one group, topics by name

/// A member's share as all consumers' assignors write it: version, topics with their partitions, the assignor's own.
/// Source: Kafka protocol guide, ConsumerProtocolAssignment.
std::vector<std::pair<std::string, std::int32_t>> read_assignment(const Bytes& bytes) {
  std::vector<std::pair<std::string, std::int32_t>> partitions;
  Reader in(bytes);
  in.i16();
  for (std::size_t topics = in.array(false, 6); topics > 0 && in.ok(); --topics) {
    const std::string topic = in.string(false);
    for (std::size_t left = in.array(false, 4); left > 0 && in.ok(); --left) {
      const std::int32_t partition = in.i32();
      if (in.ok()) partitions.emplace_back(topic, partition);
    }
  }
  return partitions;
}

}  // namespace

std::shared_ptr<GroupLook> GroupLook::begin(const ClientConfig& config, runtime::Loop& loop, runtime::Network& network,
                                            Done done) {
  std::shared_ptr<GroupLook> look(new GroupLook(config, loop, network, std::move(done)));
  look->ask_for_brokers(0);
  return look;
}

GroupLook::GroupLook(const ClientConfig& config, runtime::Loop& loop, runtime::Network& network, Done done)
    : config_(config), loop_(loop), network_(network), done_(std::move(done)), servers_(bootstrap_servers(config)) {}

void GroupLook::ask_for_brokers(std::size_t server) {
  if (server == servers_.size()) return answered();
  brokers_ = {Conversation::begin(config_, servers_[server], loop_, network_, patience)};
  MetadataRequest request;
  request.topics.emplace();  // none
  request.allow_auto_topic_creation = false;
  open_ = 1;
  brokers_[0]->ask<MetadataResponse>(std::move(request),
                                     [this, server, alive = weak_from_this()](const Result<MetadataResponse>& cluster) {
                                       if (alive.expired()) return;
                                       if (cluster) return list_groups(*cluster);
                                       note(cluster.error());
                                       is_final(cluster.error()) ? answered() : ask_for_brokers(server + 1);
                                     });
}

void GroupLook::list_groups(const MetadataResponse& cluster) {
  brokers_.clear();
  open_ = cluster.brokers.size() + 1;
  for (const auto& each : cluster.brokers) {
    const runtime::Endpoint at{each.host, static_cast<std::uint16_t>(each.port)};
    const auto broker = brokers_.emplace_back(Conversation::begin(config_, at, loop_, network_, patience));
    broker->ask<ListGroupsResponse>(ListGroupsRequest{}, [this, at = broker.get(), alive = weak_from_this()](
                                                             const Result<ListGroupsResponse>& list) {
      if (alive.expired()) return;
      if (!list) {
        note(list.error());
        return answered();
      }
      ++lists_;
      std::vector<std::string> names;
      for (const auto& group : list->groups) {
        groups_[group.group_id] = {group.group_id, group.group_state, {}, {}};
        names.push_back(group.group_id);
      }
      describe(*at, names);
      answered();
    });
  }
  answered();  // for a cluster that names no broker
}

void GroupLook::describe(Conversation& broker, const std::vector<std::string>& names) {
  if (names.empty()) return;
  DescribeGroupsRequest request;
  request.groups = names;
  open_ += 1 + names.size();
  broker.ask<DescribeGroupsResponse>(std::move(request),
                                     [this, alive = weak_from_this()](const Result<DescribeGroupsResponse>& answer) {
                                       if (alive.expired()) return;
                                       answer ? take_descriptions(*answer) : note(answer.error());
                                       answered();
                                     });
  for (const std::string& name : names) {
    OffsetFetchRequest offsets;
    offsets.group_id = name;
    broker.ask<OffsetFetchResponse>(
        std::move(offsets),
        [this, name, alive = weak_from_this()](const Result<OffsetFetchResponse>& answer) {
          if (alive.expired()) return;
          answer ? take_offsets(name, *answer) : note(answer.error());
          answered();
        },
        one_group);
  }
}

void GroupLook::take_descriptions(const DescribeGroupsResponse& answer) {
  for (const auto& described : answer.groups) {
    const auto found = groups_.find(described.group_id);
    // A group of a protocol that this request does not know is "Dead" here; the list said better.
    if (found == groups_.end() || described.error_code != 0 || described.group_state == "Dead") continue;
    found->second.state = described.group_state;
    for (const auto& member : described.members) {
      found->second.members.push_back(
          {member.client_id, member.client_host, read_assignment(member.member_assignment)});
    }
  }
}

void GroupLook::take_offsets(const std::string& group, const OffsetFetchResponse& answer) {
  for (const auto& topic : answer.topics) {
    for (const auto& partition : topic.partitions) {
      const std::int64_t committed = partition.committed_offset;
      if (partition.error_code == 0 && committed >= 0)
        groups_[group].offsets.push_back({topic.name, partition.partition_index, committed, committed});
    }
  }
}

void GroupLook::note(const Error& error) {
  if (!trouble_ || is_final(error)) trouble_ = error;
}

void GroupLook::answered() {
  if (open_ > 0) --open_;
  if (open_ > 0) return;
  const Done done = std::exchange(done_, nullptr);
  if (!done) return;
  if (lists_ == 0 && trouble_) return done(*trouble_);
  std::vector<BrowsedGroup> out;
  out.reserve(groups_.size());
  for (auto& [name, group] : groups_) out.push_back(std::move(group));
  done(std::move(out));
}

}  // namespace streamops::kafka
