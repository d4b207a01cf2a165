// cql/protocol/segment.h — the outer framing of protocol v5 (v5 §2.3): frames travel in segments with checksums.
//
//   uncompressed: | 3 bytes: length 17 bits, self-contained 1 bit | CRC24 3 | payload | CRC32 4 |
//   lz4:          | 5 bytes: compressed length 17, uncompressed length 17, self-contained 1 | CRC24 3 | payload | CRC32
//   4 |
//                 (uncompressed length 0: the payload is not compressed)
//
// Everything little-endian. A self-contained segment holds whole frames; a frame that does not fit is spread over
// segments that hold nothing else.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "cql/protocol/compression.h"

namespace streamops::cql {

inline constexpr std::size_t kMaxSegmentPayload = (1U << 17) - 1;

/// CRC-24 of a segment's header, and CRC-32 (with Cassandra's four initial bytes) of its payload.
std::uint32_t crc24(BytesView bytes);
std::uint32_t payload_crc32(BytesView bytes);

struct Segment {
  bool self_contained = true;
  std::size_t used = 0;  // bytes of input that it took
};

/// Reads one segment at the front of `input` and appends its payload to `out`; nothing when it is not whole yet.
/// Errors: SO-C104 (checksum), SO-C105 (LZ4).
Result<std::optional<Segment>> read_segment(BytesView input, Compression compression, Bytes& out);

/// Packs a run of whole frames into segments behind `out`.
void append_segments(Bytes& out, BytesView frames, Compression compression);

}  // namespace streamops::cql
