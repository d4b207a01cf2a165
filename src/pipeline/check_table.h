// pipeline/check_table.h — the CQL under `create`, and whether the select's columns fit the table.
#pragma once

#include <string>
#include <vector>

#include "data/type.h"
#include "pipeline/file.h"

namespace streamops::pipeline {

/// What `create` says about the sink's table.
struct TableShape {
  std::vector<std::string> statements;
  std::vector<std::string> columns;
  std::vector<std::string> key;  // partition key, then clustering
};

/// Splits and parses `create`. Mistakes go to `errors`: SO-C110 to SO-C112 (not CQL), SO-P044 (not what a sink may run,
/// or no statement for the table).
TableShape read_create(const StepSpec& step, const yaml::Document& document, std::vector<Error>& errors);

/// Every column of `output` is in the table (SO-P043), and the whole key is in `output` (SO-P042).
void check_columns(const StepSpec& step, const TableShape& table, const data::Schema& output,
                   const yaml::Document& document, std::vector<Error>& errors);

}  // namespace streamops::pipeline
