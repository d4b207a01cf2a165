// cql/grammar/user_type.h — CREATE TYPE and ALTER TYPE.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cql/grammar/term.h"

namespace streamops::cql {

struct CreateType {
  QualifiedName type;
  bool if_not_exists = false;
  std::vector<std::pair<std::string, TypeName>> fields;
};
struct AddField {
  bool if_not_exists = false;
  std::string name;
  TypeName type;
};
struct RenameFields {
  bool if_exists = false;
  std::vector<std::pair<std::string, std::string>> renames;  // from, to
};
struct AlterType {
  QualifiedName type;
  bool if_exists = false;
  std::variant<AddField, RenameFields> change;
};

}  // namespace streamops::cql
