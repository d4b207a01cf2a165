#include "cql/store/read/row_view.h"

#include <algorithm>

#include "cql/protocol/value.h"
#include "cql/store/rows/clustering.h"

namespace streamops::cql::store {
namespace {

/// The live cells of one collection as its wire value; empty when there is none.
Bytes join_cells(const CqlType& type, const std::vector<const Cell*>& cells) {
  Bytes out;
  if (type.id() == TypeId::udt) {
    // One member a field, in the order of their paths; fields behind the last one that is there are left out.
    std::size_t next = 0;
    for (const Cell* cell : cells) {
      if (cell->path.size() != 2) continue;
      const std::size_t field = load_big_endian<std::uint16_t>(as_bytes(cell->path).data());
      for (; next < field; ++next) append_big_endian(out, std::int32_t{-1});
      append_big_endian(out, static_cast<std::int32_t>(cell->value.size()));
      append_text(out, cell->value);
      ++next;
    }
    for (; next < type.children().size(); ++next) append_big_endian(out, std::int32_t{-1});
    return out;
  }
  std::vector<BytesView> items;
  for (const Cell* cell : cells) {
    if (type.id() != TypeId::list) items.push_back(as_bytes(cell->path));
    if (type.id() != TypeId::set) items.push_back(as_bytes(cell->value));
  }
  if (type.id() != TypeId::list) return join_collection(type, std::move(items));
  const std::size_t at = begin_counted(out);
  for (const BytesView item : items) {
    append_big_endian(out, static_cast<std::int32_t>(item.size()));
    append_bytes(out, item);
  }
  end_counted(out, at, static_cast<std::int32_t>(items.size()));
  return out;
}

}  // namespace

RowViewBuilder::RowViewBuilder(const Table& table, std::uint32_t now_seconds) : table_(table), now_(now_seconds) {
  view_.values.resize(table.columns.size());
  view_.times.resize(table.columns.size());
}

bool RowViewBuilder::begin_partition(std::int64_t token, std::string_view partition) {
  partition_ = partition;
  view_.token = token;
  tombstones_ = {};
  live_statics_ = false;
  partition_bytes_.clear();
  clear(0, ColumnKind::statics);
  const BytesView key = as_bytes(partition_);
  if (table_.partition_size == 1) {
    view_.values[0] = key;
    return true;
  }
  // Several columns: | u16 length | bytes | 0 | each.
  std::size_t at = 0;
  for (std::size_t i = 0; i < table_.partition_size; ++i) {
    if (key.size() - at < 3) return false;
    const std::size_t size = load_big_endian<std::uint16_t>(key.data() + at);
    if (key.size() - at < size + 3) return false;
    view_.values[i] = key.subspan(at + 2, size);
    at += size + 3;
  }
  return true;
}

bool RowViewBuilder::set_tombstones(std::string_view stored) {
  return parse_tombstones(stored, tombstones_);
}

bool RowViewBuilder::set_statics(std::string_view stored) {
  statics_ = stored;
  static_bytes_.clear();
  scratch_.clear();
  if (!parse_row(statics_, scratch_)) return false;
  live_statics_ = fill(scratch_, stronger(scratch_.deletion, tombstones_.partition), static_bytes_);
  return true;
}

void RowViewBuilder::clear(std::size_t from, ColumnKind kind) {
  for (std::size_t i = from; i < table_.columns.size(); ++i) {
    if (table_.columns[i].kind != kind) continue;
    view_.values[i] = std::nullopt;
    view_.times[i] = {};
  }
}

RowViewBuilder::Outcome RowViewBuilder::set_row(std::string_view key, std::string_view clustering,
                                                std::string_view stored) {
  stored_ = stored;
  row_bytes_.clear();
  scratch_.clear();
  view_.key = key;
  if (!parse_row(stored_, scratch_)) return Outcome::damaged;
  clear(table_.partition_size + table_.clustering_size, ColumnKind::regular);
  const DeletionTime deletion = stronger(scratch_.deletion, tombstones_.over(clustering));
  const bool marker = scratch_.marker.is_live(now_) && !deletion.hides(scratch_.marker.timestamp);
  const bool cells = fill(scratch_, deletion, row_bytes_);
  if (!marker && !cells) return Outcome::dead;
  std::size_t at = 0;
  for (std::size_t i = 0; i < table_.clustering_size; ++i) {
    const Column& column = table_.clustering(i);
    std::optional<Bytes> value = read_clustering(clustering, at, *column.type, column.descending);
    if (!value) return Outcome::damaged;
    row_bytes_.push_back(std::move(*value));
    view_.values[column.ordinal] = row_bytes_.back();
  }
  return Outcome::live;
}

void RowViewBuilder::set_statics_only(std::string_view key) {
  view_.key = key;
  for (std::size_t i = table_.partition_size; i < table_.columns.size(); ++i) {
    if (table_.columns[i].kind != ColumnKind::statics) view_.values[i] = std::nullopt;
  }
  clear(table_.partition_size, ColumnKind::regular);
}

void RowViewBuilder::put(const Column& column, BytesView value, const Cell* cell) {
  view_.values[column.ordinal] = value;
  view_.times[column.ordinal] = cell == nullptr ? CellTimes{} : CellTimes{cell->timestamp, cell->ttl, cell->time};
}

bool RowViewBuilder::fill(Row& row, const DeletionTime& deletion, std::deque<Bytes>& kept) {
  bool any = false;
  const std::vector<Cell>& cells = row.cells;
  for (std::size_t i = 0; i < cells.size();) {
    const ColumnId id = cells[i].column;
    const Column* column = table_.by_id(id);
    DeletionTime hidden = deletion;
    std::vector<const Cell*> elements;
    for (; i < cells.size() && cells[i].column == id; ++i) {
      const Cell& cell = cells[i];
      if (cell.collection_deletion) hidden = stronger(hidden, {cell.timestamp, cell.time});
      if (column == nullptr || !cell.is_live(now_) || hidden.hides(cell.timestamp)) continue;
      any = true;
      if (column->type->is_multi_cell()) {
        elements.push_back(&cell);
      } else {
        put(*column, as_bytes(cell.value), &cell);
      }
    }
    if (elements.empty()) continue;
    kept.push_back(join_cells(*column->type, elements));
    put(*column, kept.back(), nullptr);
  }
  return any;
}

}  // namespace streamops::cql::store
