// sql/grammar/parser.h — Spark SQL text into a tree.
#pragma once

#include "base/result.h"
#include "sql/grammar/tree.h"

namespace streamops::sql {

/// Reads one query: SELECTs with UNION ALL between them, WITH before them; a semicolon may follow.
/// Errors: SO-S001 (syntax), SO-S002 (too long, too deep), SO-S003 (Spark SQL that is not served), SO-S004 (unknown
/// type), SO-S011 (literal).
Result<QueryTree> parse_query(const SourceText& source);

/// Reads one expression and nothing behind it. Errors: as parse_query().
Result<ExpressionPtr> parse_expression(const SourceText& source);

}  // namespace streamops::sql
