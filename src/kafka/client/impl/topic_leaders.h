// kafka/client/impl/topic_leaders.h — which broker leads which partition of a topic, asked of the cluster.
//
//   bootstrap servers, in turn -> Metadata -> partition -> address of its leader
//
// One question at a time; a partition without a leader right now is left out. Threads: one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "kafka/client/config.h"
#include "kafka/client/impl/conversation.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace streamops::kafka {

struct TopicLeaders {
  Uuid topic_id;
  std::int32_t partitions = 0;  // also those without a leader
  std::map<std::int32_t, runtime::Endpoint> leaders;
};

class LeaderLook {
 public:
  using Done = std::function<void(Result<TopicLeaders>)>;

  LeaderLook(const ClientConfig& config, runtime::Loop& loop, runtime::Network& network);
  ~LeaderLook();
  LeaderLook(const LeaderLook&) = delete;
  LeaderLook& operator=(const LeaderLook&) = delete;

  /// `done` comes once, later, unless this is gone. Errors: SO-K202, SO-K203, SO-K204, SO-K206, SO-K208.
  void ask(const std::string& topic, Done done);
  bool is_busy() const { return done_ != nullptr; }

 private:
  void ask_next();
  void finish(Result<TopicLeaders> result);

  ClientConfig config_;
  runtime::Loop& loop_;
  runtime::Network& network_;
  std::vector<runtime::Endpoint> servers_;
  std::size_t next_ = 0;   // server to ask
  std::size_t tried_ = 0;  // in this question
  std::string topic_;
  Done done_;
  std::shared_ptr<Conversation> broker_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace streamops::kafka
