#include <doctest/doctest.h>

#include "kafka/protocol/messages/fill_test.h"
#include "kafka/protocol/random_values_test.h"

namespace streamops::kafka {
namespace {

template <typename Message>
Bytes encoded(const Message& message, std::int16_t version) {
  Writer out;
  Message copy = message;
  std::move(copy).encode(out, version);
  return std::move(out).take();
}

template <typename Message>
void check_round_trip(std::int16_t version, std::uint64_t seed) {
  CAPTURE(Message::message_name);
  CAPTURE(version);
  CAPTURE(seed);
  RandomValues random(seed);
  Message message;
  fill(message, random, version);
  const Bytes bytes = encoded(message, version);
  Reader in(bytes);
  const Result<Message> decoded = Message::decode(in, version);
  REQUIRE(decoded.ok());
  CHECK(in.finish(Message::message_name, version).ok());
  CHECK(decoded.value() == message);
}

template <typename Message>
void check_truncation(std::int16_t version) {
  CAPTURE(Message::message_name);
  CAPTURE(version);
  RandomValues random(version + 1000U);
  Message message;
  fill(message, random, version);
  const Bytes bytes = encoded(message, version);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // A copy of just these bytes, so that the sanitizer sees every read beyond them.
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    Reader in(cut);
    const Result<Message> decoded = Message::decode(in, version);
    REQUIRE_FALSE(decoded.ok());
    CHECK(decoded.error().code() >= "SO-K102");
    CHECK(decoded.error().code() <= "SO-K105");
  }
}

TEST_CASE("every message at every version decodes to what was encoded") {
  for_each_message([]<typename Message>() {
    for (std::int16_t version = Message::min_version; version <= Message::max_version; ++version) {
      for (std::uint64_t seed = 1; seed <= 20; ++seed)
        check_round_trip<Message>(version, seed * 100 + static_cast<std::uint64_t>(version));
    }
  });
}

TEST_CASE("every message cut at any byte is an error") {
  for_each_message([]<typename Message>() {
    for (std::int16_t version = Message::min_version; version <= Message::max_version; ++version)
      check_truncation<Message>(version);
  });
}

TEST_CASE("a version outside of the range is refused by name") {
  for_each_message([]<typename Message>() {
    const Bytes bytes(64, 0);
    for (const int version : {Message::min_version - 1, Message::max_version + 1}) {
      Reader in(bytes);
      const Result<Message> decoded = Message::decode(in, static_cast<std::int16_t>(version));
      REQUIRE_FALSE(decoded.ok());
      CHECK(decoded.error().code() == "SO-K101");
      CHECK(decoded.error().message().find(Message::message_name) != std::string::npos);
    }
  });
}

}  // namespace
}  // namespace streamops::kafka
