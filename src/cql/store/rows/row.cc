#include "cql/store/rows/row.h"

#include <algorithm>
#include <tuple>

#include "base/bytes.h"

namespace streamops::cql::store {
namespace {

enum RowFlag : std::uint8_t { has_marker = 1, marker_expires = 2, has_deletion = 4 };
enum CellFlag : std::uint8_t {
  cell_tombstone = 1,
  cell_expiring = 2,
  cell_path = 4,
  cell_collection = 8,
  cell_marker_time = 16
};

template <std::integral T>
void append_integer(std::string& out, T value) {
  value = to_big_endian(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void append_varint(std::string& out, std::size_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}

/// Reads front to back; the first lack of bytes sticks.
class Parser {
 public:
  explicit Parser(std::string_view from) : from_(from) {}

  template <std::integral T>
  T integer() {
    if (from_.size() - at_ < sizeof(T)) {
      at_ = from_.size();
      ok_ = false;
      return T{};
    }
    const T value = load_big_endian<T>(reinterpret_cast<const std::uint8_t*>(from_.data()) + at_);
    at_ += sizeof(T);
    return value;
  }

  std::size_t varint() {
    std::size_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const auto byte = integer<std::uint8_t>();
      value |= static_cast<std::size_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    ok_ = false;
    return 0;
  }

  std::string_view text() {
    const std::size_t size = varint();
    if (size > from_.size() - at_) {
      ok_ = false;
      return {};
    }
    at_ += size;
    return from_.substr(at_ - size, size);
  }

  bool ok() const { return ok_; }
  bool at_end() const { return !ok_ || at_ == from_.size(); }

 private:
  std::string_view from_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

void append_cell(std::string& out, const Cell& cell, const RowMarker& marker) {
  const bool own_time = !marker.any() || cell.timestamp != marker.timestamp;
  const bool timed = cell.tombstone || cell.collection_deletion || cell.ttl != 0;
  append_varint(out, cell.column);
  out.push_back(static_cast<char>((cell.tombstone ? cell_tombstone : 0) | (cell.ttl != 0 ? cell_expiring : 0) |
                                  (cell.path.empty() ? 0 : cell_path) |
                                  (cell.collection_deletion ? cell_collection : 0) |
                                  (own_time ? 0 : cell_marker_time)));
  if (own_time) append_integer(out, cell.timestamp);
  if (cell.ttl != 0) append_integer(out, cell.ttl);
  if (timed) append_integer(out, cell.time);
  if (!cell.path.empty()) {
    append_varint(out, cell.path.size());
    out.append(cell.path);
  }
  if (cell.tombstone || cell.collection_deletion) return;
  append_varint(out, cell.value.size());
  out.append(cell.value);
}

Cell parse_cell(Parser& parser, const RowMarker& marker) {
  Cell cell;
  cell.column = static_cast<ColumnId>(parser.varint());
  const auto flags = parser.integer<std::uint8_t>();
  cell.tombstone = (flags & cell_tombstone) != 0;
  cell.collection_deletion = (flags & cell_collection) != 0;
  cell.timestamp = (flags & cell_marker_time) != 0 ? marker.timestamp : parser.integer<std::int64_t>();
  if ((flags & cell_expiring) != 0) cell.ttl = parser.integer<std::uint32_t>();
  if ((flags & (cell_tombstone | cell_collection | cell_expiring)) != 0) cell.time = parser.integer<std::uint32_t>();
  if ((flags & cell_path) != 0) cell.path = parser.text();
  if (!cell.tombstone && !cell.collection_deletion) cell.value = parser.text();
  return cell;
}

/// The order of cells in a row; a collection's deletion comes before its elements.
bool before(const Cell& a, const Cell& b) {
  return std::tuple(a.column, !a.collection_deletion, a.path) < std::tuple(b.column, !b.collection_deletion, b.path);
}

bool same_place(const Cell& a, const Cell& b) {
  return a.column == b.column && a.collection_deletion == b.collection_deletion && a.path == b.path;
}

}  // namespace

DeletionTime stronger(const DeletionTime& a, const DeletionTime& b) {
  return std::tie(a.timestamp, a.time) < std::tie(b.timestamp, b.time) ? b : a;
}

void Row::clear() {
  marker = {};
  deletion = {};
  cells.clear();
}

bool wins(const Cell& a, const Cell& b) {
  // An ended life (a tombstone, or a set end) beats none; a tombstone beats a set end.
  const auto finality = [](const Cell& cell) { return cell.tombstone ? 2 : cell.ttl != 0 ? 1 : 0; };
  // Everything else being equal the shorter life wins, so that the order of writes never matters.
  const auto rank = [&finality](const Cell& cell) {
    return std::tuple(cell.timestamp, finality(cell), cell.time, cell.value, -static_cast<std::int64_t>(cell.ttl));
  };
  return rank(a) > rank(b);
}

bool wins(const RowMarker& a, const RowMarker& b) {
  const auto rank = [](const RowMarker& marker) {
    return std::tuple(marker.timestamp, marker.ttl != 0, marker.expiry, -static_cast<std::int64_t>(marker.ttl));
  };
  return rank(a) > rank(b);
}

void append_row(std::string& out, Row& row) {
  if (!std::is_sorted(row.cells.begin(), row.cells.end(), before))
    std::sort(row.cells.begin(), row.cells.end(), before);
  const bool expires = row.marker.any() && row.marker.ttl != 0;
  out.push_back(static_cast<char>((row.marker.any() ? has_marker : 0) | (expires ? marker_expires : 0) |
                                  (row.deletion.any() ? has_deletion : 0)));
  if (row.marker.any()) append_integer(out, row.marker.timestamp);
  if (expires) {
    append_integer(out, row.marker.ttl);
    append_integer(out, row.marker.expiry);
  }
  if (row.deletion.any()) {
    append_integer(out, row.deletion.timestamp);
    append_integer(out, row.deletion.time);
  }
  for (const Cell& cell : row.cells) append_cell(out, cell, row.marker);
}

bool parse_row(std::string_view bytes, Row& row) {
  Parser parser(bytes);
  const auto flags = parser.integer<std::uint8_t>();
  RowMarker marker;
  if ((flags & has_marker) != 0) marker.timestamp = parser.integer<std::int64_t>();
  if ((flags & marker_expires) != 0) {
    marker.ttl = parser.integer<std::uint32_t>();
    marker.expiry = parser.integer<std::uint32_t>();
  }
  DeletionTime deletion;
  if ((flags & has_deletion) != 0) {
    deletion.timestamp = parser.integer<std::int64_t>();
    deletion.time = parser.integer<std::uint32_t>();
  }
  while (!parser.at_end()) row.cells.push_back(parse_cell(parser, marker));
  if (wins(marker, row.marker)) row.marker = marker;
  row.deletion = stronger(row.deletion, deletion);
  return parser.ok();
}

void resolve(Row& row) {
  std::vector<Cell>& cells = row.cells;
  if (!std::is_sorted(cells.begin(), cells.end(), before)) std::stable_sort(cells.begin(), cells.end(), before);
  if (row.deletion.hides(row.marker.timestamp)) row.marker = {};
  std::size_t kept = 0;
  DeletionTime collection;
  for (std::size_t i = 0; i < cells.size();) {
    Cell best = cells[i];
    if (i == 0 || cells[i].column != cells[i - 1].column) collection = {};
    for (++i; i < cells.size() && same_place(best, cells[i]); ++i) {
      if (wins(cells[i], best)) best = cells[i];
    }
    if (row.deletion.hides(best.timestamp) || collection.hides(best.timestamp)) continue;
    if (best.collection_deletion) collection = {best.timestamp, best.time};
    cells[kept++] = best;
  }
  cells.resize(kept);
}

bool purge(Row& row, std::uint32_t purge_before) {
  bool gone = false;
  if (row.marker.ttl != 0 && row.marker.any() && row.marker.expiry < purge_before) {
    row.marker = {};
    gone = true;
  }
  if (row.deletion.any() && row.deletion.time < purge_before) {
    row.deletion = {};
    gone = true;
  }
  const std::size_t dropped = std::erase_if(row.cells, [purge_before](const Cell& cell) {
    return (cell.tombstone || cell.collection_deletion || cell.ttl != 0) && cell.time < purge_before;
  });
  return gone || dropped != 0;
}

}  // namespace streamops::cql::store
