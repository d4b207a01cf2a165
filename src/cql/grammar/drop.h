// cql/grammar/drop.h — DROP KEYSPACE | TABLE | TYPE | INDEX [IF EXISTS] name, and TRUNCATE [TABLE] name.
#pragma once

#include "cql/grammar/term.h"

namespace streamops::cql {

struct Drop {
  enum class Kind : std::uint8_t { keyspace, table, type, index };
  Kind kind = Kind::table;
  QualifiedName name;  // of a keyspace: in `name`
  bool if_exists = false;
};

struct Truncate {
  QualifiedName table;
};

}  // namespace streamops::cql
