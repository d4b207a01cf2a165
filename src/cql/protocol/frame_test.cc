#include "cql/protocol/frame.h"

#include <doctest/doctest.h>

#include "cql/protocol/requests.h"
#include "cql/protocol/responses.h"
#include "cql/protocol/segment.h"
#include "cql/protocol/wire_code.h"
#include "errors/cql_protocol.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

// What Cassandra 5.0.5 answers, byte for byte.
constexpr std::string_view kSupportedBody =
    "0003001150524f544f434f4c5f56455253494f4e5300040004332f76330004342f76340004352f76350009362f76362d62657461000b434f4d"
    "5052455353494f4e0002"
    "0006736e6170707900036c7a34000b43514c5f56455253494f4e00010005332e342e37";
constexpr std::string_view kRowsBody =
    "000000020000000100000001000673797374656d00056c6f63616c000f72656c656173655f76657273696f6e000d0000000100000005352e30"
    "2e35";
constexpr std::string_view kQueryText = "SELECT release_version FROM system.local";

Bytes release_version_rows(Version version) {
  RowsMetadata metadata;
  metadata.columns = {{"system", "local", "release_version", CqlType::scalar(TypeId::text)}};
  Bytes cells;
  append_bytes_value(cells, as_bytes("5.0.5"));
  Bytes body;
  append_rows(body, metadata, 1, cells, version);
  return body;
}

Frame only_frame(FrameReader& reader) {
  auto frame = reader.next();
  REQUIRE(frame.ok());
  REQUIRE(frame->has_value());
  return **frame;
}

}  // namespace

TEST_CASE("messages are byte for byte those of Cassandra 5.0.5") {
  for (const Version version : {Version::v3, Version::v4, Version::v5}) {
    const std::string digit = std::to_string(static_cast<int>(version));
    FrameWriter server(version, true);
    FrameWriter client(version, false);
    Bytes out;
    client.append(out, Opcode::options, 1, {});
    CHECK(to_hex(out) == "0" + digit + "0000010500000000");

    Bytes body;
    append_supported(body, {{"PROTOCOL_VERSIONS", {"3/v3", "4/v4", "5/v5", "6/v6-beta"}},
                            {"COMPRESSION", {"snappy", "lz4"}},
                            {"CQL_VERSION", {"3.4.7"}}});
    out.clear();
    server.append(out, Opcode::supported, 1, body);
    CHECK(to_hex(out) == "8" + digit + "0000010600000066" + std::string(kSupportedBody));

    body.clear();
    append_startup(body, {{{"CQL_VERSION", "3.0.0"}}});
    out.clear();
    client.append(out, Opcode::startup, 2, body);
    CHECK(to_hex(out) == "0" + digit + "0000020100000016" + "0001000b43514c5f56455253494f4e0005332e302e30");

    body.clear();
    append_query(body, {kQueryText, {}}, version);
    out.clear();
    client.append(out, Opcode::query, 3, body);
    const std::string text =
        "0000002853454c4543542072656c656173655f76657273696f6e2046524f4d2073797374656d2e6c6f63616c0001";
    CHECK(to_hex(out) ==
          "0" + digit +
              (version == Version::v5 ? "0000030700000032" + text + "00000000" : "000003070000002f" + text + "00"));

    out.clear();
    server.append(out, Opcode::result, 3, release_version_rows(version));
    CHECK(to_hex(out) == "8" + digit + "000003080000003b" + std::string(kRowsBody));
  }
}

TEST_CASE("segments of version 5 are byte for byte those of Cassandra 5.0.5") {
  const Bytes query = from_hex(
      "3b00026b01eb0500000307000000320000002853454c4543542072656c656173655f76657273696f6e2046524f4d2073797374656d2e6c6f"
      "63616c"
      "000100000000c82aa3d4");
  const Bytes answer = from_hex("440002a791b085000003080000003b" + std::string(kRowsBody) + "6f332598");

  FrameReader server(FrameReader::Side::server);
  server.start_segments();
  server.feed(query);
  const Frame frame = only_frame(server);
  CHECK(frame.stream == 3);
  CHECK(decode_query(frame)->text == kQueryText);

  FrameWriter writer(Version::v5, true);
  writer.start_segments();
  Bytes out;
  writer.append(out, Opcode::result, 3, release_version_rows(Version::v5));
  CHECK(to_hex(writer.seal(out)) == to_hex(answer));

  FrameReader client(FrameReader::Side::client);
  client.start_segments();
  client.feed(answer);
  const auto rows = std::get<Rows>(*decode_result(only_frame(client)));
  RowReader reader(rows);
  std::vector<std::optional<BytesView>> cells;
  REQUIRE(reader.next(cells));
  CHECK(as_text(*cells[0]) == "5.0.5");
  CHECK_FALSE(reader.next(cells));
}

