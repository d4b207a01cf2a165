#include "kafka/protocol/compression.h"

#include <doctest/doctest.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace streamops::kafka {
namespace {

constexpr std::size_t limit = 1 << 20;

Bytes sample() {
  Bytes out;
  for (int i = 0; i < 5000; ++i) append_text(out, "record " + std::to_string(i % 37) + ";");
  return out;
}

Bytes gzip(BytesView bytes) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Bytes out(deflateBound(&stream, bytes.size()) + 64);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Bytes snap(BytesView bytes) {
  std::string out;
  snappy::Compress(reinterpret_cast<const char*>(bytes.data()), bytes.size(), &out);
  return Bytes(out.begin(), out.end());
}

/// As the Java client writes it: a header, then blocks with their sizes.
Bytes xerial(BytesView bytes, std::size_t block) {
  Bytes out = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};
  for (std::size_t at = 0; at < bytes.size(); at += block) {
    const Bytes packed = snap(bytes.subspan(at, std::min(block, bytes.size() - at)));
    append_big_endian(out, static_cast<std::int32_t>(packed.size()));
    append_bytes(out, packed);
  }
  return out;
}

Bytes lz4(BytesView bytes) {
  Bytes out(LZ4F_compressFrameBound(bytes.size(), nullptr));
  out.resize(LZ4F_compressFrame(out.data(), out.size(), bytes.data(), bytes.size(), nullptr));
  return out;
}

Bytes zstd(BytesView bytes) {
  Bytes out(ZSTD_compressBound(bytes.size()));
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

struct Case {
  Compression codec;
  Bytes packed;
};

std::vector<Case> cases(BytesView plain) {
  return {{Compression::gzip, gzip(plain)},
          {Compression::snappy, snap(plain)},
          {Compression::snappy, xerial(plain, 1000)},
          {Compression::lz4, lz4(plain)},
          {Compression::zstd, zstd(plain)}};
}

TEST_CASE("every codec unpacks what its library packed") {
  for (const Bytes& plain : {sample(), Bytes{}, Bytes{42}}) {
    for (const Case& each : cases(plain)) {
      CAPTURE(to_string(each.codec));
      if (each.packed.size() == 16 && plain.empty()) continue;  // a xerial stream without blocks
      const Result<Bytes> out = decompress(each.codec, each.packed, limit);
      REQUIRE(out.ok());
      CHECK(*out == plain);
    }
  }
}

TEST_CASE("the limit holds, exactly") {
  const Bytes plain = sample();
  for (const Case& each : cases(plain)) {
    CAPTURE(to_string(each.codec));
    CHECK(decompress(each.codec, each.packed, plain.size()).ok());
    CHECK(decompress(each.codec, each.packed, plain.size() - 1).error().code() == "SO-K112");
  }
  CHECK(decompress(Compression::none, plain, plain.size() - 1).error().code() == "SO-K112");
}

TEST_CASE("a bomb stops at the limit") {
  const Bytes zeros(64 << 20, 0);
  for (const Case& each : {Case{Compression::gzip, gzip(zeros)}, Case{Compression::zstd, zstd(zeros)},
                           Case{Compression::lz4, lz4(zeros)}}) {
    CHECK(decompress(each.codec, each.packed, limit).error().code() == "SO-K112");
  }
}

TEST_CASE("broken and cut input is an error at every byte") {
  const Bytes plain = sample();
  for (const Case& each : cases(plain)) {
    CAPTURE(to_string(each.codec));
    for (std::size_t size = 0; size < each.packed.size(); size += 1 + each.packed.size() / 50) {
      const Bytes cut(each.packed.begin(), each.packed.begin() + static_cast<std::ptrdiff_t>(size));
      const Result<Bytes> out = decompress(each.codec, cut, limit);
      // Xerial's blocks stand alone: a cut between two of them is a shorter stream.
      if (out.ok()) {
        CHECK(each.codec == Compression::snappy);
      } else {
        CHECK(out.error().code() == "SO-K111");
      }
    }
  }
  CHECK(decompress(static_cast<Compression>(6), plain, limit).error().code() == "SO-K110");
}

}  // namespace
}  // namespace streamops::kafka
