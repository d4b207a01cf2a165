// sql/engine/stream_join.h — a join of two streams: each row meets those of the other side that are remembered, and is
// remembered itself as long as the watermark leaves it a chance.
//
//   rows of a side -> late? -> pairs with the other side's rows of the key -> remembered
//   end of an epoch: pairs, then rows of kept sides that met nobody and never will (with nulls); what can meet nobody
//   goes
//
// An entry of a checkpoint: key = side, number (big-endian, in the order of coming); value = flags, end, join key, row.
// Order of the result: as the pairs were found, then what met nobody by its end, then by its number. Threads: one
// owner.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "sql/engine/group_operator.h"
#include "sql/engine/join.h"
#include "sql/engine/key_table.h"
#include "sql/engine/row_store.h"

namespace streamops::sql {

class StreamJoin {
 public:
  /// `spec` must outlive the operator.
  explicit StreamJoin(const JoinSpec& spec);

  /// Takes rows of one side in. Rows that an error strikes behind the join are told in `pair_failures`.
  void absorb(std::size_t side, const Rows& rows, std::int64_t watermark, RowNotes& notes, const RunContext& context,
              std::vector<Error>& pair_failures);
  /// What the epoch gave, and away with what `watermark` ends.
  Rows end_epoch(std::int64_t watermark);

  void take_changes(const TakeGroup& entry);
  /// False: damaged.
  bool restore(std::string_view key, StateReader& value);
  std::size_t bytes() const;
  std::size_t keys() const;

 private:
  struct Remembered {
    std::uint64_t number = 0;  // in the order of coming
    std::int64_t end = 0;      // the watermark that ends it
    std::uint32_t key = 0;     // in keys
    bool met = false;
    bool stored = false;
    bool changed = false;
  };
  struct Ending {
    std::int64_t end;
    std::uint64_t number;
    std::uint32_t row;
    friend bool operator>(const Ending& a, const Ending& b) {
      return a.end != b.end ? a.end > b.end : a.number > b.number;
    }
  };
  struct Side {
    explicit Side(const JoinSide& spec) : rows(spec.types) {}

    RowStore rows;
    std::vector<Remembered> notes;  // by row
    KeyTable keys;
    std::vector<std::vector<std::uint32_t>> by_key;
    std::size_t listed = 0;       // bytes of the lists
    std::vector<Ending> endings;  // a heap, the earliest end first
    std::vector<std::uint32_t> changed;
    std::vector<std::uint64_t> removed;  // stored once, gone since take_changes()
    std::uint64_t next_number = 0;
  };
  class Batch;

  std::uint32_t remember(std::size_t side, std::uint32_t row, std::string_view key, const Remembered& note);
  void note_change(std::size_t side, std::uint32_t row);
  void forget(std::size_t side, std::uint32_t row);
  std::vector<std::uint32_t> ended(std::size_t side, std::int64_t watermark);
  void add_alone(std::size_t side, std::vector<data::ColumnPtr> columns, std::size_t rows);

  const JoinSpec& spec_;
  std::array<Side, 2> sides_;
  std::vector<Rows> found_;  // of this epoch
};

}  // namespace streamops::sql
