#include "kafka/broker/partition_snapshot.h"

#include <doctest/doctest.h>

namespace streamops::kafka {
namespace {

log::BatchHeader batch_of(std::int64_t producer, std::int32_t sequence, Offset offset, bool in_transaction) {
  log::BatchHeader batch;
  batch.producer_id = producer;
  batch.producer_epoch = 2;
  batch.base_sequence = sequence;
  batch.base_offset = offset;
  batch.max_timestamp = 1000 + offset;
  batch.attributes = in_transaction ? 0x10 : 0;
  return batch;
}

}  // namespace

TEST_CASE("the last stable offset is the first of the earliest open transaction") {
  PartitionTransactions transactions;
  CHECK(transactions.last_stable_offset(10) == 10);
  transactions.note(batch_of(9, 0, 10, true));
  transactions.note(batch_of(8, 0, 11, true));
  transactions.note(batch_of(9, 1, 12, true));
  transactions.note(batch_of(7, 0, 13, false));
  CHECK(transactions.last_stable_offset(14) == 10);
  transactions.note_marker(9, ControlType::commit, 14);
  CHECK(transactions.last_stable_offset(15) == 11);
  transactions.note_marker(8, ControlType::abort, 15);
  CHECK(transactions.last_stable_offset(16) == 16);
  CHECK(transactions.last_stable_offset(12) == 12);
}

TEST_CASE("aborted ranges are those that a reader meets, until retention has passed their marker") {
  PartitionTransactions transactions;
  for (Offset first : {0, 10, 20}) {
    transactions.note(batch_of(9, 0, first, true));
    transactions.note_marker(9, ControlType::abort, first + 5);
  }
  transactions.note_marker(9, ControlType::abort, 30);  // nothing is open: a marker written once more
  using Aborted = PartitionTransactions::Aborted;
  CHECK(transactions.aborted_between(0, 100).size() == 3);
  CHECK(transactions.aborted_between(6, 20) == std::vector<Aborted>{{9, 10, 15}});
  CHECK(transactions.aborted_between(15, 21) == std::vector<Aborted>{{9, 10, 15}, {9, 20, 25}});
  transactions.forget_before(16);
  CHECK(transactions.aborted_between(0, 100) == std::vector<Aborted>{{9, 20, 25}});
}

TEST_CASE("a snapshot brings producers and transactions back, and a broken one counts as none") {
  Producers producers;
  for (int i = 0; i < 7; ++i) producers.note(batch_of(9, i, i, false));
  producers.note(batch_of(10, 0, 7, true));
  PartitionTransactions transactions;
  transactions.note(batch_of(10, 0, 7, true));
  transactions.note(batch_of(11, 0, 8, true));
  transactions.note_marker(11, ControlType::abort, 9);
  Bytes file = encode_snapshot(12, producers, transactions);

  const std::optional<PartitionSnapshot> read = decode_snapshot(file);
  REQUIRE(read);
  CHECK(read->upto == 12);
  CHECK(read->producers.all().size() == 2);
  CHECK(read->producers.check(batch_of(9, 4, 99, false)).base_offset == 4);
  CHECK(read->producers.check(batch_of(9, 7, 12, false)).error == ErrorCode::none);
  CHECK(read->transactions.open() == std::map<std::int64_t, Offset>{{10, 7}});
  CHECK(read->transactions.aborted_between(0, 99).size() == 1);

  for (std::size_t cut = 0; cut < file.size(); ++cut) CHECK_FALSE(decode_snapshot(BytesView(file).first(cut)));
  file[20] ^= 1;
  CHECK_FALSE(decode_snapshot(file));
}

}  // namespace streamops::kafka
