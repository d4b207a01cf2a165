// cql/store/rows/clustering.h — values of clustering columns as bytes that compare as Cassandra compares the values.
//
//   column  := 01                     an empty value (sorts first)
//            | 02 | body              body by type, below; every byte inverted for DESC
//
//   int, bigint, smallint, tinyint, timestamp, time: big-endian, sign flipped     date, boolean: as they are
//   float, double: IEEE bits, negative ones inverted, else sign flipped           text, ascii, blob, inet: escaped, 00
//   00 (key.h) uuid: | version | time high to low, or the first half as it is | second half |      timeuuid: | time
//   high to low | second half, bytes signed | varint: | i32 ± length, sign flipped | shortest two's complement |
//   decimal: | sign | exponent | digits | list, set, map: (01 element)… 00      tuple, udt: 00 for null, 01 element
//   vector: its elements (of fixed length)
//
// Bodies end by themselves, so no column's encoding is a prefix of another's, and a prefix of columns bounds a range of
// rows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "cql/protocol/type.h"

namespace streamops::cql::store {

/// True for types that may be clustering columns here; durations and counters may not.
bool can_cluster(const CqlType& type);
/// Appends one column; `value` is valid for `type` (validate()).
void append_clustering(std::string& out, const CqlType& type, bool descending, BytesView value);
/// Reads one column back, as wire bytes, and moves `at` behind it. Nothing when damaged. Decimals come back without
/// trailing zeros.
std::optional<Bytes> read_clustering(std::string_view from, std::size_t& at, const CqlType& type, bool descending);

}  // namespace streamops::cql::store
