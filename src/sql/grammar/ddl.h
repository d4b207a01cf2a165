// sql/grammar/ddl.h — Spark's DDL text for a schema: "id STRING, results ARRAY<STRUCT<login: STRUCT<uuid: STRING>>>".
#pragma once

#include <string_view>

#include "base/result.h"
#include "data/type.h"

namespace streamops::sql {

/// Reads a schema. `at` is the place of the text's first character in the file it stands in; errors point into that
/// file. Comments and COMMENT '...' are read over. Names of columns, and of the members of one STRUCT, differ without
/// regard to case. Errors: SO-S001 (syntax), SO-S002 (too deep or too long), SO-S003 (not served), SO-S004 (unknown
/// type), SO-S005 (name twice).
Result<data::SchemaPtr> parse_schema(std::string_view text, const Place& at);

/// Reads one type: "DECIMAL(10,2)", "ARRAY<STRING>". Errors: as parse_schema().
Result<data::TypePtr> parse_type(std::string_view text, const Place& at);

}  // namespace streamops::sql
