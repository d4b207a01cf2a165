// cql/grammar/delete.h — DELETE [columns] FROM table [USING TIMESTAMP t] WHERE … [IF EXISTS | IF conditions].
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cql/grammar/relation.h"

namespace streamops::cql {

struct DeleteColumn {
  std::string column;
};
struct DeleteElement {
  std::string column;
  Term key;
};
struct DeleteField {
  std::string column;
  std::string field;
};
using Deletion = std::variant<DeleteColumn, DeleteElement, DeleteField>;

struct Delete {
  QualifiedName table;
  std::vector<Deletion> deletions;  // empty: the whole row, range or partition
  Using parameters;                 // only a timestamp
  std::vector<Relation> where;
  bool if_exists = false;
  std::vector<Condition> conditions;
};

}  // namespace streamops::cql
