// sql/grammar/parser.h — Spark SQL text into a tree.
#pragma once

#include <optional>

#include "base/result.h"
#include "sql/grammar/tree.h"

namespace streamops::sql {

/// Reads one query: SELECTs with UNION ALL between them, WITH before them; a semicolon may follow.
/// Errors: SO-S001 (syntax), SO-S002 (too long, too deep), SO-S003 (Spark SQL that is not served), SO-S004 (unknown
/// type), SO-S011 (literal).
Result<QueryTree> parse_query(const SourceText& source);

/// Reads one expression and nothing behind it. Errors: as parse_query().
Result<ExpressionPtr> parse_expression(const SourceText& source);

/// Microseconds of "5 minutes" or "1 hour 30 seconds", the word INTERVAL in front or not; nothing for any other text
/// and for months and years, which have no fixed length.
std::optional<std::int64_t> parse_duration(std::string_view text);

}  // namespace streamops::sql
