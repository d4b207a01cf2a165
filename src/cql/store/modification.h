// cql/store/modification.h — INSERT, UPDATE and DELETE, compiled: which keys, which cells, under which conditions.
//
// Writing is blind: apply() only adds merge operands to a batch. Conditions (IF …) are judged elsewhere, on rows read
// before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cql/grammar/batch.h"
#include "cql/store/plan.h"
#include "cql/store/restrictions.h"
#include "storage/rocks/rocks.h"

namespace streamops::cql::store {

/// One thing done to one column.
struct CellOperation {
  enum class Kind : std::uint8_t {
    set,        // the whole value
    put,        // map[key] = value, udt.field = value
    add,        // append to a list, union with a set or map
    prepend,    // to a list
    subtract,   // elements from a set, keys from a map
    remove,     // the whole value
    remove_key  // one map entry or set element
  };
  Kind kind = Kind::set;
  const Column* column = nullptr;
  std::optional<ValueSource> key;
  std::optional<ValueSource> value;
  std::string path;  // a udt's field
};

/// One of IF c = 1 AND …, compiled.
struct RowCondition {
  Restriction restriction;
};

struct Modification {
  enum class Kind : std::uint8_t { insert, update, remove };
  Kind kind = Kind::insert;
  TablePtr table;
  Restrictions where;
  std::vector<CellOperation> operations;  // empty in remove: the whole row or range
  std::optional<ValueSource> timestamp;
  std::optional<ValueSource> ttl;
  bool if_not_exists = false;
  bool if_exists = false;
  std::vector<Restriction> conditions;
  /// INSERT JSON: columns and values come from a text at execution.
  std::optional<ValueSource> json;
  bool json_default_unset = false;

  bool is_conditional() const { return if_not_exists || if_exists || !conditions.empty(); }
};

/// Errors: SO-C001, SO-C005, SO-C120.
Result<Modification> compile_modification(const cql::Modification& statement, const CompileContext& context,
                                          MarkerSpecs& markers);
/// As above, with the markers of `markers`, whose table is filled in here.
Result<TablePtr> modified_table(const cql::Modification& statement, const CompileContext& context);

/// The times of one execution.
struct WriteTimes {
  std::int64_t timestamp = 0;             // of statements without USING TIMESTAMP
  std::optional<std::int64_t> override_;  // USING TIMESTAMP of the batch around
};

/// The keys that a modification touches when it touches single rows: partition key and clustering bytes.
struct RowTarget {
  std::string partition;
  std::string clustering;
};
/// Errors: SO-C001, SO-C120.
Result<std::vector<RowTarget>> row_targets(const Modification& modification, Evaluation& evaluation);

/// Adds the writes to `batch`. Errors: SO-C001 (null in the key, wrong TTL), SO-C120.
Result<void> apply(const Modification& modification, Evaluation& evaluation, const WriteTimes& times,
                   storage::WriteBatch& batch);

}  // namespace streamops::cql::store
