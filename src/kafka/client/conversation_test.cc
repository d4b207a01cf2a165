#include "kafka/client/impl/conversation.h"

#include <doctest/doctest.h>

#include "errors/kafka_client.h"
#include "kafka/client/testing/scripted_broker.h"
#include "kafka/client/topic_id.h"
#include "kafka/protocol/messages/find_coordinator.h"
#include "kafka/protocol/messages/metadata.h"
#include "kafka/protocol/messages/sasl_authenticate.h"
#include "kafka/protocol/messages/sasl_handshake.h"

using namespace streamops;
using namespace streamops::kafka;
using kafka::testing::Rig;
using kafka::testing::ScriptedBroker;
using kafka::testing::wait;

namespace {

/// Asks a broker for metadata, in a conversation of its own.
Result<MetadataResponse> ask(Rig& rig, const ClientConfig& config, Microseconds patience = Seconds{5},
                             std::int16_t newest = MetadataRequest::max_version) {
  std::promise<Result<MetadataResponse>> answer;
  std::unique_ptr<runtime::Network> network;
  std::shared_ptr<Conversation> conversation;
  rig.on_loop([&] {
    network = runtime::make_network(rig.thread->loop());
    conversation = Conversation::begin(config, bootstrap_servers(config).at(0), rig.thread->loop(), *network, patience);
    conversation->ask<MetadataResponse>(
        MetadataRequest{}, [&](Result<MetadataResponse> result) { answer.set_value(std::move(result)); }, newest);
  });
  Result<MetadataResponse> result = wait(answer.get_future());
  rig.on_loop([&] {
    conversation.reset();
    network.reset();
  });
  return result;
}

void serve_metadata(ScriptedBroker& broker) {
  broker.answer<MetadataRequest>([](const MetadataRequest&, std::int16_t) {
    MetadataResponse response;
    response.controller_id = 7;
    return response;
  });
}

ClientConfig with_login(const ScriptedBroker& broker, const std::string& mechanism) {
  ClientConfig config = broker.config();
  config.sasl_mechanism = mechanism;
  config.username = "user";
  config.password = "pencil";
  return config;
}

}  // namespace

TEST_CASE("a question is asked in the newest version that both sides know") {
  Rig rig;
  ScriptedBroker broker(rig);
  serve_metadata(broker);
  const auto answer = ask(rig, broker.config());
  REQUIRE(answer.ok());
  CHECK(answer->controller_id == 7);
  CHECK(ask(rig, broker.config(), Seconds{5}, 9).ok());
  broker.versions().api_keys.back().max_version = 4;
  CHECK(ask(rig, broker.config()).ok());
  CHECK(broker.asked == std::vector<std::string>{"ApiVersions v0", "Metadata v13", "ApiVersions v0", "Metadata v9",
                                                 "ApiVersions v0", "Metadata v4"});
  broker.versions().api_keys.back() = {MetadataRequest::api_key, 90, 99};
  CHECK(ask(rig, broker.config()).error().is(errors::kafka_client::request_refused));  // SO-K206
}

TEST_CASE("PLAIN sends user and password, and the broker's no is told with its words") {
  Rig rig;
  ScriptedBroker broker(rig);
  serve_metadata(broker);
  broker.answer<SaslHandshakeRequest>([](const SaslHandshakeRequest& request, std::int16_t) {
    SaslHandshakeResponse response;
    response.error_code = request.mechanism == "PLAIN" ? 0 : 33;
    response.mechanisms = {"PLAIN"};
    return response;
  });
  broker.answer<SaslAuthenticateRequest>([](const SaslAuthenticateRequest& request, std::int16_t) {
    SaslAuthenticateResponse response;
    using namespace std::string_view_literals;
    const bool is_right = as_text(request.auth_bytes) == "\0user\0pencil"sv;
    response.error_code = is_right ? 0 : 58;
    if (!is_right) response.error_message = "wrong pencil";
    return response;
  });
  CHECK(ask(rig, with_login(broker, "PLAIN")).ok());

  ClientConfig wrong = with_login(broker, "PLAIN");
  wrong.password = "crayon";
  const Error refused = ask(rig, wrong).error();
  CHECK(refused.is(errors::kafka_client::credentials_refused));  // SO-K203
  CHECK(refused.to_report().find("wrong pencil") != std::string::npos);
  CHECK(refused.to_report().find("crayon") == std::string::npos);

  const Error other = ask(rig, with_login(broker, "SCRAM-SHA-256")).error();
  CHECK(other.is(errors::kafka_client::credentials_refused));
  CHECK(other.message().find("PLAIN") != std::string::npos);
}

