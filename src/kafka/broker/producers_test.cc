#include "kafka/broker/producers.h"

#include <doctest/doctest.h>

namespace streamops::kafka {
namespace {

log::BatchHeader batch_of(std::int64_t producer, std::int16_t epoch, std::int32_t sequence, std::int32_t records,
                          Offset offset) {
  log::BatchHeader batch;
  batch.producer_id = producer;
  batch.producer_epoch = epoch;
  batch.base_sequence = sequence;
  batch.last_offset_delta = records - 1;
  batch.base_offset = offset;
  batch.max_timestamp = 1000 + offset;
  return batch;
}

}  // namespace

TEST_CASE("a batch sent again is recognised among the last five") {
  Producers producers;
  for (int i = 0; i < 7; ++i) {
    const log::BatchHeader batch = batch_of(9, 0, i * 10, 10, i * 10);
    REQUIRE(producers.check(batch).error == ErrorCode::none);
    REQUIRE_FALSE(producers.check(batch).is_duplicate);
    producers.note(batch);
  }
  const Producers::Verdict again = producers.check(batch_of(9, 0, 20, 10, 999));
  CHECK(again.is_duplicate);
  CHECK(again.base_offset == 20);
  CHECK(producers.check(batch_of(9, 0, 10, 10, 999)).error == ErrorCode::out_of_order_sequence_number);
}

TEST_CASE("a gap in the sequence is refused; an unknown producer may begin anywhere") {
  Producers producers;
  CHECK(producers.check(batch_of(9, 0, 17, 1, 0)).error == ErrorCode::none);
  producers.note(batch_of(9, 0, 17, 1, 0));
  CHECK(producers.check(batch_of(9, 0, 18, 1, 1)).error == ErrorCode::none);
  CHECK(producers.check(batch_of(9, 0, 19, 1, 1)).error == ErrorCode::out_of_order_sequence_number);
}

TEST_CASE("an old epoch is refused, a new one begins at sequence 0") {
  Producers producers;
  producers.note(batch_of(9, 3, 0, 5, 0));
  CHECK(producers.check(batch_of(9, 2, 5, 1, 5)).error == ErrorCode::invalid_producer_epoch);
  CHECK(producers.check(batch_of(9, 4, 5, 1, 5)).error == ErrorCode::out_of_order_sequence_number);
  CHECK(producers.check(batch_of(9, 4, 0, 1, 5)).error == ErrorCode::none);
}

TEST_CASE("sequences go on at 0 behind the largest number") {
  Producers producers;
  producers.note(batch_of(9, 0, INT32_MAX - 1, 3, 0));  // INT32_MAX - 1, INT32_MAX, 0
  CHECK(producers.check(batch_of(9, 0, 1, 1, 3)).error == ErrorCode::none);
  CHECK(producers.check(batch_of(9, 0, INT32_MAX - 1, 3, 3)).is_duplicate);
}

TEST_CASE("a producer that was silent for long is forgotten") {
  Producers producers;
  producers.note(batch_of(9, 0, 0, 1, 0));
  producers.expire(1000);
  CHECK(producers.all().size() == 1);
  producers.expire(1001);
  CHECK(producers.all().empty());
}

TEST_CASE("a marker of a later epoch fences what the producer sends under the old one") {
  Producers producers;
  producers.note(batch_of(9, 3, 0, 5, 0));
  log::BatchHeader marker = batch_of(9, 4, -1, 1, 5);
  marker.attributes = 0x30;
  producers.note(marker);
  CHECK(producers.check(batch_of(9, 3, 5, 1, 6)).error == ErrorCode::invalid_producer_epoch);
  CHECK(producers.check(batch_of(9, 4, 0, 1, 6)).error == ErrorCode::none);
}

}  // namespace streamops::kafka
