// cql/grammar/batch.h — BEGIN [UNLOGGED | COUNTER] BATCH [USING …] statements APPLY BATCH.
#pragma once

#include <variant>
#include <vector>

#include "cql/grammar/delete.h"
#include "cql/grammar/insert.h"
#include "cql/grammar/update.h"

namespace streamops::cql {

using Modification = std::variant<Insert, Update, Delete>;

/// (Batch is the protocol's message; this is the statement.)
struct BatchStatement {
  enum class Kind : std::uint8_t { logged, unlogged, counter };
  Kind kind = Kind::logged;
  Using parameters;
  std::vector<Modification> statements;
};

}  // namespace streamops::cql
