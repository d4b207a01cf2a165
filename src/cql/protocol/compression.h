// cql/protocol/compression.h — the two body compressions of the native protocol.
//
//   lz4 in v3 and v4:  | i32 uncompressed length | LZ4 block |        snappy: the block alone (it knows its length)
//   lz4 in v5:         segments carry the lengths themselves (segment.h); snappy does not exist there
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace streamops::cql {

enum class Compression : std::uint8_t { none, lz4, snappy };

/// "lz4", "snappy" as STARTUP names them; nothing for other words.
std::optional<Compression> parse_compression(std::string_view name);
std::string_view to_string(Compression compression);

/// A body of v3 or v4. Errors of decompress: SO-C105, also when it would grow beyond `limit`.
Bytes compress_body(Compression compression, BytesView body);
Result<Bytes> decompress_body(Compression compression, BytesView body, std::size_t limit);

/// A bare LZ4 block, as v5 segments hold it. Errors: SO-C105.
Bytes compress_block(BytesView bytes);
Result<void> decompress_block(BytesView block, std::size_t size, Bytes& out);

}  // namespace streamops::cql
