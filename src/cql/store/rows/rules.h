// cql/store/rows/rules.h — how the store below merges rows and what its compaction may drop.
// Threads: both rules run on the database's background threads; GraceTable is locked.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "cql/store/rows/key.h"
#include "runtime/clock.h"
#include "storage/rocks/rocks.h"

namespace streamops::cql::store {

/// gc_grace_seconds of each table, as compaction needs it.
class GraceTable {
 public:
  void set(TableId table, std::uint32_t seconds);
  void forget(TableId table);
  /// Ten days (Cassandra's default) for tables that it does not know.
  std::uint32_t of(TableId table) const;

 private:
  mutable std::mutex mutex_;
  std::map<TableId, std::uint32_t> seconds_;
};

std::shared_ptr<const storage::MergeRule> make_row_merge_rule();
/// Drops tombstones and expired cells once they are older than their table's grace.
std::shared_ptr<const storage::PurgeRule> make_row_purge_rule(std::shared_ptr<const GraceTable> grace,
                                                              const runtime::Clock& clock);

}  // namespace streamops::cql::store
