// kafka/client/impl/group_positions.h — tells a group how far a reader is, for others to see; the reader is no member
// of it.
//
//   FindCoordinator at a bootstrap server -> OffsetCommit at the coordinator, one at a time, the newest positions
//
// Advisory: a commit that fails is no trouble; a second later the coordinator is looked for anew. Threads: one loop.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "data/position.h"
#include "kafka/client/config.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::kafka {

class GroupPositions {
 public:
  GroupPositions(const ClientConfig& config, std::string group, std::string topic, runtime::Loop& loop);
  /// What was told last is given half a second; a thread of `pool` waits for it, so that the pool's end does.
  void leave(runtime::Pool& pool);
  ~GroupPositions() = default;

  void tell(std::span<const data::Position> positions);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace streamops::kafka
