// cql/grammar/unserved.h — statements of Cassandra that the grammar knows and the store does not serve: roles,
// permissions, functions, views, triggers.
#pragma once

#include <string>

namespace streamops::cql {

/// The words that name the statement, in upper case: "CREATE ROLE", "LIST ALL PERMISSIONS", "CREATE MATERIALIZED VIEW".
/// Its body is checked only for well-formed tokens.
struct Unserved {
  std::string what;
  std::string name;  // the object, where one is named: a role, a view
};

}  // namespace streamops::cql
