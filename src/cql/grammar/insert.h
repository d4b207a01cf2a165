// cql/grammar/insert.h — INSERT INTO table (columns) VALUES (terms) and INSERT INTO table JSON '…'.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cql/grammar/relation.h"

namespace streamops::cql {

struct Insert {
  QualifiedName table;
  std::vector<std::string> columns;  // as many as values; both empty for JSON
  std::vector<Term> values;
  std::optional<Term> json;         // a string Constant or a Marker
  bool json_default_unset = false;  // DEFAULT UNSET: columns that the JSON lacks stay as they are, instead of null
  bool if_not_exists = false;
  Using parameters;
};

}  // namespace streamops::cql
