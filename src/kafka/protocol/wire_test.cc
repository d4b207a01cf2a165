#include <doctest/doctest.h>

#include "base/crc32c.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/frame.h"
#include "kafka/protocol/messages/api_versions.h"
#include "kafka/protocol/messages/fetch.h"
#include "kafka/protocol/messages/metadata.h"
#include "kafka/protocol/messages/produce.h"
#include "kafka/protocol/reader.h"
#include "kafka/protocol/writer.h"

namespace streamops::kafka {
namespace {

Bytes from_hex(std::string_view text) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

Bytes joined(const std::vector<Bytes>& pieces) {
  Bytes out;
  for (const Bytes& piece : pieces) append_bytes(out, piece);
  return out;
}

TEST_CASE("zigzag numbers have the bytes of the protocol and come back") {
  const std::pair<std::int64_t, const char*> cases[] = {{0, "00"},
                                                        {-1, "01"},
                                                        {1, "02"},
                                                        {63, "7e"},
                                                        {-64, "7f"},
                                                        {64, "8001"},
                                                        {300, "d804"},
                                                        {INT32_MAX, "feffffff0f"},
                                                        {INT32_MIN, "ffffffff0f"}};
  for (const auto& [value, hex] : cases) {
    Writer out;
    out.varlong(value);
    out.varint(static_cast<std::int32_t>(value));
    const Bytes bytes = std::move(out).take();
    CHECK(to_hex(bytes) == std::string(hex) + hex);
    Reader in(bytes);
    CHECK(in.varlong() == value);
    CHECK(in.varint() == value);
    CHECK(in.remaining() == 0);
  }
  for (const std::int64_t value : {INT64_MAX, INT64_MIN, INT64_MAX - 1}) {
    Writer out;
    out.varlong(value);
    const Bytes bytes = std::move(out).take();
    CHECK(bytes.size() == 10);
    Reader in(bytes);
    CHECK(in.varlong() == value);
  }
}

TEST_CASE("a varint that never ends is an error") {
  const Bytes bytes(12, 0xff);
  Reader in(bytes);
  in.unsigned_varint();
  CHECK(in.status("test", 0).error().code() == "SO-K103");
}

TEST_CASE("a length beyond the message is an error before anything is allocated") {
  for (const char* hex : {"7fffffff", "80000000", "000f4240"}) {
    Reader in(BytesView{});
    const Bytes bytes = from_hex(hex);
    in = Reader(bytes);
    in.array(false, 1);
    CHECK(in.status("test", 0).error().code() == "SO-K103");
  }
  const Bytes text = from_hex("7fff61");
  Reader in(text);
  CHECK(in.string(false).empty());
  CHECK(in.status("test", 0).error().code() == "SO-K102");
}

TEST_CASE("the arrays of a message share one budget of elements") {
  Bytes bytes(64, 0);
  bytes[3] = 6;   // the first array has 6 elements
  bytes[13] = 5;  // the second, after 6 bytes of them, 5
  Reader enough(bytes, 11);
  CHECK(enough.array(false, 1) == 6);
  enough.take(6);
  CHECK(enough.array(false, 1) == 5);
  CHECK(enough.ok());
  Reader short_by_one(bytes, 10);
  short_by_one.array(false, 1);
  short_by_one.take(6);
  CHECK(short_by_one.array(false, 1) == 0);
  CHECK(short_by_one.status("test", 0).error().code() == "SO-K103");
}

TEST_CASE("null where no null may be is named") {
  const Bytes bytes = from_hex("ffff");
  Reader in(bytes);
  in.string(false);
  CHECK(in.status("test", 0).error().code() == "SO-K104");
}

TEST_CASE("bytes after the last field are an error for who asks") {
  const Bytes bytes = from_hex("0000");
  Reader in(bytes);
  in.i8();
  CHECK(in.finish("test", 0).error().code() == "SO-K105");
}

// As Kafka 4.3.1 answers a version that it does not have: header 0, body of version 0, error 35 and one key.
TEST_CASE("the answer to an unknown ApiVersions version is Kafka's, byte for byte") {
  ApiVersionsResponse response;
  response.error_code = wire(ErrorCode::unsupported_version);
  response.api_keys.push_back({.api_key = 18, .min_version = 0, .max_version = 4});
  CHECK(to_hex(joined(encode_response(0, 7, response))) ==
        "00000010"
        "00000007"
        "0023"
        "00000001"
        "001200000004");
}

TEST_CASE("the answer to ApiVersions has no tagged header at any version") {
  ApiVersionsResponse response;
  const Bytes flexible = joined(encode_response(4, 9, response));
  CHECK(to_hex(flexible) ==
        "0000000c"
        "00000009"
        "0000"
        "01"
        "00000000"
        "00");
  CHECK(decode_response_header(*std::make_unique<Reader>(BytesView(flexible).subspan(4)), 18, 4).value() == 9);
}

TEST_CASE("finalized features are told as Kafka 4.3.1 tells them") {
  ApiVersionsResponse response;
  response.finalized_features_epoch = 525;
  response.finalized_features = {{.name = "group.version", .max_version_level = 1, .min_version_level = 1}};
  const std::string hex = to_hex(joined(encode_response(3, 1, response)));
  // Two tags: 1 (8 bytes) and 2 (one entry of name, max, min and its own tags).
  CHECK(
      hex.ends_with("02"
                    "0108"
                    "000000000000020d"
                    "0214"
                    "02"
                    "0e67726f75702e76657273696f6e"
                    "0001"
                    "0001"
                    "00"));
}

TEST_CASE("a librdkafka metadata request is read") {
  // key 3, version 4, correlation 2, client "rdkafka", no topics (null), auto-creation off.
  const Bytes frame = from_hex(
      "0003000400000002000772646b61666b61"
      "ffffffff"
      "00");
  Reader in(frame);
  const RequestHeader header = decode_request_header(in).value();
  CHECK(header == RequestHeader{3, 4, 2, "rdkafka"});
  const MetadataRequest request = MetadataRequest::decode(in, header.api_version).value();
  CHECK(in.finish("MetadataRequest", 4).ok());
  CHECK_FALSE(request.topics.has_value());
  CHECK_FALSE(request.allow_auto_topic_creation);
}

TEST_CASE("unknown tagged fields are skipped, also in the header") {
  // Metadata 12, two unknown tags in the header, one in the body.
  const Bytes frame = from_hex(
      "0003000c00000001ffff"
      "02"
      "0501aa"
      "0600"
      "01"
      "01"
      "00"
      "01"
      "7f02beef");
  Reader in(frame);
  const RequestHeader header = decode_request_header(in).value();
  CHECK_FALSE(header.client_id.has_value());
  const MetadataRequest request = MetadataRequest::decode(in, 12).value();
  CHECK(in.finish("MetadataRequest", 12).ok());
  CHECK(request.topics->empty());
}

TEST_CASE("a tagged field longer than its value is an error") {
  // Fetch 12: tag 0 (cluster id) of 3 bytes holding a compact string of one letter and a byte too many.
  FetchRequest request;
  Writer out;
  request.encode(out, 12);
  Bytes bytes = std::move(out).take();
  bytes.back() = 1;
  append_bytes(bytes, from_hex("00"
                               "03"
                               "026100"));
  Reader in(bytes);
  CHECK(FetchRequest::decode(in, 12).error().code() == "SO-K105");
}

TEST_CASE("records are borrowed on the way in and not copied on the way out") {
  FetchResponse response;
  FetchResponse::PartitionData partition;
  partition.records = Records::owned(Bytes(10'000, 7));
  const std::uint8_t* where = partition.records.view().data();
  response.responses.emplace_back().partitions.push_back(std::move(partition));
  const std::vector<Bytes> pieces = encode_response(12, 5, std::move(response));
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[1].data() == where);

  const Bytes frame = joined(pieces);
  CHECK(load_big_endian<std::int32_t>(frame.data()) == static_cast<std::int32_t>(frame.size() - 4));
  Reader in(BytesView(frame).subspan(4));
  CHECK(decode_response_header(in, FetchResponse::api_key, 12).value() == 5);
  const FetchResponse decoded = FetchResponse::decode(in, 12).value();
  const BytesView records = decoded.responses[0].partitions[0].records.view();
  CHECK(records.size() == 10'000);
  CHECK(records.data() > frame.data());
  CHECK(records.data() < frame.data() + frame.size());
}

TEST_CASE("frames come out whole however their bytes arrive") {
  Bytes stream;
  for (const char* text : {"first", "", "third"}) {
    append_big_endian(stream, static_cast<std::int32_t>(std::string_view(text).size()));
    append_text(stream, text);
  }
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    FrameSplitter splitter(16);
    std::vector<std::string> frames;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      REQUIRE(splitter.feed(BytesView(stream).subspan(at, std::min(step, stream.size() - at))).ok());
      while (const std::optional<Bytes> frame = splitter.next()) frames.emplace_back(as_text(*frame));
    }
    CHECK(frames == std::vector<std::string>{"first", "", "third"});
    CHECK(splitter.buffered() == 0);
  }
}

TEST_CASE("a frame above the limit, or of negative size, is refused at its size") {
  for (const char* hex : {"7fffffff", "ffffffff", "00000011"}) {
    FrameSplitter splitter(16);
    CHECK(splitter.feed(from_hex(hex)).error().code() == "SO-K106");
  }
}

TEST_CASE("a large announced frame does not reserve its memory") {
  FrameSplitter splitter(std::size_t{1} << 30);
  REQUIRE(splitter.feed(from_hex("3fffffff00")).ok());
  CHECK(splitter.buffered() == 1);
}

TEST_CASE("errors have their Apache names") {
  CHECK(name_of(ErrorCode::none) == "NONE");
  CHECK(name_of(ErrorCode::unknown_server_error) == "UNKNOWN_SERVER_ERROR");
  CHECK(name_of(ErrorCode::member_id_required) == "MEMBER_ID_REQUIRED");
  CHECK(name_of(ErrorCode::transaction_abortable) == "TRANSACTION_ABORTABLE");
  CHECK(name_of(static_cast<ErrorCode>(9999)) == "UNKNOWN_SERVER_ERROR");
}

TEST_CASE("the table of APIs tells what clients must hear") {
  const ApiInfo* produce = find_api(0);
  REQUIRE(produce != nullptr);
  CHECK(produce->advertised_min_version == 0);  // librdkafka stops compressing without it
  CHECK(produce->min_version == 3);
  CHECK(find_api(18)->flexible_response_header == false);
  CHECK(find_api(9999) == nullptr);
}

}  // namespace
}  // namespace streamops::kafka
