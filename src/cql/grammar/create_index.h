// cql/grammar/create_index.h — CREATE [CUSTOM] INDEX [IF NOT EXISTS] [name] ON t (target) [USING 'class'] [WITH OPTIONS
// = {…}].
#pragma once

#include <string>
#include <vector>

#include "cql/grammar/properties.h"

namespace streamops::cql {

struct IndexTarget {
  enum class Kind : std::uint8_t { column, keys, values, entries, full };
  Kind kind = Kind::column;
  std::string column;
};
struct CreateIndex {
  std::string name;  // may be empty
  QualifiedName table;
  bool if_not_exists = false;
  bool custom = false;
  std::vector<IndexTarget> targets;
  std::string implementation;  // USING '…'
  Properties properties;       // "options" among them
};

}  // namespace streamops::cql
