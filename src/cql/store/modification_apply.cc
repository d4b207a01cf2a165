// Carrying out INSERT, UPDATE and DELETE: from bound values to merge operands.
#include <fmt/format.h>

#include <algorithm>

#include "cql/protocol/murmur3.h"
#include "cql/protocol/value.h"
#include "cql/store/invalid.h"
#include "cql/store/modification.h"
#include "cql/store/rows/key.h"
#include "cql/store/rows/list_path.h"
#include "cql/store/rows/row.h"
#include "cql/store/rows/tombstones.h"

namespace streamops::cql::store {
namespace {

constexpr std::int32_t kMaxTtl = 20 * 365 * 24 * 60 * 60;

Result<std::int64_t> timestamp_of(const Modification& modification, Evaluation& evaluation, const WriteTimes& times) {
  if (!modification.timestamp) return times.override_.value_or(times.timestamp);
  STREAMOPS_ASSIGN(const Value value, modification.timestamp->get(evaluation));
  if (value.is_null()) return invalid("Invalid null value of timestamp");
  if (value.is_unset()) return times.timestamp;
  return load_big_endian<std::int64_t>(value.bytes.data());
}

Result<std::uint32_t> ttl_of(const Modification& modification, Evaluation& evaluation) {
  const auto fallback = static_cast<std::uint32_t>(modification.table->options.integer("default_time_to_live"));
  if (modification.kind == Modification::Kind::remove) return 0U;
  if (!modification.ttl) return fallback;
  STREAMOPS_ASSIGN(const Value value, modification.ttl->get(evaluation));
  if (value.is_unset()) return fallback;
  if (value.is_null() || value.bytes.empty()) return 0U;
  const auto ttl = load_big_endian<std::int32_t>(value.bytes.data());
  if (ttl < 0) return invalid(fmt::format("A TTL must be greater or equal to 0, but was {}", ttl));
  if (ttl > kMaxTtl) return invalid(fmt::format("ttl is too large. requested ({}) maximum ({})", ttl, kMaxTtl));
  return static_cast<std::uint32_t>(ttl);
}

/// Builds the cells of one row.
class CellWriter {
 public:
  CellWriter(Row& row, Evaluation& evaluation, std::int64_t timestamp, std::uint32_t ttl)
      : row_(row), evaluation_(evaluation), timestamp_(timestamp), ttl_(ttl) {}

  Result<void> write(const CellOperation& operation) {
    switch (operation.kind) {
      case CellOperation::Kind::set:
        return set(operation);
      case CellOperation::Kind::put:
        return put(operation);
      case CellOperation::Kind::add:
      case CellOperation::Kind::prepend:
        return add(operation);
      case CellOperation::Kind::subtract:
        return subtract(operation);
      case CellOperation::Kind::remove:
        remove(*operation.column);
        return Ok();
      case CellOperation::Kind::remove_key:
        return remove_key(operation);
    }
    return Ok();
  }

 private:
  void live(const Column& column, std::string_view path, BytesView value) {
    Cell cell;
    cell.column = column.id;
    cell.timestamp = timestamp_;
    cell.ttl = ttl_;
    cell.time = ttl_ == 0 ? 0 : evaluation_.now_seconds() + ttl_;
    cell.path = path;
    cell.value = as_text(value);
    row_.cells.push_back(cell);
  }

  void tombstone(const Column& column, std::string_view path) {
    Cell cell;
    cell.column = column.id;
    cell.timestamp = timestamp_;
    cell.tombstone = true;
    cell.time = evaluation_.now_seconds();
    cell.path = path;
    row_.cells.push_back(cell);
  }

  void clear_collection(const Column& column, std::int64_t timestamp) {
    Cell cell;
    cell.column = column.id;
    cell.timestamp = timestamp;
    cell.collection_deletion = true;
    cell.time = evaluation_.now_seconds();
    row_.cells.push_back(cell);
  }

  void remove(const Column& column) {
    if (column.type->is_multi_cell()) {
      clear_collection(column, timestamp_);
    } else {
      tombstone(column, {});
    }
  }

