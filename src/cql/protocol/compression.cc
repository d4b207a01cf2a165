#include "cql/protocol/compression.h"

#include <lz4.h>
#include <snappy.h>

#include "base/text.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

Error broken(std::string_view what) {
  return {errors::cql_protocol::bad_compression, "{}", what};
}

Result<Bytes> decompress_lz4(BytesView body, std::size_t limit) {
  if (body.size() < 4) return broken("an LZ4 body is shorter than its length field");
  const auto size = load_big_endian<std::int32_t>(body.data());
  if (size < 0 || static_cast<std::size_t>(size) > limit)
    return broken("an LZ4 body says that it grows beyond the limit");
  Bytes out;
  STREAMOPS_RETURN_IF_ERROR(decompress_block(body.subspan(4), static_cast<std::size_t>(size), out));
  return out;
}

Result<Bytes> decompress_snappy(BytesView body, std::size_t limit) {
  const auto* from = reinterpret_cast<const char*>(body.data());
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(from, body.size(), &size)) return broken("a Snappy body has no length");
  if (size > limit) return broken("a Snappy body says that it grows beyond the limit");
  // Checked first, so that a false length reserves nothing.
  if (!snappy::IsValidCompressedBuffer(from, body.size())) return broken("a body is not Snappy");
  Bytes out(size);
  if (!snappy::RawUncompress(from, body.size(), reinterpret_cast<char*>(out.data())))
    return broken("a body is not Snappy");
  return out;
}

}  // namespace

std::optional<Compression> parse_compression(std::string_view name) {
  if (equals_ignore_case(name, "lz4")) return Compression::lz4;
  if (equals_ignore_case(name, "snappy")) return Compression::snappy;
  return std::nullopt;
}

std::string_view to_string(Compression compression) {
  switch (compression) {
    case Compression::none:
      return "none";
    case Compression::lz4:
      return "lz4";
    case Compression::snappy:
      return "snappy";
  }
  return "none";
}

Bytes compress_block(BytesView bytes) {
  Bytes out(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(bytes.size()))));
  const int size =
      LZ4_compress_default(reinterpret_cast<const char*>(bytes.data()), reinterpret_cast<char*>(out.data()),
                           static_cast<int>(bytes.size()), static_cast<int>(out.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Result<void> decompress_block(BytesView block, std::size_t size, Bytes& out) {
  // LZ4 cannot grow data more than 255-fold: a false length is refused before it is reserved.
  if (size / 255 > block.size() + 16) return broken("an LZ4 block says that it grows more than LZ4 can");
  const std::size_t at = out.size();
  out.resize(at + size);
  const int got =
      LZ4_decompress_safe(reinterpret_cast<const char*>(block.data()), reinterpret_cast<char*>(out.data() + at),
                          static_cast<int>(block.size()), static_cast<int>(size));
  if (got < 0 || static_cast<std::size_t>(got) != size)
    return broken("a block is not LZ4, or not of the length that it says");
  return Ok();
}

Bytes compress_body(Compression compression, BytesView body) {
  if (compression == Compression::lz4) {
    Bytes out;
    append_big_endian(out, static_cast<std::int32_t>(body.size()));
    append_bytes(out, compress_block(body));
    return out;
  }
  Bytes out(snappy::MaxCompressedLength(body.size()));
  std::size_t size = 0;
  snappy::RawCompress(reinterpret_cast<const char*>(body.data()), body.size(), reinterpret_cast<char*>(out.data()),
                      &size);
  out.resize(size);
  return out;
}

Result<Bytes> decompress_body(Compression compression, BytesView body, std::size_t limit) {
  switch (compression) {
    case Compression::lz4:
      return decompress_lz4(body, limit);
    case Compression::snappy:
      return decompress_snappy(body, limit);
    case Compression::none:
      break;
  }
  return broken("a body is marked as compressed, but no compression was agreed");
}

}  // namespace streamops::cql
