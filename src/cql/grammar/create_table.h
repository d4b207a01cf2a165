// cql/grammar/create_table.h — CREATE TABLE [IF NOT EXISTS] t (columns, PRIMARY KEY ((a, b), c)) WITH …
#pragma once

#include <string>
#include <vector>

#include "cql/grammar/properties.h"
#include "cql/grammar/type_name.h"

namespace streamops::cql {

struct ColumnDefinition {
  std::string name;
  TypeName type;
  bool is_static = false;
};
struct ClusteringOrder {
  std::string column;
  bool descending = false;
};

/// Checked by the parser (SO-C112): one primary key, its columns exist and are not static, no column twice, no property
/// twice.
struct CreateTable {
  QualifiedName table;
  bool if_not_exists = false;
  std::vector<ColumnDefinition> columns;   // as written
  std::vector<std::string> partition_key;  // at least one
  std::vector<std::string> clustering;
  std::vector<ClusteringOrder> clustering_order;  // as written; may be empty
  bool compact_storage = false;
  Properties properties;  // "id" among them where given
};

}  // namespace streamops::cql
