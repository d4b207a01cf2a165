#include "pipeline/epoch.h"

#include <doctest/doctest.h>

using namespace streamops;
using namespace streamops::pipeline;

namespace {

data::Record record(std::int32_t partition, std::int64_t offset) {
  data::Record out;
  out.partition = partition;
  out.offset = offset;
  return out;
}

}  // namespace

TEST_CASE("write timestamps of an epoch are unique and ordered within a partition") {
  const std::vector<data::Record> records{record(0, 5), record(0, 6), record(1, 9), record(0, 8)};
  const Epoch epoch(next_checkpoint(nullptr, records, {}, 1000));
  CHECK(epoch.checkpoint().epoch == 1);
  CHECK(epoch.checkpoint().offsets() == 5);  // 5 to 8, the gap at 7 counted, and 9
  CHECK(epoch.write_timestamp(records[0]) == 1000);
  CHECK(epoch.write_timestamp(records[1]) == 1001);
  CHECK(epoch.write_timestamp(records[3]) == 1003);
  CHECK(epoch.write_timestamp(records[2]) == 1004);
}

TEST_CASE("the next epoch begins after the last timestamp of the one before, even when the clock goes back") {
  const std::vector<data::Record> first{record(0, 0), record(0, 1), record(0, 2)};
  Checkpoint done = next_checkpoint(nullptr, first, {}, 5000);
  done.done = true;
  const std::vector<data::Record> second{record(0, 3), record(2, 7)};
  const Checkpoint next = next_checkpoint(&done, second, {}, 4000);
  CHECK(next.epoch == 2);
  CHECK(next.epoch_us == 5003);
  CHECK(next.ranges == std::vector<OffsetRange>{{{}, 0, 3, 4}, {{}, 2, 7, 8}});
  CHECK(next_checkpoint(&done, second, {}, 9000).epoch_us == 9000);
  CHECK(positions_after(done)[0].next == 3);
}

TEST_CASE("the records of an epoch that was given up are read again, later than it") {
  const std::vector<data::Record> records{record(0, 4), record(0, 5)};
  const Checkpoint open = next_checkpoint(nullptr, records, {}, 1000);
  CHECK(positions_after(open)[0].next == 4);
  const Checkpoint next = next_checkpoint(&open, records, {}, 1000);
  CHECK(next.epoch_us == 1002);
  CHECK(next.ranges == open.ranges);
}

TEST_CASE("a replay is complete when each range has been seen to its end, or past it") {
  const std::vector<data::Record> records{record(0, 4), record(0, 5), record(1, 0)};
  Epoch epoch(next_checkpoint(nullptr, records, {}, 1000));
  CHECK_FALSE(epoch.covers(record(0, 6)));
  CHECK_FALSE(epoch.covers(record(3, 4)));
  epoch.see(record(0, 4));
  epoch.see(record(1, 0));
  CHECK_FALSE(epoch.complete());
  epoch.see(record(0, 6));  // 5 is no longer in the topic
  CHECK(epoch.complete());
}
