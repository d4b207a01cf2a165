#include "kafka/protocol/record_batch.h"

#include <doctest/doctest.h>

#include "base/crc32c.h"

namespace streamops::kafka {
namespace {

std::optional<BytesView> view(std::string_view text) {
  return as_bytes(text);
}

Bytes three_records() {
  RecordBatchBuilder builder(1'700'000'000'000);
  const RecordBatchBuilder::Header headers[] = {{"trace", view("abc")}, {"empty", std::nullopt}};
  builder.add(1'700'000'000'000, view("k1"), view("v1"));
  builder.add(1'700'000'000'005, std::nullopt, view("v2"), headers);
  builder.add(1'699'999'999'990, view("k3"), std::nullopt);
  builder.set_base_offset(40);
  builder.set_producer(9, 2, 17);
  return builder.build();
}

/// Sets a big-endian field and makes the checksum right again.
template <typename T>
void change(Bytes& batch, std::size_t at, T value) {
  store_big_endian(batch.data() + at, value);
  store_big_endian(batch.data() + 17, crc32c(BytesView(batch).subspan(21)));
}

Result<std::vector<RecordView>> all_records(BytesView bytes) {
  STREAMOPS_ASSIGN(const RecordBatchView batch, RecordBatchView::parse(bytes));
  RecordIterator records(batch, batch.payload());
  std::vector<RecordView> out;
  for (;;) {
    STREAMOPS_ASSIGN(std::optional<RecordView> record, records.next());
    if (!record) return out;
    out.push_back(std::move(*record));
  }
}

TEST_CASE("a batch reads back as it was built") {
  const Bytes bytes = three_records();
  const RecordBatchView batch = RecordBatchView::parse(bytes).value();
  CHECK(batch.verify_checksum().ok());
  CHECK(batch.size() == bytes.size());
  CHECK(batch.base_offset() == 40);
  CHECK(batch.last_offset() == 42);
  CHECK(batch.record_count() == 3);
  CHECK(batch.base_timestamp() == 1'700'000'000'000);
  CHECK(batch.max_timestamp() == 1'700'000'000'005);
  CHECK(batch.producer_id() == 9);
  CHECK(batch.producer_epoch() == 2);
  CHECK(batch.base_sequence() == 17);
  CHECK(batch.compression() == Compression::none);
  CHECK_FALSE(batch.is_control());

  const std::vector<RecordView> records = all_records(bytes).value();
  REQUIRE(records.size() == 3);
  CHECK(records[0].offset == 40);
  CHECK(as_text(*records[0].key) == "k1");
  CHECK(as_text(*records[0].value) == "v1");
  CHECK(records[1].timestamp == 1'700'000'000'005);
  CHECK_FALSE(records[1].key.has_value());
  REQUIRE(records[1].headers.size() == 2);
  CHECK(records[1].headers[0].key == "trace");
  CHECK(as_text(*records[1].headers[0].value) == "abc");
  CHECK_FALSE(records[1].headers[1].value.has_value());
  CHECK(records[2].offset == 42);
  CHECK(records[2].timestamp == 1'699'999'999'990);
  CHECK_FALSE(records[2].value.has_value());
}

// Written out by hand from the format's description.
TEST_CASE("a small batch has the bytes of the format") {
  RecordBatchBuilder builder(1000);
  builder.add(1001, view("k"), view("v"));
  const Bytes bytes = builder.build();
  const std::string hex = to_hex(bytes);
  CHECK(hex.substr(0, 34) ==
        "0000000000000000"
        "0000003a"
        "ffffffff"
        "02");
  CHECK(hex.substr(42) ==
        "0000"
        "00000000"
        "00000000000003e8"
        "00000000000003e9"
        "ffffffffffffffff"
        "ffff"
        "ffffffff"
        "00000001"
        "10"
        "00"
        "02"
        "00"
        "026b"
        "0276"
        "00");
}

TEST_CASE("the broker's fields leave the checksum right") {
  Bytes bytes = three_records();
  set_base_offset(bytes, 1'000'000);
  set_partition_leader_epoch(bytes, 3);
  RecordBatchView batch = RecordBatchView::parse(bytes).value();
  CHECK(batch.verify_checksum().ok());
  CHECK(batch.base_offset() == 1'000'000);
  CHECK(batch.partition_leader_epoch() == 3);
  set_producer(bytes, 77, 4, 5);
  set_log_append_time(bytes, 1'800'000'000'000);
  batch = RecordBatchView::parse(bytes).value();
  CHECK(batch.verify_checksum().ok());
  CHECK(batch.producer_id() == 77);
  CHECK(batch.has_log_append_time());
  CHECK(all_records(bytes).value()[0].timestamp == 1'800'000'000'000);
}

TEST_CASE("one changed bit anywhere under the checksum is found") {
  const Bytes good = three_records();
  for (std::size_t at = 17; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] ^= 0x10;
    const Result<RecordBatchView> batch = RecordBatchView::parse(bad);
    if (batch.ok()) CHECK(batch->verify_checksum().error().code() == "SO-K108");
  }
}

TEST_CASE("a batch cut at any byte is an error") {
  const Bytes good = three_records();
  for (std::size_t size = 0; size < good.size(); ++size) {
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(RecordBatchView::parse(cut).error().code() == "SO-K107");
  }
}

TEST_CASE("records that lie about their lengths are errors, not reads beyond the batch") {
  const Bytes good = three_records();
  for (std::size_t at = RecordBatchView::header_size; at < good.size(); ++at) {
    for (const std::uint8_t value : {0x00, 0x01, 0x7e, 0x7f, 0x80, 0xff}) {
      Bytes bad = good;
      bad[at] = value;
      const Result<std::vector<RecordView>> records = all_records(bad);
      if (!records.ok()) CHECK(records.error().code() == "SO-K107");
    }
  }
}

TEST_CASE("counts that cannot be are refused") {
  for (const std::int32_t count : {-1, 1000, INT32_MAX}) {
    Bytes bad = three_records();
    change(bad, 57, count);
    CHECK(RecordBatchView::parse(bad).error().code() == "SO-K107");
  }
  Bytes more = three_records();
  change(more, 57, std::int32_t{2});
  CHECK(all_records(more).error().code() == "SO-K107");
  Bytes small = three_records();
  store_big_endian(small.data() + 8, std::int32_t{20});
  CHECK(RecordBatchView::parse(small).error().code() == "SO-K107");
}

TEST_CASE("old formats and unknown codecs have errors of their own") {
  Bytes old = three_records();
  old[16] = 1;
  CHECK(RecordBatchView::parse(old).error().code() == "SO-K109");
  Bytes codec = three_records();
  change(codec, 21, std::int16_t{5});
  CHECK(RecordBatchView::parse(codec).error().code() == "SO-K110");
}

TEST_CASE("a run of batches is cut into its batches, and a torn one is an error") {
  Bytes run = three_records();
  const std::size_t first = run.size();
  append_bytes(run, three_records());
  CHECK(parse_batches(run).value().size() == 2);
  CHECK(RecordBatchView::peek_size(run) == first);
  run.pop_back();
  CHECK_FALSE(parse_batches(run).ok());
}

TEST_CASE("control batches are told apart, and commit from abort") {
  for (const auto& [number, type] :
       {std::pair{0, ControlType::abort}, std::pair{1, ControlType::commit}, std::pair{7, ControlType::unknown}}) {
    RecordBatchBuilder builder(5);
    Bytes key;
    append_big_endian(key, std::int16_t{0});
    append_big_endian(key, static_cast<std::int16_t>(number));
    builder.add(5, BytesView(key), view("\0\0\0\0\0\0"));
    builder.set_transactional(true);
    const Bytes bytes = builder.build();
    const RecordBatchView batch = RecordBatchView::parse(bytes).value();
    CHECK(batch.is_control());
    CHECK(batch.is_transactional());
    CHECK(control_type(batch).value() == type);
  }
}

}  // namespace
}  // namespace streamops::kafka
