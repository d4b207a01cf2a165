// What a Fetch answer holds: batches told apart, records read in place, frames received without a copy.
#include "kafka/client/impl/fetched.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/crc32c.h"
#include "errors/kafka_protocol.h"
#include "kafka/client/impl/frame_receiver.h"
#include "kafka/client/impl/held_batches.h"

using namespace streamops;
using namespace streamops::kafka;

namespace {

struct BatchOf {
  std::int64_t base = 0;
  std::vector<std::string> values;
  std::int64_t producer = -1;
  bool control = false;
};

Bytes make(const BatchOf& of) {
  RecordBatchBuilder builder(1000);
  const RecordBatchBuilder::Header headers[] = {{"name", as_bytes("value")}, {"nothing", std::nullopt}};
  for (const std::string& value : of.values) builder.add(1005, as_bytes("key"), as_bytes(value), headers);
  builder.set_base_offset(of.base);
  if (of.producer >= 0) {
    builder.set_producer(of.producer, 0, 0);
    builder.set_transactional(of.control);
  }
  return builder.build();
}

/// The marker that ends a transaction: a control record with version 0 and the type.
Bytes marker(std::int64_t base, std::int64_t producer, ControlType type) {
  Bytes key(4);
  store_big_endian(key.data() + 2, static_cast<std::int16_t>(type));
  RecordBatchBuilder builder(1000);
  builder.add(1000, key, Bytes(6));
  builder.set_base_offset(base);
  builder.set_producer(producer, 0, -1);
  builder.set_transactional(true);
  return builder.build();
}

Bytes join(const std::vector<Bytes>& pieces) {
  Bytes all;
  for (const Bytes& piece : pieces) append_bytes(all, piece);
  return all;
}

std::vector<std::string> values_of(const Fetched& fetched, std::int64_t from) {
  HeldBatches held;
  for (const RecordBatchView& batch : fetched.batches) held.add(0, from, batch, nullptr);
  const Result<data::Records> records = held.take(1 << 20);
  REQUIRE(records.ok());
  std::vector<std::string> values;
  for (const data::Record& record : records->records) values.emplace_back(*record.value);
  return values;
}

using Values = std::vector<std::string>;

}  // namespace

TEST_CASE("records come with all that they have, from the offset that was asked for") {
  const Bytes bytes = join({make({5, {"a", "b", "c"}}), make({8, {"d"}})});
  const Result<Fetched> fetched = cut_fetched(bytes, 6, {});
  REQUIRE(fetched.ok());
  CHECK(fetched->next == 9);
  CHECK(values_of(*fetched, 6) == Values{"b", "c", "d"});
  RecordWalker walker(fetched->batches[0], fetched->batches[0].payload());
  data::Record record;
  REQUIRE(walker.next(record).ok());
  CHECK(record.offset == 5);
  CHECK(record.timestamp_ms == 1005);
  CHECK(record.key == "key");
  REQUIRE(record.headers.size() == 2);
  CHECK(record.headers[0].name == "name");
  CHECK(record.headers[0].value == "value");
  CHECK_FALSE(record.headers[1].value.has_value());
}

TEST_CASE("a batch that the broker cut off is asked for again") {
  const Bytes whole = make({0, {"a"}});
  Bytes bytes = join({whole, make({1, {std::string(500, 'x')}})});
  for (const std::size_t size : {bytes.size() - 1, whole.size() + 61, whole.size() + 5}) {
    const Result<Fetched> fetched = cut_fetched(BytesView(bytes).first(size), 0, {});
    REQUIRE(fetched.ok());
    CHECK(fetched->next == 1);
    CHECK(values_of(*fetched, 0) == Values{"a"});
  }
}

TEST_CASE("what was aborted is left out up to its marker, and markers always") {
  const Bytes bytes =
      join({make({0, {"kept"}, 7}), make({1, {"void"}, 8}), make({2, {"plain"}}), marker(3, 8, ControlType::abort),
            make({4, {"again"}, 8}), marker(5, 8, ControlType::commit), marker(6, 7, ControlType::commit)});
  const Result<Fetched> fetched = cut_fetched(bytes, 0, {{8, 1}});
  REQUIRE(fetched.ok());
  CHECK(fetched->next == 7);  // behind the markers
  CHECK(values_of(*fetched, 0) == Values{"kept", "plain", "again"});
}

