// kafka/client/consumer.h — reads partitions of one topic from given offsets. Not managed by a group: who reads decides
// where, and keeps its positions itself.
//
//   answers of brokers, or the library's queue --> held back, about `prefetch_bytes` --poll()--> Records
//
// Positions may be committed to a group for others to see; nobody joins it, and nothing is ever read from it.
//
// By our own code (impl/direct_consumer.h), or by the library where the config says so: there partitions are paused
// when too much is held back, and resumed when half of it is gone; it would notice only later. Threads: one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/position.h"
#include "kafka/client/admin.h"
#include "kafka/client/config.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::kafka {

struct ConsumerOptions {
  std::string topic;
  std::size_t prefetch_bytes = 4 * 1024 * 1024;  // of all partitions together
  std::string group;                             // where commit() goes; empty: nowhere
};

/// Offsets with a meaning of their own for Consumer::add.
inline constexpr std::int64_t offset_earliest = -2;
inline constexpr std::int64_t offset_latest = -1;

class Consumer {
 public:
  /// `on_ready` is called on the loop when records, or news about trouble, may be waiting; not again before poll().
  /// Errors: SO-K201.
  static Result<std::unique_ptr<Consumer>> open(const ClientConfig& config, const ConsumerOptions& options,
                                                runtime::Loop& loop, runtime::Pool& pool,
                                                std::function<void()> on_ready);
  virtual ~Consumer() = default;

  /// Reads `partition` from `offset` on. Once a partition.
  virtual Result<void> add(std::int32_t partition, std::int64_t offset) = 0;
  /// What has arrived, at most about `max_bytes` of keys and values. Errors are final: SO-K203, SO-K204, SO-K205 (the
  /// offset is gone from the log), SO-K107 and SO-K110 to SO-K112 (a batch that cannot be read).
  virtual Result<data::Records> poll(std::size_t max_bytes) = 0;
  /// Tells the group how far this reader is, advisory: what fails is tried again and no trouble. The last commit is
  /// given half a second when the consumer goes.
  virtual void commit(std::span<const data::Position> positions) = 0;
  /// Questions about topics, over the same connections.
  virtual Admin& admin() = 0;
  /// What is wrong right now though the library keeps trying.
  virtual std::optional<Error> trouble() const = 0;
  /// Somebody has just reached the cluster: what was wrong is over.
  virtual void forget_trouble() = 0;
  /// Records behind the last one handed out; nothing before each partition has been fetched from.
  virtual std::optional<std::int64_t> lag() const = 0;
};

}  // namespace streamops::kafka
