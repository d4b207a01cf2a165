// pipeline/branches_of.h — the branches of a SELECT as conditions over the rows of its source.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/grammar/source_text.h"

namespace streamops::pipeline {

/// One way that a row can take.
struct BranchText {
  std::string what;
  sql::Span span;     // in the select's text
  std::string query;  // SELECT <condition> AS reached FROM source …: true for rows that take it
};

/// In the order of the text; `not_measured` counts SELECTs over joins and subqueries, which are left out.
std::vector<BranchText> branches_of(std::string_view select, int& not_measured);

}  // namespace streamops::pipeline
