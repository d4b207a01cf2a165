// sql/engine/lookup_index.h — a table's rows, found by the keys of one join.
//
//   join key -> rows        a row's own key (of a topic: the record's) -> its rows
//
// Threads: one writer, and no reader meanwhile.
#pragma once

#include <string_view>
#include <vector>

#include "sql/engine/join.h"
#include "sql/engine/key_table.h"
#include "sql/engine/row_store.h"

namespace streamops::sql {

class LookupIndex {
 public:
  explicit LookupIndex(const JoinSpec& join);

  /// Adds the rows numbered `which` of the table's side under the table's key `own`.
  void add(std::string_view own, const Rows& rows, std::span<const std::size_t> which);
  /// Takes out what is under the table's key.
  void remove(std::string_view own);

  /// The rows under a join key, by the table's own keys, then in the order of their coming: whatever came first.
  std::span<const std::uint32_t> find(std::string_view key) const;
  const RowStore& rows() const { return rows_; }
  std::size_t bytes() const;

 private:
  void list(std::uint32_t row, std::string_view key, std::uint32_t owner);
  void unlist(std::uint32_t row);

  const JoinSpec& join_;
  std::size_t side_;
  RowStore rows_;
  KeyTable keys_;
  std::vector<std::vector<std::uint32_t>> by_key_;  // by id in keys_
  KeyTable owners_;
  std::vector<std::vector<std::uint32_t>> by_owner_;  // by id in owners_
  struct Origin {
    std::uint32_t key = 0;    // in keys_
    std::uint32_t owner = 0;  // in owners_
  };
  std::vector<Origin> origins_;  // by row
  std::size_t listed_ = 0;       // bytes of the lists
};

}  // namespace streamops::sql
