#include "kafka/client/impl/failure.h"

#include <doctest/doctest.h>

using namespace streamops;
using namespace streamops::kafka;

TEST_CASE("what the library says becomes an error that says who has to act") {
  struct Case {
    rd_kafka_resp_err_t code;
    const char* expected;
    bool final;
  };
  const Case cases[] = {
      {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "SO-K202", false},
      {RD_KAFKA_RESP_ERR__RESOLVE, "SO-K202", false},
      {RD_KAFKA_RESP_ERR__AUTHENTICATION, "SO-K203", true},
      {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, "SO-K203", true},
      {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "SO-K204", true},
      {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, "SO-K205", true},
      {RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, "SO-K206", false},
      {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "SO-K207", false},
      {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "SO-K208", false},
  };
  for (const Case& one : cases) {
    const Error error = to_error(one.code, "writing to users");
    CHECK_MESSAGE(error.code() == one.expected, rd_kafka_err2name(one.code));
    CHECK_MESSAGE(is_final(error) == one.final, rd_kafka_err2name(one.code));
  }
}

TEST_CASE("TLS that fails over a certificate is for a person, TLS that meets something else may pass") {
  const char* untrusted =
      "ssl://b:1/bootstrap: SSL handshake failed: certificate verify failed: broker certificate could not be verified";
  CHECK(to_error(RD_KAFKA_RESP_ERR__SSL, "connecting", untrusted).code() == "SO-K213");
  CHECK(is_final(to_error(RD_KAFKA_RESP_ERR__SSL, "connecting", untrusted)));
  const char* plain = "ssl://b:1/bootstrap: SSL handshake failed: Disconnected: connecting to a PLAINTEXT listener?";
  CHECK(to_error(RD_KAFKA_RESP_ERR__SSL, "connecting", plain).code() == "SO-K214");
  const char* encrypted = "b:1/bootstrap: Disconnected: might be caused by incorrect security.protocol configuration";
  const Error error = to_error(RD_KAFKA_RESP_ERR__TRANSPORT, "connecting", encrypted);
  CHECK(error.code() == "SO-K214");
  CHECK_FALSE(is_final(error));
}

TEST_CASE("news of the connections explain what failed, and refusals outweigh the rest") {
  ConnectionNews news;
  const Error late = to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, "looking for topic users");
  CHECK(news.explain(late).message() == late.message());
  news.note(to_error(RD_KAFKA_RESP_ERR__TRANSPORT, "connecting", "b:1: Connect failed: Connection refused"));
  news.note(to_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "connecting", "1/1 brokers are down"));
  CHECK(news.explain(late).message() == "connecting: b:1: Connect failed: Connection refused (_TRANSPORT)");
  CHECK_FALSE(news.refusal());
  const Error refused = to_error(RD_KAFKA_RESP_ERR__AUTHENTICATION, "connecting", "b:1: invalid credentials");
  news.note(refused);
  news.note(late);
  REQUIRE(news.refusal());
  CHECK(news.explain(late).message() == refused.message());
  news.clear();
  CHECK(news.explain(late).message() == late.message());
  CHECK(ConnectionNews("b:1,c:2").explain(late).message() == "b:1,c:2: " + late.message());
}

TEST_CASE("the message says what was being done, the library's words and its name for it") {
  const Error error = to_error(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "writing to users");
  CHECK(error.message() == "writing to users: Broker: Topic authorization failed (TOPIC_AUTHORIZATION_FAILED)");
  const char* detail = "b:1: connection refused (after 3ms in state CONNECT, 2 identical error(s) suppressed)";
  CHECK(to_error(RD_KAFKA_RESP_ERR__TRANSPORT, "reading users", detail).message() ==
        "reading users: b:1: connection refused (_TRANSPORT)");
}

TEST_CASE("hints name what to change where the library's words tell") {
  const auto hint = [](rd_kafka_resp_err_t code, const char* words) {
    return std::string(to_error(code, "connecting", words).hint());
  };
  CHECK(hint(RD_KAFKA_RESP_ERR__TRANSPORT,
             "Disconnected: verify that security.protocol is correctly configured, broker might require SASL "
             "authentication")
            .starts_with("the listener asks for a login"));
  CHECK(hint(RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL PLAIN mechanism handshake failed: Broker: Unsupported mechanism")
            .starts_with("the listener does not offer this mechanism"));
  CHECK(hint(RD_KAFKA_RESP_ERR__TRANSPORT, "b:1: Disconnected").starts_with("the broker hung up"));
  CHECK(hint(RD_KAFKA_RESP_ERR__TRANSPORT, "b:1: ApiVersionRequest failed: Local: Timed out")
            .starts_with("the port is open and nobody answers"));
}
