#include "cql/protocol/segment.h"

#include <zlib.h>

#include <algorithm>

#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

constexpr std::size_t kTrailer = 4;

std::uint64_t load_little_endian(const std::uint8_t* from, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{from[i]} << (8 * i);
  return value;
}

void append_little_endian(Bytes& out, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::size_t header_size(Compression compression) {
  return compression == Compression::none ? 3 : 5;
}

Error damaged(std::string_view what) {
  return {errors::cql_protocol::bad_segment, "the checksum of a segment's {} does not match", what};
}

void append_segment(Bytes& out, BytesView payload, bool self_contained, Compression compression) {
  Bytes packed;
  BytesView body = payload;
  std::uint64_t word = payload.size();
  if (compression == Compression::none) {
    word |= std::uint64_t{self_contained} << 17;
  } else {
    packed = compress_block(payload);
    const bool helps = packed.size() < payload.size();
    if (helps) body = packed;
    word = body.size() | (helps ? std::uint64_t{payload.size()} : 0) << 17 | std::uint64_t{self_contained} << 34;
  }
  const std::size_t at = out.size();
  append_little_endian(out, word, header_size(compression));
  append_little_endian(out, crc24(BytesView(out).subspan(at)), 3);
  append_bytes(out, body);
  append_little_endian(out, payload_crc32(body), kTrailer);
}

}  // namespace

std::uint32_t crc24(BytesView bytes) {
  std::uint32_t state = 0x875060;
  for (const std::uint8_t byte : bytes) {
    state ^= std::uint32_t{byte} << 16;
    for (int bit = 0; bit < 8; ++bit) {
      state <<= 1;
      if ((state & 0x1000000) != 0) state ^= 0x1974F0B;
    }
  }
  return state & 0xFFFFFF;
}

std::uint32_t payload_crc32(BytesView bytes) {
  static constexpr std::uint8_t kInitial[] = {0xFA, 0x2D, 0x55, 0xCA};
  const uLong seed = crc32(0, kInitial, sizeof kInitial);
  return static_cast<std::uint32_t>(crc32_z(seed, bytes.data(), bytes.size()));
}

Result<std::optional<Segment>> read_segment(BytesView input, Compression compression, Bytes& out) {
  const std::size_t header = header_size(compression);
  if (input.size() < header + 3) return std::optional<Segment>();
  if (crc24(input.first(header)) != load_little_endian(input.data() + header, 3)) return damaged("header");
  const std::uint64_t word = load_little_endian(input.data(), header);
  const std::size_t length = word & kMaxSegmentPayload;
  const std::size_t uncompressed = compression == Compression::none ? 0 : word >> 17 & kMaxSegmentPayload;
  Segment segment;
  segment.self_contained = (word >> (compression == Compression::none ? 17 : 34) & 1) != 0;
  segment.used = header + 3 + length + kTrailer;
  if (input.size() < segment.used) return std::optional<Segment>();
  const BytesView payload = input.subspan(header + 3, length);
  if (payload_crc32(payload) != load_little_endian(payload.data() + length, kTrailer)) return damaged("payload");
  if (uncompressed == 0) {
    append_bytes(out, payload);
  } else {
    STREAMOPS_RETURN_IF_ERROR(decompress_block(payload, uncompressed, out));
  }
  return std::optional(segment);
}

void append_segments(Bytes& out, BytesView frames, Compression compression) {
  constexpr std::size_t kHeader = 9;
  std::size_t start = 0;  // of the frames that share the next segment
  std::size_t at = 0;
  const auto flush = [&] {
    if (at > start) append_segment(out, frames.subspan(start, at - start), true, compression);
    start = at;
  };
  while (at < frames.size()) {
    const std::size_t size = kHeader + load_big_endian<std::uint32_t>(frames.data() + at + 5);
    if (at - start + size > kMaxSegmentPayload) flush();
    if (size <= kMaxSegmentPayload) {
      at += size;
      continue;
    }
    for (std::size_t done = 0; done < size; done += kMaxSegmentPayload) {
      const std::size_t piece = std::min(kMaxSegmentPayload, size - done);
      append_segment(out, frames.subspan(at + done, piece), false, compression);
    }
    at += size;
    start = at;
  }
  flush();
}

}  // namespace streamops::cql
