// cql/grammar/describe.h — DESCRIBE and DESC, in the forms that Cassandra's server answers.
//
//   DESCRIBE CLUSTER | KEYSPACES | TABLES | TYPES | FUNCTIONS | AGGREGATES | [FULL] SCHEMA
//   DESCRIBE KEYSPACE [k] | [ONLY] KEYSPACE [k] | TABLE t | TYPE t | INDEX i | MATERIALIZED VIEW v | FUNCTION f |
//   AGGREGATE a | name … WITH INTERNALS
#pragma once

#include "cql/grammar/term.h"

namespace streamops::cql {

struct Describe {
  enum class What : std::uint8_t {
    cluster,
    keyspaces,
    tables,
    types,
    functions,
    aggregates,
    schema,
    full_schema,
    keyspace,  // name empty: the session's
    only_keyspace,
    table,
    type,
    index,
    materialized_view,
    function,
    aggregate,
    anything  // DESCRIBE name: a keyspace, table, type, index, … of that name
  };
  What what = What::cluster;
  QualifiedName name;
  bool with_internals = false;
};

}  // namespace streamops::cql
