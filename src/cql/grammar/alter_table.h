// cql/grammar/alter_table.h — ALTER TABLE [IF EXISTS] t ADD | DROP | RENAME | ALTER | WITH.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cql/grammar/create_table.h"
#include "cql/grammar/term.h"

namespace streamops::cql {

struct AddColumns {
  bool if_not_exists = false;
  std::vector<ColumnDefinition> columns;
};
struct DropColumns {
  bool if_exists = false;
  std::vector<std::string> columns;
  std::optional<Term> timestamp;
};
struct RenameColumns {
  bool if_exists = false;
  std::vector<std::pair<std::string, std::string>> renames;  // from, to
};
struct AlterColumnType {
  std::string column;
  TypeName type;
};
struct AlterProperties {
  Properties properties;
};

struct AlterTable {
  QualifiedName table;
  bool if_exists = false;
  std::variant<AddColumns, DropColumns, RenameColumns, AlterColumnType, AlterProperties> change;
};

}  // namespace streamops::cql