TEST_CASE("an unserved version is refused with the bytes of Cassandra 5.0.5") {
  const auto refusal = [](std::string_view hex) {
    FrameReader reader(FrameReader::Side::server);
    reader.feed(from_hex(hex));
    const auto frame = reader.next();
    REQUIRE_FALSE(frame.ok());
    CHECK(frame.error().is(errors::cql_protocol::bad_version));  // SO-C101
    CHECK(wire_code(frame.error()) == ErrorCode::protocol_error);
    return to_hex(reader.fault_reply());
  };
  CHECK(refusal("070000010500000000") ==
        "8500000000000000670000000a0061496e76616c6964206f7220756e737570706f727465642070726f746f636f6c2076657273696f6e20"
        "2837293b20737570706f7274"
        "65642076657273696f6e73206172652028332f76332c20342f76342c20352f76352c20362f76362d6265746129");
  CHECK(refusal("060000010500000000") ==
        "86100000000000004f0000000a0049426574612076657273696f6e206f66207468652070726f746f636f6c20757365642028362f76362d"
        "62657461292c2062757420"
        "5553455f4245544120666c616720697320756e736574");
  CHECK(refusal("420000000500000000").find("2836362") != std::string::npos);  // "(66"
  CHECK(refusal("474554202f").substr(0, 2) == "85");                          // somebody speaks HTTP
}

TEST_CASE("a frame arrives whole however the bytes are cut") {
  for (const bool segments : {false, true}) {
    for (const Compression compression : {Compression::none, Compression::lz4, Compression::snappy}) {
      if (segments && compression == Compression::snappy) continue;
      const Version version = segments ? Version::v5 : Version::v4;
      FrameWriter writer(version, true);
      writer.set_compression(compression);
      if (segments) writer.start_segments();
      Bytes frames;
      const Bytes small(50, 'a');
      const Bytes large(300'000, 'b');
      writer.append(frames, Opcode::result, 1, small);
      writer.append(frames, Opcode::result, 2, large);
      writer.append(frames, Opcode::result, 3, {});
      const Bytes wire = writer.seal(frames);
      for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, wire.size()}) {
        if (piece == 1 && wire.size() > 50'000) continue;
        FrameReader reader(FrameReader::Side::client);
        reader.set_compression(compression);
        if (segments) reader.start_segments();
        std::vector<std::size_t> bodies;
        for (std::size_t at = 0; at < wire.size(); at += piece) {
          reader.feed(BytesView(wire).subspan(at, std::min(piece, wire.size() - at)));
          for (;;) {
            auto frame = reader.next();
            REQUIRE(frame.ok());
            if (!frame->has_value()) break;
            bodies.push_back((*frame)->body.size());
          }
        }
        CHECK(bodies == std::vector<std::size_t>{50, 300'000, 0});
      }
    }
  }
}

TEST_CASE("a length beyond the limit is refused before anything is reserved for it") {
  FrameReader reader(FrameReader::Side::server, {1024});
  reader.feed(from_hex("04000009077fffffff"));
  const auto frame = reader.next();
  CHECK(frame.error().is(errors::cql_protocol::frame_too_long));  // SO-C102
  FrameReader client(FrameReader::Side::client);
  client.feed(reader.fault_reply());
  const auto error = decode_error(only_frame(client));
  CHECK(error->code == ErrorCode::protocol_error);
  CHECK(reader.next().error().is(errors::cql_protocol::frame_too_long));
}

TEST_CASE("damage is found: checksums, compressed bodies, opcodes") {
  const Bytes good = from_hex(
      "3b00026b01eb0500000307000000320000002853454c4543542072656c656173655f76657273696f6e2046524f4d2073797374656d2e6c6f"
      "6361"
      "6c000100000000c82aa3d4");
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x10;
    FrameReader reader(FrameReader::Side::server);
    reader.start_segments();
    reader.feed(bad);
    CHECK_MESSAGE(reader.next().error().is(errors::cql_protocol::bad_segment), i);  // SO-C104
    CHECK_FALSE(reader.fault_reply().empty());
  }
  FrameReader compressed(FrameReader::Side::server);
  compressed.set_compression(Compression::lz4);
  compressed.feed(from_hex("0401000007000000067fffffff0102"));
  CHECK(compressed.next().error().is(errors::cql_protocol::bad_compression));  // SO-C105
  FrameReader none_agreed(FrameReader::Side::server);
  none_agreed.feed(from_hex("04010000070000000400000000"));
  CHECK(none_agreed.next().error().is(errors::cql_protocol::bad_compression));
  for (const char* wrong : {"040000000400000000", "040000000800000000", "04000000ff00000000", "840000000700000000"}) {
    FrameReader reader(FrameReader::Side::server);
    reader.feed(from_hex(wrong));
    CHECK(reader.next().error().is(errors::cql_protocol::bad_opcode));  // SO-C106
  }
}
