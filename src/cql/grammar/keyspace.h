// cql/grammar/keyspace.h — CREATE KEYSPACE, ALTER KEYSPACE and USE.
#pragma once

#include <string>

#include "cql/grammar/properties.h"

namespace streamops::cql {

struct CreateKeyspace {
  std::string name;
  bool if_not_exists = false;
  Properties properties;  // replication, durable_writes
};
struct AlterKeyspace {
  std::string name;
  bool if_exists = false;
  Properties properties;
};
struct Use {
  std::string keyspace;
};

}  // namespace streamops::cql
