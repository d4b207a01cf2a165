// cql/store/schema/create_text.h — the CREATE statement of a keyspace, table or type, word for word as Cassandra 5
// describes it.
#pragma once

#include <string>

#include "cql/store/schema/schema.h"

namespace streamops::cql::store {

std::string create_text(const Keyspace& keyspace);
/// `with_internals` adds the table's ID.
std::string create_text(const Table& table, bool with_internals = false);
std::string create_text(const CqlType& type);

}  // namespace streamops::cql::store
