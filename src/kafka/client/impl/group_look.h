// kafka/client/impl/group_look.h — all groups of a cluster, with their members and what they have committed.
//
//   Metadata at a bootstrap server -> at each broker: ListGroups -> DescribeGroups, OffsetFetch a group
//
// A broker lists the groups that it coordinates, so nobody has to be asked who does. What a broker that is away or a
// coordinator that is moving keeps back is left out: the rest is worth showing. Threads: one loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kafka/client/browser.h"
#include "kafka/client/impl/conversation.h"
#include "kafka/protocol/messages/describe_groups.h"
#include "kafka/protocol/messages/metadata.h"
#include "kafka/protocol/messages/offset_fetch.h"

namespace streamops::kafka {

class GroupLook final : public std::enable_shared_from_this<GroupLook> {
 public:
  /// By name. In each offset `end` is what is committed: where the partition ends is not asked here.
  using Done = std::function<void(Result<std::vector<BrowsedGroup>>)>;

  /// `done` comes once, unless the look is let go of before. Errors: as Conversation::ask.
  static std::shared_ptr<GroupLook> begin(const ClientConfig& config, runtime::Loop& loop, runtime::Network& network,
                                          Done done);

 private:
  GroupLook(const ClientConfig& config, runtime::Loop& loop, runtime::Network& network, Done done);

  void ask_for_brokers(std::size_t server);
  void list_groups(const MetadataResponse& cluster);
  void describe(Conversation& broker, const std::vector<std::string>& names);
  void take_descriptions(const DescribeGroupsResponse& answer);
  void take_offsets(const std::string& group, const OffsetFetchResponse& answer);
  void note(const Error& error);
  /// One question less to wait for.
  void answered();

  ClientConfig config_;
  runtime::Loop& loop_;
  runtime::Network& network_;
  Done done_;
  std::vector<runtime::Endpoint> servers_;
  std::vector<std::shared_ptr<Conversation>> brokers_;
  std::size_t open_ = 0;  // questions without an answer
  std::size_t lists_ = 0;
  std::optional<Error> trouble_;
  std::map<std::string, BrowsedGroup> groups_;
};

}  // namespace streamops::kafka
