#include "cql/protocol/keywords.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace streamops::cql {

namespace {

constexpr std::array kReserved = std::to_array<std::string_view>(
    {"add",  "allow",        "alter",  "and",          "apply",    "asc",      "authorize",   "batch",   "begin",
     "by",   "columnfamily", "create", "delete",       "desc",     "describe", "drop",        "entries", "execute",
     "from", "full",         "grant",  "if",           "in",       "index",    "infinity",    "insert",  "into",
     "is",   "keyspace",     "limit",  "materialized", "modify",   "nan",      "norecursive", "not",     "null",
     "of",   "on",           "or",     "order",        "primary",  "rename",   "revoke",      "schema",  "select",
     "set",  "table",        "to",     "token",        "truncate", "unlogged", "update",      "use",     "using",
     "view", "where",        "with"});

}  // namespace

bool is_reserved_word(std::string_view word) {
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [word](std::string_view reserved) { return equals_ignore_case(word, reserved); });
}

}  // namespace streamops::cql
