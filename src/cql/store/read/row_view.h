// cql/store/read/row_view.h — a row as a statement sees it: the live values of its columns, static ones included.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "cql/store/rows/row.h"
#include "cql/store/rows/tombstones.h"
#include "cql/store/schema/schema.h"

namespace streamops::cql::store {

/// When a value was written and how long it lives.
struct CellTimes {
  std::int64_t timestamp = kNoTimestamp;
  std::uint32_t ttl = 0;
  std::uint32_t expiry = 0;
};

/// Values by the column's ordinal; nothing for null. Views are valid until the row changes.
struct RowView {
  std::vector<std::optional<BytesView>> values;
  std::vector<CellTimes> times;  // of columns of one cell
  std::int64_t token = 0;
  std::string_view key;  // in the store
};

/// Fills a RowView from stored rows, partition by partition. Belongs to one scan.
class RowViewBuilder {
 public:
  RowViewBuilder(const Table& table, std::uint32_t now_seconds);

  /// Begins a partition. False: the key is damaged.
  bool begin_partition(std::int64_t token, std::string_view partition);
  bool set_tombstones(std::string_view stored);
  bool set_statics(std::string_view stored);
  bool has_live_statics() const { return live_statics_; }

  enum class Outcome : std::uint8_t { live, dead, damaged };
  /// Makes view() show a stored row, with the statics of its partition.
  Outcome set_row(std::string_view key, std::string_view clustering, std::string_view stored);
  /// Makes view() show the partition's statics alone.
  void set_statics_only(std::string_view key);
  const RowView& view() const { return view_; }

 private:
  bool fill(Row& row, const DeletionTime& deletion, std::deque<Bytes>& kept);
  void put(const Column& column, BytesView value, const Cell* cell);
  void clear(std::size_t from, ColumnKind kind);

  const Table& table_;
  std::uint32_t now_;
  Tombstones tombstones_;
  RowView view_;
  std::string partition_;
  std::deque<Bytes> partition_bytes_;
  std::string statics_;
  std::deque<Bytes> static_bytes_;
  std::string stored_;
  std::deque<Bytes> row_bytes_;
  Row scratch_;
  bool live_statics_ = false;
};

}  // namespace streamops::cql::store
