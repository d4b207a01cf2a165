// cql/store/read/scan.h — walking the rows that a WHERE clause selects, in Cassandra's order, partition by partition.
//
// Threads: a scan runs wherever it is called (loop for cached single rows, pool for everything else) and touches only
// what it was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cql/store/read/row_view.h"
#include "cql/store/restrictions.h"
#include "storage/rocks/rocks.h"

namespace streamops::cql::store {

struct ScanRequest {
  TablePtr table;
  std::optional<std::vector<std::string>>
      partitions;  // serialized keys in the order of tokens; nothing: the token range
  TokenRange tokens;
  std::vector<ClusteringRange> ranges;
  bool point = false;                 // every range is one row: its lower bound is the row's clustering
  bool reversed = false;              // rows of a partition backwards
  bool statics_only = false;          // DISTINCT: one view a partition
  bool statics_without_rows = false;  // a partition with statics alone gives one view
  std::uint32_t now_seconds = 0;
  std::string resume;  // the key to begin at; empty: from the start
};

class RowVisitor {
 public:
  virtual ~RowVisitor() = default;
  virtual void begin_partition() = 0;
  enum class Next : std::uint8_t { row, partition, stop };
  virtual Next row(const RowView& view) = 0;
};

/// Errors: SO-C007, SO-D002, SO-D101.
Result<void> scan(const storage::Rocks& rocks, const ScanRequest& request, RowVisitor& visitor);
/// A point scan from memory alone. False: the disk would have to be asked, and nothing was visited.
Result<bool> scan_cached(const storage::Rocks& rocks, const ScanRequest& request, RowVisitor& visitor);

}  // namespace streamops::cql::store
