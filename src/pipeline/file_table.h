// pipeline/file_table.h — a table of a stream that is a file: all of its rows, by the columns that the pipeline names.
//
//   csv   header line, then records; "a ""quoted"" field"; an empty field without quotes is null
//   json  one object a line
//
// Pure: what reads the file is given.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "data/batch.h"

namespace streamops::pipeline {

/// `name` stands in messages. Every column is there. Errors: SO-P047, with the line of the file.
Result<data::Batch> read_csv_table(std::string_view text, const data::SchemaPtr& schema, const std::string& name);
Result<data::Batch> read_json_table(std::string_view text, const data::SchemaPtr& schema, const std::string& name);

}  // namespace streamops::pipeline