TEST_CASE("a gap that compaction left is stepped over") {
  const Bytes bytes = join({make({3, {"a"}}), make({40, {"b"}})});
  const Result<Fetched> fetched = cut_fetched(bytes, 0, {});
  REQUIRE(fetched.ok());
  CHECK(fetched->next == 41);
  CHECK(values_of(*fetched, 0) == Values{"a", "b"});
}

TEST_CASE("bytes that changed on the way are told, never handed out") {
  Bytes bytes = make({0, {"a", "b"}});
  bytes.back() ^= 1;
  CHECK(cut_fetched(bytes, 0, {}).error().is(errors::kafka_protocol::bad_checksum));  // SO-K108
  store_big_endian(bytes.data() + 57, 3);                                             // one record more than there is
  store_big_endian(bytes.data() + 17, crc32c(BytesView(bytes).subspan(21)));
  const Result<Fetched> fetched = cut_fetched(bytes, 0, {});
  REQUIRE(fetched.ok());
  HeldBatches held;
  held.add(0, 0, fetched->batches[0], nullptr);
  CHECK(held.take(1 << 20).error().is(errors::kafka_protocol::bad_batch));  // SO-K107
}

TEST_CASE("a reader takes a batch in as many pieces as it likes") {
  HeldBatches held;
  const Bytes first = make({0, {"aaaa", "bbbb", "cccc"}});
  const Bytes second = make({7, {"dddd"}});
  held.add(2, 0, *RecordBatchView::parse(first), nullptr);
  held.add(2, 3, *RecordBatchView::parse(second), nullptr);
  Values values;
  std::vector<std::int64_t> waiting;
  while (!held.empty()) {
    waiting.push_back(*held.waiting(2));
    const Result<data::Records> records = held.take(1);
    REQUIRE(records.ok());
    REQUIRE(records->records.size() == 1);
    CHECK(records->records[0].partition == 2);
    values.emplace_back(*records->records[0].value);
  }
  CHECK(values == Values{"aaaa", "bbbb", "cccc", "dddd"});
  CHECK(waiting == std::vector<std::int64_t>{0, 1, 2, 3});
  CHECK_FALSE(held.waiting(2).has_value());
  CHECK(held.bytes() == 0);
}

TEST_CASE("answers of any size are received whole, in whatever pieces they come") {
  std::vector<Bytes> answers;
  Bytes stream;
  for (const std::size_t size : {10UL, 0UL, 5000UL, 100UL, 70'000UL, 999UL, 1000UL, 1001UL}) {
    Bytes& answer = answers.emplace_back(size);
    for (std::size_t i = 0; i < size; ++i) answer[i] = static_cast<std::uint8_t>(i * 7 + size);
    append_big_endian(stream, static_cast<std::int32_t>(size));
    append_bytes(stream, answer);
  }
  for (const std::size_t step : {1UL, 3UL, 800UL, 4096UL, 1'000'000UL}) {
    for (const bool in_place : {false, true}) {
      FrameReceiver receiver(1000, 100'000);
      std::vector<Frame> frames;
      BytesView rest(stream);
      while (!rest.empty()) {
        std::size_t count = std::min(step, rest.size());
        if (in_place) {
          const std::span<std::uint8_t> room = receiver.room();
          count = std::min(count, room.size());
          std::copy_n(rest.begin(), count, room.begin());
          REQUIRE(receiver.feed(room.first(count)).ok());
        } else {
          REQUIRE(receiver.feed(rest.first(count)).ok());
        }
        rest = rest.subspan(count);
        while (auto frame = receiver.next()) frames.push_back(std::move(*frame));
      }
      REQUIRE(frames.size() == answers.size());
      for (std::size_t i = 0; i < answers.size(); ++i) {
        CHECK(std::ranges::equal(frames[i].bytes, answers[i]));
        CHECK_FALSE(frames[i].owner == nullptr);
        volatile std::uint8_t behind = frames[i].bytes.data()[answers[i].size() + FrameReceiver::padding - 1];
        static_cast<void>(behind);  // readable: ASan would tell
      }
    }
  }
}

TEST_CASE("an answer that announces too much ends the stream") {
  FrameReceiver receiver(100, 1000);
  CHECK(receiver.feed(Bytes{0, 0, 3, 232}).ok());
  FrameReceiver other(100, 1000);
  CHECK(other.feed(Bytes{0, 0, 3, 233}).error().is(errors::kafka_protocol::frame_too_large));  // SO-K106
  FrameReceiver negative(100, 1000);
  CHECK_FALSE(negative.feed(Bytes{255, 0, 0, 0}).ok());
}
