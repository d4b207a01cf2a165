#include "app/ports/group_info.h"

#include "kafka/broker/groups/groups.h"
#include "kafka/protocol/reader.h"

namespace streamops::app {
namespace {

/// Reads a consumer's assignment (KIP-429, ConsumerProtocolAssignment): version, topics with partitions, user data.
/// Anything else that groups are used for (Connect, Streams) shows no partitions.
std::vector<std::pair<std::string, std::int32_t>> read_assignment(BytesView bytes) {
  kafka::Reader reader(bytes);
  reader.i16();
  std::vector<std::pair<std::string, std::int32_t>> assigned;
  const std::size_t topics = reader.array(false, 6);
  for (std::size_t i = 0; i < topics && reader.ok(); ++i) {
    const std::string topic = reader.string(false);
    const std::size_t partitions = reader.array(false, 4);
    for (std::size_t k = 0; k < partitions && reader.ok(); ++k) assigned.emplace_back(topic, reader.i32());
  }
  return reader.ok() ? assigned : std::vector<std::pair<std::string, std::int32_t>>();
}

std::int64_t end_of(const std::vector<kafka::TopicView>& topics, const kafka::TopicPartition& wanted) {
  for (const kafka::TopicView& topic : topics) {
    if (topic.name != wanted.topic) continue;
    for (const kafka::PartitionView& partition : topic.partitions) {
      if (partition.partition == wanted.partition) return partition.high_watermark;
    }
  }
  return 0;
}

}  // namespace

std::vector<console::GroupInfo> group_infos(kafka::Broker& broker) {
  const std::vector<kafka::TopicView> topics = broker.topic_views();
  std::vector<console::GroupInfo> infos;
  for (const kafka::GroupView& view : broker.groups().views()) {
    console::GroupInfo& info = infos.emplace_back();
    info.name = view.id;
    info.state = to_string(view.state);
    for (const kafka::GroupMemberView& member : view.members) {
      info.members.push_back({member.client_id, member.client_host, read_assignment(member.assignment)});
    }
    const auto* offsets = broker.groups().committed(view.id);
    if (offsets == nullptr) continue;
    for (const auto& [partition, committed] : *offsets) {
      info.offsets.push_back({partition.topic, partition.partition, committed.offset, end_of(topics, partition)});
    }
  }
  return infos;
}

}  // namespace streamops::app