  Result<void> set(const CellOperation& operation) {
    STREAMOPS_ASSIGN(const Value value, operation.value->get(evaluation_));
    const Column& column = *operation.column;
    if (value.is_unset()) return Ok();
    if (value.is_null()) {
      remove(column);
      return Ok();
    }
    if (!column.type->is_multi_cell()) {
      live(column, {}, value.bytes);
      return Ok();
    }
    // What was there before goes, what comes with the same timestamp stays.
    clear_collection(column, timestamp_ - 1);
    if (column.type->id() == TypeId::udt) return fields(column, value.bytes);
    return elements(column, value.bytes, ListPlace::whole);
  }

  Result<void> fields(const Column& column, BytesView value) {
    const std::vector<std::optional<BytesView>> members = split_members(*column.type, value);
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!members[i]) continue;
      const Bytes path{static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i & 0xffU)};
      live(column, as_text(evaluation_.keep(path)), *members[i]);
    }
    return Ok();
  }

  Result<void> elements(const Column& column, BytesView value, ListPlace place) {
    const std::vector<BytesView> items = split_collection(*column.type, value);
    switch (column.type->id()) {
      case TypeId::set:
        for (const BytesView item : items) live(column, as_text(item), {});
        return Ok();
      case TypeId::map:
        for (std::size_t i = 0; i + 1 < items.size(); i += 2) live(column, as_text(items[i]), items[i + 1]);
        return Ok();
      default:
        break;
    }
    const std::uint64_t salt = place == ListPlace::whole ? 0 : evaluation_.random().next();
    const std::int64_t moment = place == ListPlace::whole ? timestamp_ : evaluation_.now_micros();
    for (std::size_t i = 0; i < items.size(); ++i) {
      live(column, as_text(evaluation_.keep(list_path(place, moment, i, items.size(), salt))), items[i]);
    }
    return Ok();
  }

  Result<void> put(const CellOperation& operation) {
    std::string_view path = operation.path;
    if (operation.key) {
      STREAMOPS_ASSIGN(const Value key, operation.key->get(evaluation_));
      if (!key.has_bytes()) return invalid(key.is_null() ? "Invalid null map key" : "Invalid unset map key");
      path = as_text(key.bytes);
    }
    STREAMOPS_ASSIGN(const Value value, operation.value->get(evaluation_));
    if (value.is_unset()) return Ok();
    if (value.is_null()) {
      tombstone(*operation.column, path);
    } else {
      live(*operation.column, path, value.bytes);
    }
    return Ok();
  }

  Result<void> add(const CellOperation& operation) {
    STREAMOPS_ASSIGN(const Value value, operation.value->get(evaluation_));
    if (!value.has_bytes()) return Ok();
    return elements(*operation.column, value.bytes,
                    operation.kind == CellOperation::Kind::add ? ListPlace::behind : ListPlace::before);
  }

  Result<void> subtract(const CellOperation& operation) {
    STREAMOPS_ASSIGN(const Value value, operation.value->get(evaluation_));
    if (!value.has_bytes()) return Ok();
    for (const BytesView item : split_collection(*operation.value->type(), value.bytes))
      tombstone(*operation.column, as_text(item));
    return Ok();
  }

  Result<void> remove_key(const CellOperation& operation) {
    if (!operation.key) {
      tombstone(*operation.column, operation.path);
      return Ok();
    }
    STREAMOPS_ASSIGN(const BytesView key, operation.key->get_present(evaluation_));
    tombstone(*operation.column, as_text(key));
    return Ok();
  }

  Row& row_;
  Evaluation& evaluation_;
  std::int64_t timestamp_;
  std::uint32_t ttl_;
};

std::string prefix_of(const Table& table, std::string_view partition) {
  return partition_prefix(table.id, murmur3_token(as_bytes(partition)), partition);
}

/// One statement on its way into a batch.
class Application {
 public:
  Application(const Modification& modification, Evaluation& evaluation, std::int64_t timestamp, std::uint32_t ttl,
              storage::WriteBatch& batch)
      : modification_(modification), evaluation_(evaluation), timestamp_(timestamp), ttl_(ttl), batch_(batch) {}

  Result<void> run() {
    STREAMOPS_ASSIGN(const std::vector<std::string> partitions, modification_.where.partitions(evaluation_));
    STREAMOPS_ASSIGN(const std::vector<ClusteringRange> ranges,
                     modification_.where.ranges(*modification_.table, evaluation_));
    for (const std::string& partition : partitions) {
      prefix_ = prefix_of(*modification_.table, partition);
      STREAMOPS_RETURN_IF_ERROR(write_partition(ranges));
    }
    return Ok();
  }

