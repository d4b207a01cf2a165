#include "sql/engine/lookup_index.h"

#include <algorithm>

namespace streamops::sql {
namespace {

/// Rows whose key has a null meet nobody.
bool has_null(const Rows& rows, std::size_t first, std::size_t keys, std::size_t row) {
  for (std::size_t i = first; i < first + keys; ++i) {
    if (rows.columns[i]->is_null(row)) return true;
  }
  return false;
}

std::size_t room(const std::vector<std::uint32_t>& list) {
  return list.capacity() * sizeof(std::uint32_t);
}

}  // namespace

LookupIndex::LookupIndex(const JoinSpec& join)
    : join_(join), side_(1 - join.stream_side), rows_(join.sides[1 - join.stream_side].types) {}

void LookupIndex::add(std::string_view own, const Rows& rows, std::span<const std::size_t> which) {
  const std::size_t first = join_.key_column(side_, 0), count = join_.keys.size();
  KeyBatch keys;
  encode_keys({rows.columns.begin() + static_cast<std::ptrdiff_t>(first),
               rows.columns.begin() + static_cast<std::ptrdiff_t>(first + count)},
              rows.rows, keys);
  bool added = false;
  const std::uint32_t owner = owners_.add(own, KeyTable::hash(own), added);
  if (owner >= by_owner_.size()) by_owner_.resize(owner + 1);
  for (const std::size_t row : which) {
    if (has_null(rows, first, count, row)) continue;
    const std::uint32_t number = rows_.add(rows.columns, row);
    listed_ -= room(by_owner_[owner]);
    by_owner_[owner].push_back(number);
    listed_ += room(by_owner_[owner]);
    list(number, keys.key(row), owner);
  }
}

void LookupIndex::list(std::uint32_t row, std::string_view key, std::uint32_t owner) {
  bool added = false;
  const std::uint32_t id = keys_.add(key, KeyTable::hash(key), added);
  if (id >= by_key_.size()) by_key_.resize(id + 1);
  if (row >= origins_.size()) origins_.resize(row + 1);
  origins_[row] = {id, owner};
  std::vector<std::uint32_t>& rows = by_key_[id];
  listed_ -= room(rows);
  const std::string_view own = owners_.key(owner);
  const auto behind = [&](std::string_view mine, std::uint32_t other) {
    return mine < owners_.key(origins_[other].owner);
  };
  rows.insert(std::upper_bound(rows.begin(), rows.end(), own, behind), row);
  listed_ += room(rows);
}

void LookupIndex::unlist(std::uint32_t row) {
  std::vector<std::uint32_t>& rows = by_key_[origins_[row].key];
  rows.erase(std::find(rows.begin(), rows.end(), row));
  if (!rows.empty()) return;
  listed_ -= room(rows);
  rows = {};
  keys_.remove(origins_[row].key);
}

void LookupIndex::remove(std::string_view own) {
  const std::uint32_t owner = owners_.find(own, KeyTable::hash(own));
  if (owner == KeyTable::none) return;
  for (const std::uint32_t row : by_owner_[owner]) {
    unlist(row);
    rows_.remove(row);
  }
  listed_ -= room(by_owner_[owner]);
  by_owner_[owner] = {};
  owners_.remove(owner);
}

std::span<const std::uint32_t> LookupIndex::find(std::string_view key) const {
  const std::uint32_t id = keys_.find(key, KeyTable::hash(key));
  return id == KeyTable::none ? std::span<const std::uint32_t>() : std::span(by_key_[id]);
}

std::size_t LookupIndex::bytes() const {
  return rows_.bytes() + keys_.bytes() + owners_.bytes() + listed_ + origins_.capacity() * sizeof(Origin) +
         (by_key_.capacity() + by_owner_.capacity()) * sizeof(std::vector<std::uint32_t>);
}

}  // namespace streamops::sql
