// cql/protocol/keywords.h — the reserved words of CQL: they cannot be names without quotes.
#pragma once

#include <string_view>

namespace streamops::cql {

/// In any case. Source: the CQL reference of Cassandra 5.0, appendix A (words marked as reserved).
bool is_reserved_word(std::string_view word);

}  // namespace streamops::cql
