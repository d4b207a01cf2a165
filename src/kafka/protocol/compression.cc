#include "kafka/protocol/compression.h"

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "errors/kafka_protocol.h"

namespace streamops::kafka {
namespace {

namespace codes = errors::kafka_protocol;

Error broken(Compression codec) {
  return Error(codes::bad_compression, "the {} block of a record batch is broken", to_string(codec));
}

Error too_large(Compression codec, std::size_t limit) {
  return Error(codes::too_large_decompressed, "a {} block of a record batch unpacks to more than {} bytes",
               to_string(codec), limit);
}

/// Room for more output: doubles, and goes one byte over the limit, so that an overrun shows.
void grow(Bytes& out, std::size_t input, std::size_t limit) {
  const std::size_t wanted = out.empty() ? std::max<std::size_t>(input * 4, 4096) : out.size() * 2;
  out.resize(std::min(wanted, limit + 1));
}

Result<Bytes> gunzip(BytesView bytes, std::size_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return broken(Compression::gzip);  // 16: a gzip header is expected
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  Bytes out;
  std::size_t written = 0;
  for (;;) {
    if (written == out.size()) grow(out, bytes.size(), limit);
    stream.next_out = out.data() + written;
    stream.avail_out = static_cast<uInt>(out.size() - written);
    const int status = inflate(&stream, Z_NO_FLUSH);
    written = out.size() - stream.avail_out;
    if (written > limit) return too_large(Compression::gzip, limit);
    const bool more_members = status == Z_STREAM_END && stream.avail_in > 0;
    if (status == Z_STREAM_END && !more_members) break;
    if (more_members ? inflateReset(&stream) != Z_OK : status != Z_OK) return broken(Compression::gzip);
  }
  out.resize(written);
  return out;
}

Result<void> unsnap_block(BytesView block, std::size_t limit, Bytes& out) {
  const auto* raw = reinterpret_cast<const char*>(block.data());
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(raw, block.size(), &size)) return broken(Compression::snappy);
  if (size > limit - out.size()) return too_large(Compression::snappy, limit);
  if (!snappy::IsValidCompressedBuffer(raw, block.size())) return broken(Compression::snappy);
  const std::size_t before = out.size();
  out.resize(before + size);
  if (!snappy::RawUncompress(raw, block.size(), reinterpret_cast<char*>(out.data() + before)))
    return broken(Compression::snappy);
  return Ok();
}

Result<Bytes> unsnap(BytesView bytes, std::size_t limit) {
  static constexpr std::uint8_t xerial_magic[] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
  static constexpr std::size_t xerial_header = sizeof(xerial_magic) + 8;  // and two versions
  Bytes out;
  if (bytes.size() < xerial_header || !std::ranges::equal(bytes.first(sizeof(xerial_magic)), xerial_magic)) {
    STREAMOPS_RETURN_IF_ERROR(unsnap_block(bytes, limit, out));
    return out;
  }
  bytes = bytes.subspan(xerial_header);
  while (!bytes.empty()) {
    if (bytes.size() < 4) return broken(Compression::snappy);
    const auto size = load_big_endian<std::uint32_t>(bytes.data());
    if (size > bytes.size() - 4) return broken(Compression::snappy);
    STREAMOPS_RETURN_IF_ERROR(unsnap_block(bytes.subspan(4, size), limit, out));
    bytes = bytes.subspan(4 + size);
  }
  return out;
}

Result<Bytes> unlz4(BytesView bytes, std::size_t limit) {
  LZ4F_dctx* raw = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION)) != 0) return broken(Compression::lz4);
  const std::unique_ptr<LZ4F_dctx, LZ4F_errorCode_t (*)(LZ4F_dctx*)> context(raw, LZ4F_freeDecompressionContext);
  Bytes out;
  std::size_t written = 0;
  for (;;) {
    if (written == out.size()) grow(out, bytes.size(), limit);
    std::size_t produced = out.size() - written;
    std::size_t consumed = bytes.size();
    const std::size_t status =
        LZ4F_decompress(context.get(), out.data() + written, &produced, bytes.data(), &consumed, nullptr);
    if (LZ4F_isError(status) != 0) return broken(Compression::lz4);
    written += produced;
    bytes = bytes.subspan(consumed);
    if (written > limit) return too_large(Compression::lz4, limit);
    if (status == 0 && bytes.empty()) break;
    if (produced == 0 && consumed == 0) return broken(Compression::lz4);
  }
  out.resize(written);
  return out;
}

Result<Bytes> unzstd(BytesView bytes, std::size_t limit) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  Bytes out;
  std::size_t written = 0;
  for (;;) {
    if (written == out.size()) grow(out, bytes.size(), limit);
    ZSTD_outBuffer room{out.data(), out.size(), written};
    const std::size_t consumed_before = in.pos;
    const std::size_t status = ZSTD_decompressStream(context.get(), &room, &in);
    if (ZSTD_isError(status) != 0) return broken(Compression::zstd);
    const bool is_stuck = room.pos == written && in.pos == consumed_before;
    written = room.pos;
    if (written > limit) return too_large(Compression::zstd, limit);
    if (status == 0 && in.pos == in.size) break;
    if (is_stuck) return broken(Compression::zstd);
  }
  out.resize(written);
  return out;
}

}  // namespace

Result<Bytes> decompress(Compression codec, BytesView bytes, std::size_t limit) {
  switch (codec) {
    case Compression::none:
      if (bytes.size() > limit) return too_large(codec, limit);
      return Bytes(bytes.begin(), bytes.end());
    case Compression::gzip:
      return gunzip(bytes, limit);
    case Compression::snappy:
      return unsnap(bytes, limit);
    case Compression::lz4:
      return unlz4(bytes, limit);
    case Compression::zstd:
      return unzstd(bytes, limit);
  }
  return Error(codes::unknown_codec, "compression {} is unknown", static_cast<int>(codec));
}

}  // namespace streamops::kafka
