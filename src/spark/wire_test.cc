#include <doctest/doctest.h>

#include <random>

#include "errors/spark.h"
#include "spark/grpc.h"
#include "spark/messages.h"
#include "spark/messages_fill_test.h"

using namespace streamops;
using namespace streamops::spark;

namespace {

/// Values that a message's round trip should survive, edges among them.
class RandomValues {
 public:
  explicit RandomValues(unsigned seed) : engine_(seed) {}
  bool coin() { return engine_() % 2 == 0; }
  int count() { return static_cast<int>(engine_() % 3); }
  void fill(bool& value) { value = coin(); }
  void fill(std::int32_t& value) { value = coin() ? -1 : static_cast<std::int32_t>(engine_()); }
  void fill(std::int64_t& value) { value = coin() ? INT64_MIN : static_cast<std::int64_t>(engine_()); }
  void fill(std::string& value) { value.assign(engine_() % 200, static_cast<char>(engine_())); }
  void fill(std::map<std::string, std::string>& value) {
    for (int left = count(); left > 0; --left) value[std::to_string(engine_())] = "v";
  }

 private:
  std::mt19937 engine_;
};

runtime::HttpResponse grpc_answer(runtime::HttpHeaders trailers, std::string body = {}) {
  return {200, {{"content-type", "application/grpc"}}, std::move(trailers), std::move(body)};
}

const Remote remote{"spark", 15002, false, {}, {}};

}  // namespace

TEST_CASE("every message reads back as it was written") {
  for (unsigned seed = 0; seed < 50; ++seed) {
    visit_messages([&]<typename Message>(Message value) {
      RandomValues random(seed);
      fill(value, random);
      const Result<Message> again = decode<Message>(encode(value));
      REQUIRE(again.ok());
      CHECK(*again == value);
    });
  }
}

TEST_CASE("bytes are those that Spark reads") {
  StreamingQueryCommand command;
  command.query_id = StreamingQueryInstanceId{"a", ""};
  command.stop = true;
  CHECK(encode(command) == std::string("\x0a\x03\x0a\x01"
                                       "a\x28\x01"));
  AnalyzePlanRequest version;
  version.spark_version.emplace();  // an empty message is not nothing
  CHECK(encode(version) == std::string("\x52\x00", 2));
  Read read;
  read.is_streaming = false;  // what a field is anyway is left out
  CHECK(encode(read).empty());
}

TEST_CASE("fields that are not in the table are skipped, whatever their type") {
  const std::string bytes(
      "\xf8\x07\x05\xf9\x07"
      "12345678"
      "\xfa\x07\x02xy\xfd\x07"
      "1234"
      "\x0a\x01q",
      27);
  const Result<SQL> sql = decode<SQL>(bytes);
  REQUIRE(sql.ok());
  CHECK(sql->query == "q");
}

TEST_CASE("broken bytes are an error and not memory (SO-E101)") {
  const auto refused = [](std::string bytes) {
    const Result<Plan> plan = decode<Plan>(bytes);
    return !plan.ok() && plan.error().is(errors::spark::broken_message);
  };
  CHECK(refused(std::string("\x0a\xff\xff\xff\xff\x0f")));                          // a length beyond the end
  CHECK(refused(std::string("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")));  // a number without end
  CHECK(refused(std::string("\x08\x01")));                                          // a number where a message belongs
  CHECK(refused(std::string("\x0b\x0c")));                                          // a group
  CHECK(refused(std::string("\x02\x00", 2)));                                       // field 0
  CHECK(refused(std::string("\x0a")));
  std::string many;
  for (std::size_t i = 0; i <= ProtobufReader::default_field_budget; ++i) many += std::string("\x78\x01");
  CHECK(refused(many));
}

TEST_CASE("gRPC messages are framed and unframed") {
  const std::string body = grpc_frame("one") + grpc_frame("") + grpc_frame("three");
  CHECK(grpc_unframe(body).value() == std::vector<std::string>{"one", "", "three"});
  for (std::size_t cut : {1, 4, 6, 9}) CHECK_FALSE(grpc_unframe(body.substr(0, cut)).ok());
  CHECK_FALSE(grpc_unframe(std::string("\x01\x00\x00\x00\x00", 5)).ok());  // compressed
}

TEST_CASE("the status of a call is in the trailers, or in the headers when nothing else came") {
  const GrpcAnswer good = read_grpc_answer(grpc_answer({{"grpc-status", "0"}}, grpc_frame("x")), remote).value();
  CHECK(good.status.is(GrpcCode::ok));
  CHECK(good.messages == std::vector<std::string>{"x"});
  runtime::HttpResponse only_headers = grpc_answer({});
  only_headers.headers.emplace_back("grpc-status", "13");
  only_headers.headers.emplace_back("grpc-message", "a%20b%C3%A9%");
  only_headers.headers.emplace_back("grpc-status-details-bin", "CA0SAm5v");
  const GrpcAnswer failed = read_grpc_answer(only_headers, remote).value();
  CHECK(failed.status.is(GrpcCode::internal));
  CHECK(failed.status.message == "a bé%");
  CHECK(decode<RpcStatus>(failed.status.details)->message == "no");
  for (const char* details : {"CA0SA25ldw", "CA0SA25ldw==", "CA0SA25ldw==,CA0SAm5v"}) {
    only_headers.headers.back().second = details;
    CHECK(decode<RpcStatus>(read_grpc_answer(only_headers, remote)->status.details)->message == "new");
  }
}

TEST_CASE("what is not gRPC is named (SO-E001, SO-E002, SO-E003)") {
  const auto error_of = [](runtime::HttpResponse response) {
    return std::string(read_grpc_answer(std::move(response), remote).error().code());
  };
  CHECK(error_of({404, {}, {}, {}}) == "SO-E002");
  CHECK(error_of({200, {{"content-type", "text/html"}}, {}, "<html>"}) == "SO-E002");
  CHECK(error_of({401, {}, {}, {}}) == "SO-E003");
  CHECK(error_of(grpc_answer({})) == "SO-E001");  // cut off before its end
  CHECK(error_of(grpc_answer({{"grpc-status", "ok"}})) == "SO-E101");
}