 private:
  Result<void> write_partition(const std::vector<ClusteringRange>& ranges) {
    if (modification_.kind == Modification::Kind::remove && modification_.operations.empty()) return remove(ranges);
    STREAMOPS_RETURN_IF_ERROR(write_statics());
    const bool rows = modification_.where.missing_clustering(*modification_.table).empty();
    if (!rows) return Ok();
    for (const ClusteringRange& range : ranges) STREAMOPS_RETURN_IF_ERROR(write_row(range.lower));
    return Ok();
  }

  Result<void> write_cells(Row& row, ColumnKind kind) {
    CellWriter writer(row, evaluation_, timestamp_, ttl_);
    for (const CellOperation& operation : modification_.operations) {
      if (operation.column->kind == kind) STREAMOPS_RETURN_IF_ERROR(writer.write(operation));
    }
    return Ok();
  }

  Result<void> write_statics() {
    Row row;
    STREAMOPS_RETURN_IF_ERROR(write_cells(row, ColumnKind::statics));
    if (row.empty()) return Ok();
    merge(row_key(prefix_, RowKind::statics), row);
    return Ok();
  }

  Result<void> write_row(std::string_view clustering) {
    Row row;
    if (modification_.kind == Modification::Kind::insert) {
      row.marker = {timestamp_, ttl_, ttl_ == 0 ? 0 : evaluation_.now_seconds() + ttl_};
    }
    STREAMOPS_RETURN_IF_ERROR(write_cells(row, ColumnKind::regular));
    if (row.empty()) return Ok();
    merge(row_key(prefix_, RowKind::row, clustering), row);
    return Ok();
  }

  void merge(const std::string& key, Row& row) {
    value_.clear();
    append_row(value_, row);
    batch_.merge(key, value_);
  }

  Result<void> remove(const std::vector<ClusteringRange>& ranges) {
    const DeletionTime deletion{timestamp_, evaluation_.now_seconds()};
    const bool single_rows = modification_.table->clustering_size > 0 &&
                             modification_.where.missing_clustering(*modification_.table).empty();
    if (single_rows) {
      for (const ClusteringRange& range : ranges) {
        Row row;
        row.deletion = deletion;
        merge(row_key(prefix_, RowKind::row, range.lower), row);
      }
      return Ok();
    }
    Tombstones tombstones;
    if (modification_.where.has_clustering()) {
      for (const ClusteringRange& range : ranges) tombstones.ranges.push_back({range.lower, range.upper, deletion});
      if (tombstones.ranges.empty()) return Ok();
    } else {
      tombstones.partition = deletion;
    }
    value_.clear();
    append_tombstones(value_, tombstones);
    batch_.merge(row_key(prefix_, RowKind::deletions), value_);
    return Ok();
  }

  const Modification& modification_;
  Evaluation& evaluation_;
  std::int64_t timestamp_;
  std::uint32_t ttl_;
  storage::WriteBatch& batch_;
  std::string prefix_;
  std::string value_;
};

}  // namespace

Result<std::vector<RowTarget>> row_targets(const Modification& modification, Evaluation& evaluation) {
  STREAMOPS_ASSIGN(const std::vector<std::string> partitions, modification.where.partitions(evaluation));
  STREAMOPS_ASSIGN(const std::vector<ClusteringRange> ranges,
                   modification.where.ranges(*modification.table, evaluation));
  std::vector<RowTarget> out;
  for (const std::string& partition : partitions) {
    for (const ClusteringRange& range : ranges) out.push_back({partition, range.lower});
  }
  return out;
}

Result<void> apply(const Modification& modification, Evaluation& evaluation, const WriteTimes& times,
                   storage::WriteBatch& batch) {
  STREAMOPS_ASSIGN(const std::int64_t timestamp, timestamp_of(modification, evaluation, times));
  STREAMOPS_ASSIGN(const std::uint32_t ttl, ttl_of(modification, evaluation));
  return Application(modification, evaluation, timestamp, ttl, batch).run();
}

}  // namespace streamops::cql::store
