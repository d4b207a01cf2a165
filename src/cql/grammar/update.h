// cql/grammar/update.h — UPDATE table [USING …] SET assignments WHERE … [IF EXISTS | IF conditions].
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cql/grammar/relation.h"

namespace streamops::cql {

/// c = term.
struct SetColumn {
  std::string column;
  Term value;
};
/// c[key] = term: of a map, or of a list by index.
struct SetElement {
  std::string column;
  Term key;
  Term value;
};
/// c.field = term.
struct SetField {
  std::string column;
  std::string field;
  Term value;
};
/// c = c + term and c += term (counter, list append, set or map union).
struct AddToColumn {
  std::string column;
  Term value;
};
/// c = term + c: list prepend.
struct PrependToColumn {
  std::string column;
  Term value;
};
/// c = c - term and c -= term.
struct SubtractFromColumn {
  std::string column;
  Term value;
};
using Assignment = std::variant<SetColumn, SetElement, SetField, AddToColumn, PrependToColumn, SubtractFromColumn>;

struct Update {
  QualifiedName table;
  Using parameters;
  std::vector<Assignment> assignments;
  std::vector<Relation> where;
  bool if_exists = false;
  std::vector<Condition> conditions;
};

}  // namespace streamops::cql
