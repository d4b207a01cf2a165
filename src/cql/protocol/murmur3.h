// cql/protocol/murmur3.h — the token of a partition key, as Cassandra's Murmur3Partitioner computes it.
//
// MurmurHash3 x64/128, first half, seed 0, with one twist kept for ever: the bytes of the tail are taken as signed.
// Long.MIN_VALUE is no token and becomes Long.MAX_VALUE. A composite partition key is hashed as, for each column, | u16
// length | bytes | 0 |.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace streamops::cql {

/// The token of a serialized partition key. An empty key has the smallest token, INT64_MIN.
std::int64_t murmur3_token(BytesView key);
/// The serialized partition key of one or several columns (a single column stands as it is).
Bytes partition_key(std::span<const BytesView> columns);

}  // namespace streamops::cql
