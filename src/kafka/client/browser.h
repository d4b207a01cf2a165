// kafka/client/browser.h — looks into a cluster for people: topics with their offsets, messages, groups with their lag.
// It reads only: nothing is committed, joined or created.
//
//   call (loop) --> pool: the library's blocking calls, each bounded in time --> `done` (loop)
//
// Whatever is asked for twice at once is looked up once. While a cluster is away every look ends after a few seconds
// with the reason. Memory: a look at messages holds at most `max_bytes` of them. Threads: one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "kafka/client/config.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::kafka {

/// What a partition holds: offsets from `first` on, below `next`.
struct PartitionExtent {
  std::int32_t partition = 0;
  std::int64_t first = 0;
  std::int64_t next = 0;
};

struct TopicExtent {
  std::string name;
  std::vector<PartitionExtent> partitions;  // in order; without those whose leader is away
};

/// One message with its own memory.
struct BrowsedMessage {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct BrowseQuery {
  enum class From : std::uint8_t { newest, oldest, offset, timestamp };
  std::string topic;
  std::optional<std::int32_t> partition;  // nothing: all of them
  From from = From::newest;
  std::int64_t position = 0;  // an offset, or milliseconds since 1970
  std::size_t limit = 50;     // messages a partition
  std::string search;         // not empty: only messages whose key or value holds these bytes
  std::size_t scan = 20'000;  // messages a partition that a search looks at
  std::size_t max_bytes = 16 * 1024 * 1024;
};

struct BrowsedMember {
  std::string client_id;
  std::string host;
  std::vector<std::pair<std::string, std::int32_t>> partitions;
};

struct BrowsedOffset {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t committed = 0;
  std::int64_t end = 0;
};

struct BrowsedGroup {
  std::string name;
  std::string state;  // Kafka's names: Stable, Empty, PreparingRebalance, CompletingRebalance, Dead
  std::vector<BrowsedMember> members;
  std::vector<BrowsedOffset> offsets;
};

class Browser {
 public:
  template <typename T>
  using Done = std::function<void(Result<T>)>;

  /// Errors: SO-K201.
  static Result<std::unique_ptr<Browser>> open(const ClientConfig& config, runtime::Loop& loop, runtime::Pool& pool);
  virtual ~Browser() = default;

  // Each calls `done` on the loop, once, unless the Browser is gone. Errors: SO-K202 to SO-K204, SO-K206, SO-K213,
  // SO-K214.
  virtual void topics(Done<std::vector<TopicExtent>> done) = 0;
  virtual void groups(Done<std::vector<BrowsedGroup>> done) = 0;
  /// In offset order within each partition. Further errors: SO-K208 (no such topic or partition).
  virtual void messages(const BrowseQuery& query, Done<std::vector<BrowsedMessage>> done) = 0;
};

}  // namespace streamops::kafka
