// pipeline/check_table.h — the CQL under `create`, and whether the select's columns fit the table.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/type.h"
#include "pipeline/file.h"

namespace streamops::pipeline {

/// What `create` says about the sink's table.
struct TableShape {
  std::vector<std::string> statements;
  std::vector<std::string> columns;
  std::vector<std::string> types;  // of the columns, as CQL writes them
  std::vector<std::string> key;    // partition key, then clustering
};

/// Splits and parses `create`. Mistakes go to `errors`: SO-C110 to SO-C112 (not CQL), SO-P044 (not what a sink may run,
/// or no statement for the table).
TableShape read_create(const StepSpec& step, const yaml::Document& document, std::vector<Error>& errors);

/// Whether a column of the select fits a column of the table, by the connector's table of conversions; the error says
/// what to write instead. `cql_type` is as `create` writes it.
using ColumnFits =
    std::function<Result<void>(const std::string& column, const data::Type& from, const std::string& cql_type)>;

/// Every column of `output` is in the table (SO-P043) and fits it (the errors of `fits`, which may be empty), and the
/// whole key is in `output` (SO-P042).
void check_columns(const StepSpec& step, const TableShape& table, const data::Schema& output, const ColumnFits& fits,
                   const yaml::Document& document, std::vector<Error>& errors);

}  // namespace streamops::pipeline
