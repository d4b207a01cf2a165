// cql/grammar/statement.h — CQL text to statement.
//
//   text --lexer--> tokens --parser, one file a statement--> Statement (plain values, no pointers into the text)
//
// Pure: no schema is consulted. Names are lower case unless quoted; whether they exist is the store's business.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cql/grammar/alter_table.h"
#include "cql/grammar/batch.h"
#include "cql/grammar/create_index.h"
#include "cql/grammar/create_table.h"
#include "cql/grammar/describe.h"
#include "cql/grammar/drop.h"
#include "cql/grammar/keyspace.h"
#include "cql/grammar/select.h"
#include "cql/grammar/unserved.h"
#include "cql/grammar/user_type.h"

namespace streamops::cql {

using Statement =
    std::variant<Select, Insert, Update, Delete, BatchStatement, Use, CreateKeyspace, AlterKeyspace, CreateTable,
                 AlterTable, CreateType, AlterType, CreateIndex, Drop, Truncate, Describe, Unserved>;

struct ParsedStatement {
  Statement statement;
  /// One a marker, from the left; empty for `?`, the name for `:name`.
  std::vector<std::string> markers;
};

struct ParseLimits {
  std::size_t max_length = 16 * 1024 * 1024;  // bytes of text
  std::size_t max_depth = 100;                // brackets within brackets
  std::size_t max_items = 1'000'000;          // tokens
};

/// Parses one statement, with or without a semicolon behind it.
/// Errors: SO-C110 with place, message as Cassandra's ("line 1:0 no viable alternative at input 'SELEKT' …"), SO-C111,
/// SO-C112.
Result<ParsedStatement> parse_statement(std::string_view text, const ParseLimits& limits = {});

/// Parses a single term ("{'a': 1}"). Errors: as above.
Result<Term> parse_term(std::string_view text);

/// One statement of a script: its text without the semicolon, and where it starts (offset in bytes).
struct ScriptStatement {
  std::string_view text;
  std::size_t offset = 0;
};
/// Cuts a script at its semicolons (not those in strings, quoted names and comments; those inside of BEGIN … APPLY
/// BATCH stay). Pieces without a token are left out. Errors: SO-C110 (a string or comment without an end).
Result<std::vector<ScriptStatement>> split_script(std::string_view script);

}  // namespace streamops::cql
