#include "app/listening.h"

#include <doctest/doctest.h>

#include "errors/app.h"

namespace streamops::app {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Result<Listening> listening(const Pairs& settings) {
  SettingValues values;
  for (const auto& [name, value] : settings)
    REQUIRE(values.set("server." + name, value, SettingValues::Origin::flag).ok());
  return Listening::from(values);
}

std::vector<std::string> texts(const std::vector<runtime::Endpoint>& endpoints) {
  std::vector<std::string> out;
  for (const runtime::Endpoint& endpoint : endpoints) {
    if (endpoint.host.find(':') == std::string::npos) out.push_back(runtime::to_string(endpoint));
  }
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("nothing beyond loopback is listened on unless somebody says that the network is to be trusted") {
  CHECK(texts(listening({})->at(9092)) == Texts{"127.0.0.1:9092"});
  CHECK(listening({})->is_loopback());
  CHECK(listening({{"bind", "127.0.0.2"}})->is_loopback());
  for (const char* address : {"*", "0.0.0.0", "::", "10.0.0.5", "fd00::1"}) {
    const Result<Listening> refused = listening({{"bind", address}});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().is(errors::app::unprotected_bind));  // SO-A120
    CHECK(refused.error().to_report().find("--trust-network") != std::string::npos);
    CHECK(listening({{"bind", address}, {"trust_network", "true"}}).ok());
  }
}

TEST_CASE("a trusted network means all addresses, unless one is named") {
  CHECK(texts(listening({{"trust_network", "true"}})->at(9042)) == Texts{"0.0.0.0:9042"});
  CHECK(texts(listening({{"trust_network", "true"}, {"bind", "10.0.0.5"}})->at(9042)) == Texts{"10.0.0.5:9042"});
  CHECK(listening({{"trust_network", "true"}, {"bind", ""}})->is_loopback());
  CHECK(listening({{"trust_network", "true"}})->at(0).size() == 1);
}

TEST_CASE("who is told 0.0.0.0 could not come back: clients of the store learn an address of the machine") {
  const std::string address = listening({{"trust_network", "true"}})->node_address();
  CHECK_FALSE(address.empty());
  CHECK(address != "0.0.0.0");
  CHECK(listening({})->node_address().empty());
  CHECK(own_way_to({"0.0.0.0", 1}) == runtime::Endpoint{"127.0.0.1", 1});
  CHECK(own_way_to({"::", 1}) == runtime::Endpoint{"::1", 1});
  CHECK(own_way_to({"10.0.0.5", 1}) == runtime::Endpoint{"10.0.0.5", 1});
}

TEST_CASE("advertised addresses: a port of its own is listened on, and the first listener advertises itself") {
  const auto both = listening({{"kafka_advertised", "19092=localhost:9092, 39092=[::1]:29092"}});
  REQUIRE(both.ok());
  CHECK(both->advertised().at(19092) == runtime::Endpoint{"localhost", 9092});
  CHECK(both->advertised().at(39092) == runtime::Endpoint{"::1", 29092});
  CHECK(texts(both->kafka()) == Texts{"127.0.0.1:9092", "127.0.0.1:29092", "127.0.0.1:19092", "127.0.0.1:39092"});
  CHECK(texts(listening({{"kafka_advertised", "9092=broker:9092"}})->kafka()) ==
        Texts{"127.0.0.1:29092", "127.0.0.1:9092"});
  CHECK(texts(listening({{"kafka_advertised", "9092=broker:9092,29092=broker:29092"}})->kafka()) ==
        Texts{"127.0.0.1:0", "127.0.0.1:9092", "127.0.0.1:29092"});
}

TEST_CASE("advertised addresses that mean nothing are refused") {
  for (const char* text : {"localhost:9092", "x=localhost:9092", "0=a:1", "70000=a:1", "9092=localhost", "9092=a:0",
                           "9092=0.0.0.0:9092", "9092=a:1,9092=b:1", "9092=a:1,,29092=b:1"}) {
    CAPTURE(text);
    const Result<Listening> refused = listening({{"kafka_advertised", text}});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().is(errors::app::bad_advertised));  // SO-A121
  }
}

}  // namespace streamops::app
