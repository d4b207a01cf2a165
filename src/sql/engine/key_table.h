// sql/engine/key_table.h — finds a number for a key: open addressing over keys that lie one behind another.
//
//   slots  | id+1, hash | id+1, hash | 0 | ...      a power of two, at most 5/8 full, linear probing
//   entries| offset, length, hash | ...             by id; ids of removed keys are given again
//   arena  | key bytes | key bytes | dead | ...     packed when more than half is dead
//
// Which id a key gets follows from the order of add() and remove() alone. Hot path: add() a row of an aggregate; no
// allocation but the growth of the three arrays.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/column.h"

namespace streamops::sql {

/// The keys of a batch, encoded column by column.
struct KeyBatch {
  std::vector<std::uint32_t> starts;  // one more than rows
  std::string bytes;

  std::string_view key(std::size_t row) const {
    return {bytes.data() + starts[row], static_cast<std::size_t>(starts[row + 1] - starts[row])};
  }
};
/// Writes each row's values behind one another as append_value() does, floats normalised. The keys of a batch together
/// stay below 4 GiB, as its columns do.
void encode_keys(const std::vector<data::ColumnPtr>& columns, std::size_t rows, KeyBatch& out);
/// The same for the rows `first` to `first` + `rows` - 1, which are then the keys 0 to `rows` - 1.
void encode_keys(const std::vector<data::ColumnPtr>& columns, std::size_t first, std::size_t rows, KeyBatch& out);

class KeyTable {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  static std::uint32_t hash(std::string_view key);
  void prefetch(std::uint32_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & mask_]);
  }
  std::uint32_t find(std::string_view key, std::uint32_t hash) const;
  /// The id of the key; `added` when it is new.
  std::uint32_t add(std::string_view key, std::uint32_t hash, bool& added);
  void remove(std::uint32_t id);

  std::string_view key(std::uint32_t id) const { return {arena_.data() + entries_[id].offset, entries_[id].length}; }
  bool live(std::uint32_t id) const { return entries_[id].length != dead; }
  /// Ids are below this.
  std::uint32_t end() const { return static_cast<std::uint32_t>(entries_.size()); }
  std::size_t size() const { return entries_.size() - free_.size(); }
  std::size_t bytes() const;

 private:
  struct Slot {
    std::uint32_t id_plus_one = 0;
    std::uint32_t hash = 0;
  };
  struct Entry {
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t hash = 0;
  };
  static constexpr std::uint32_t dead = UINT32_MAX;

  void grow();
  void pack();

  std::vector<Slot> slots_;
  std::uint32_t mask_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  std::vector<char> arena_;
  std::uint64_t dead_bytes_ = 0;
};

}  // namespace streamops::sql