TEST_CASE("a broker that does not prove itself in SCRAM gets no question") {
  Rig rig;
  ScriptedBroker broker(rig);
  serve_metadata(broker);
  broker.answer<SaslHandshakeRequest>(
      [](const SaslHandshakeRequest&, std::int16_t) { return SaslHandshakeResponse{}; });
  int messages = 0;
  broker.answer<SaslAuthenticateRequest>([&](const SaslAuthenticateRequest& request, std::int16_t) {
    SaslAuthenticateResponse response;
    const std::string said(as_text(request.auth_bytes));
    const std::string nonce = said.substr(said.rfind("r=") + 2);
    const std::string text =
        messages++ == 0 ? "r=" + nonce + "server,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096" : "v=AAAAAAAAAAAAAAAAAAAAAA==";
    response.auth_bytes.assign(text.begin(), text.end());
    return response;
  });
  CHECK(ask(rig, with_login(broker, "SCRAM-SHA-256")).error().is(errors::kafka_client::credentials_refused));
  CHECK(messages == 2);
  CHECK(broker.asked.back() == "SaslAuthenticate v0");
}

TEST_CASE("whoever hangs up, keeps silent, talks nonsense or is not there is named") {
  Rig rig;
  ScriptedBroker hangs_up(rig);
  hangs_up.versions().api_keys.push_back({MetadataRequest::api_key, 0, 13});
  const Error gone = ask(rig, hangs_up.config()).error();
  CHECK(gone.is(errors::kafka_client::broker_unreachable));  // SO-K202
  CHECK(gone.message().find(hangs_up.address()) != std::string::npos);

  ScriptedBroker silent(rig);
  silent.answer_raw<ApiVersionsRequest>(
      [](const RequestHeader&, const ApiVersionsRequest&) { return std::vector<Bytes>(); });
  CHECK(ask(rig, silent.config(), Milliseconds{50}).error().message().find("does not answer") != std::string::npos);

  ScriptedBroker nonsense(rig);
  nonsense.answer_raw<ApiVersionsRequest>([](const RequestHeader&, const ApiVersionsRequest&) {
    return std::vector<Bytes>{Bytes{0x7F, 0xFF, 0xFF, 0xFF, 0}};
  });
  CHECK_FALSE(ask(rig, nonsense.config()).ok());

  ClientConfig nobody;
  nobody.bootstrap = "127.0.0.1:1";
  CHECK(ask(rig, nobody).error().is(errors::kafka_client::broker_unreachable));
}

TEST_CASE("a topic's id comes from the first broker that answers") {
  Rig rig;
  const Uuid id = make_uuid(1, 2, 4);
  ScriptedBroker dead(rig);  // serves no Metadata
  ScriptedBroker broker(rig);
  std::int16_t error = 0;
  broker.answer<MetadataRequest>([&](const MetadataRequest& request, std::int16_t) {
    CHECK(request.topics->at(0).name == "t");
    CHECK_FALSE(request.allow_auto_topic_creation);
    MetadataResponse response;
    auto& topic = response.topics.emplace_back();
    topic.name = "t";
    topic.error_code = error;
    topic.topic_id = id;
    return response;
  });
  const auto topic_id = [&](const std::string& bootstrap) {
    std::promise<Uuid> found;
    std::unique_ptr<runtime::Network> network;
    std::unique_ptr<TopicIdRequest> request;
    rig.on_loop([&] {
      ClientConfig config;
      config.bootstrap = bootstrap;
      network = runtime::make_network(rig.thread->loop());
      request = request_topic_id(config, "t", rig.thread->loop(), *network, Seconds{5},
                                 [&](Uuid each) { found.set_value(each); });
    });
    const Uuid result = wait(found.get_future());
    rig.on_loop([&] {
      request.reset();
      network.reset();
    });
    return result;
  };
  CHECK(topic_id(dead.address() + ", " + broker.address()) == id);
  CHECK(topic_id(dead.address()).is_nil());
  error = 3;  // unknown topic
  CHECK(topic_id(broker.address()).is_nil());
}
