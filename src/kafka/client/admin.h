// kafka/client/admin.h — topics: create and describe.
//
// Threads: one loop; the library's blocking calls run in the pool.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "kafka/client/config.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::kafka {

struct NewTopic {
  std::string name;
  int partitions = 1;
  int replication = -1;  // -1: the broker's default
  std::vector<std::pair<std::string, std::string>> configs;
};

struct TopicDescription {
  std::string name;
  std::vector<std::int32_t> partitions;  // ids, in order
};

class Admin {
 public:
  /// Errors: SO-K201 (a setting that the library refuses).
  static Result<std::unique_ptr<Admin>> open(const ClientConfig& config, runtime::Loop& loop, runtime::Pool& pool);
  virtual ~Admin() = default;

  /// Creates a topic; a topic that exists already is fine. `done` on the loop, once, unless the Admin is gone.
  /// Errors: SO-K202 (not reachable), SO-K203 (credentials), SO-K204 (not allowed), SO-K206 (refused for another
  /// reason).
  virtual void create_topic(const NewTopic& topic, std::function<void(Result<void>)> done) = 0;
  /// Nothing when the topic does not exist. Never creates it. Errors: as above.
  virtual void describe_topic(const std::string& name,
                              std::function<void(Result<std::optional<TopicDescription>>)> done) = 0;
};

}  // namespace streamops::kafka
