#include "kafka/broker/transactions/coordinator.h"

#include "kafka/broker/handlers/add_offsets_to_txn.h"
#include "kafka/broker/handlers/add_partitions_to_txn.h"
#include "kafka/broker/handlers/end_txn.h"
#include "kafka/broker/handlers/fetch.h"
#include "kafka/broker/handlers/init_producer_id.h"
#include "kafka/broker/handlers/list_offsets.h"
#include "kafka/broker/handlers/offset_fetch.h"
#include "kafka/broker/handlers/txn_offset_commit.h"
#include "kafka/broker/test_broker.h"

namespace streamops::kafka {
namespace {

using Texts = std::vector<std::string>;

/// A producer with transactional id "pay" and a consumer of topic "t", against handlers. Protocol 2 is the one in which
/// every transaction has an epoch of its own.
struct Transactions : TestBroker {
  explicit Transactions(int protocol_version = 1, std::uint64_t seed = 1)
      : TestBroker(seed), protocol(protocol_version) {
    REQUIRE(create("t", 2) == ErrorCode::none);
  }

  ErrorCode begin(std::int32_t timeout_ms = 60'000) {
    InitProducerIdRequest request;
    request.transactional_id = "pay";
    request.transaction_timeout_ms = timeout_ms;
    ErrorCode error = ErrorCode::unknown_server_error;
    handle_init_producer_id(context(5), request, [&](const InitProducerIdResponse& response) {
      error = static_cast<ErrorCode>(response.error_code);
      if (error == ErrorCode::none) who = {response.producer_id, response.producer_epoch};
    });
    loop.settle();
    sequence = 0;
    return error;
  }

  ErrorCode add_partition(std::int32_t partition = 0, const std::string& topic = "t") {
    AddPartitionsToTxnRequest request;
    request.v3_and_below_transactional_id = "pay";
    request.v3_and_below_producer_id = who.id;
    request.v3_and_below_producer_epoch = who.epoch;
    request.v3_and_below_topics.push_back({topic, {partition}});
    std::int16_t code = -1;
    handle_add_partitions_to_txn(context(3), request, [&](const AddPartitionsToTxnResponse& response) {
      code = response.results_by_topic_v3_and_below.at(0).results_by_partition.at(0).partition_error_code;
    });
    loop.settle();
    return static_cast<ErrorCode>(code);
  }

  ErrorCode write(std::string_view value, std::int32_t partition = 0) {
    RecordBatchBuilder builder(1000);
    builder.add(1000, as_bytes("key"), as_bytes(value));
    builder.set_producer(who.id, who.epoch, sequence);
    builder.set_transactional(false);
    RequestContext asked = context(static_cast<std::int16_t>(protocol == 2 ? 12 : 11));
    asked.frame = std::make_shared<Bytes>(builder.build());
    ProduceRequest request;
    request.transactional_id = "pay";
    request.acks = -1;
    request.topic_data.emplace_back().name = "t";
    request.topic_data[0].partition_data.push_back({partition, Records::borrowed(*asked.frame)});
    std::int16_t code = -1;
    handle_produce(asked, std::move(request), [&](const ProduceResponse& response) {
      code = response.responses.at(0).partition_responses.at(0).error_code;
    });
    loop.settle();
    if (code == 0) sequence += 1;
    return static_cast<ErrorCode>(code);
  }

  ErrorCode add_group() {
    ErrorCode error = ErrorCode::unknown_server_error;
    handle_add_offsets_to_txn(
        context(3), {"pay", who.id, who.epoch, "g"},
        [&](const AddOffsetsToTxnResponse& response) { error = static_cast<ErrorCode>(response.error_code); });
    loop.settle();
    return error;
  }

  ErrorCode commit_offset(std::int64_t offset) {
    TxnOffsetCommitRequest request;
    request.transactional_id = "pay";
    request.group_id = "g";
    request.producer_id = who.id;
    request.producer_epoch = who.epoch;
    request.topics.emplace_back().name = "t";
    request.topics[0].partitions.push_back({.partition_index = 0, .committed_offset = offset});
    std::int16_t code = -1;
    handle_txn_offset_commit(
        context(static_cast<std::int16_t>(protocol == 2 ? 5 : 3)), request,
        [&](const TxnOffsetCommitResponse& response) { code = response.topics.at(0).partitions.at(0).error_code; });
    loop.settle();
    return static_cast<ErrorCode>(code);
  }

  ErrorCode end(bool commit) {
    ErrorCode error = ErrorCode::unknown_server_error;
    handle_end_txn(context(static_cast<std::int16_t>(protocol == 2 ? 5 : 3)), {"pay", who.id, who.epoch, commit},
                   [&](const EndTxnResponse& response) {
                     error = static_cast<ErrorCode>(response.error_code);
                     if (protocol == 1 || error != ErrorCode::none) return;
                     who = {response.producer_id, response.producer_epoch};
                     sequence = 0;
                   });
    loop.settle();
    return error;
  }

  /// What a group that reads "t" partition 0 goes on from: -1 nothing, -2 not settled yet.
  std::int64_t position() {
    OffsetFetchRequest request;
    request.require_stable = true;
    auto& group = request.groups.emplace_back();
    group.group_id = "g";
    group.topics.emplace().push_back({.name = "t", .partition_indexes = {0}});
    std::int64_t offset = -99;
    handle_offset_fetch(context(9), request, [&](const OffsetFetchResponse& response) {
      const auto& answer = response.groups.at(0).topics.at(0).partitions.at(0);
      offset = answer.error_code == wire(ErrorCode::unstable_offset_commit) ? -2 : answer.committed_offset;
    });
    loop.settle();
    return offset;
  }

  /// What a consumer of committed records sees, by the rules of clients: no control batches, nothing of a producer
  /// between the first offset of an aborted transaction and its marker.
  Texts committed(std::int32_t partition = 0) {
    FetchRequest request;
    request.isolation_level = 1;
    request.max_bytes = 1 << 20;
    request.topics.emplace_back().topic = "t";
    request.topics[0].partitions.push_back({.partition = partition, .partition_max_bytes = 1 << 20});
    Texts out;
    handle_fetch(context(11), request, [&](const FetchResponse& response) {
      const auto& answer = response.responses.at(0).partitions.at(0);
      REQUIRE(answer.error_code == 0);
      const auto batches = parse_batches(answer.records.view());
      REQUIRE(batches);
      Reading reading;
      for (const auto& each : answer.aborted_transactions.value_or(std::vector<FetchResponse::AbortedTransaction>()))
        reading.aborted.emplace(each.first_offset, each.producer_id);
      for (const RecordBatchView& batch : *batches) read_batch(batch, reading, out);
    });
    loop.settle();
    return out;
  }

  /// Aborted transactions that lie ahead, by first offset, and the producers in the middle of one.
  struct Reading {
    std::multimap<std::int64_t, std::int64_t> aborted;
    std::set<std::int64_t> producers;
  };
  static void read_batch(const RecordBatchView& batch, Reading& reading, Texts& out) {
    while (!reading.aborted.empty() && reading.aborted.begin()->first <= batch.last_offset()) {
      reading.producers.insert(reading.aborted.begin()->second);
      reading.aborted.erase(reading.aborted.begin());
    }
    if (batch.is_control()) {
      if (*control_type(batch) == ControlType::abort) reading.producers.erase(batch.producer_id());
      return;
    }
    if (batch.is_transactional() && reading.producers.contains(batch.producer_id())) return;
    RecordIterator records(batch, batch.payload());
    for (auto record = records.next(); record && *record; record = records.next())
      out.emplace_back(as_text(*(*record)->value));
  }

  std::int64_t latest(std::int8_t isolation) {
    ListOffsetsRequest request;
    request.isolation_level = isolation;
    request.topics.emplace_back().name = "t";
    request.topics[0].partitions.push_back({.partition_index = 0, .timestamp = -1});
    std::int64_t offset = -99;
    handle_list_offsets(context(5), request, [&](const ListOffsetsResponse& response) {
      offset = response.topics.at(0).partitions.at(0).offset;
    });
    return offset;
  }

  int protocol;
  ProducerIdentity who;
  std::int32_t sequence = 0;
};

}  // namespace

TEST_CASE("committed records appear with the commit, aborted ones never") {
  for (const int protocol : {1, 2}) {
    CAPTURE(protocol);
    Transactions t(protocol);
    REQUIRE(t.begin() == ErrorCode::none);
    if (protocol == 1) REQUIRE(t.add_partition() == ErrorCode::none);
    REQUIRE(t.write("a") == ErrorCode::none);
    CHECK(t.committed().empty());
    CHECK(t.latest(0) == 1);
    CHECK(t.latest(1) == 0);
    REQUIRE(t.end(true) == ErrorCode::none);
    CHECK(t.committed() == Texts{"a"});
    CHECK(t.latest(1) == 2);

    if (protocol == 1) REQUIRE(t.add_partition() == ErrorCode::none);
    REQUIRE(t.write("b") == ErrorCode::none);
    REQUIRE(t.end(false) == ErrorCode::none);
    if (protocol == 1) REQUIRE(t.add_partition() == ErrorCode::none);
    REQUIRE(t.write("c") == ErrorCode::none);
    REQUIRE(t.end(true) == ErrorCode::none);
    CHECK(t.committed() == Texts{"a", "c"});
  }
}

TEST_CASE("a record of a transaction that its partition is not part of is refused") {
  Transactions t;
  REQUIRE(t.begin() == ErrorCode::none);
  CHECK(t.write("a") == ErrorCode::invalid_txn_state);
  REQUIRE(t.add_partition(1) == ErrorCode::none);
  CHECK(t.write("a") == ErrorCode::invalid_txn_state);
  CHECK(t.write("a", 1) == ErrorCode::none);
  CHECK(t.add_partition(7) == ErrorCode::unknown_topic_or_partition);
  CHECK(t.add_partition(0, "nope") == ErrorCode::unknown_topic_or_partition);
}

TEST_CASE("a transaction survives a power cut before, between and after its records") {
  for (const int protocol : {1, 2}) {
    CAPTURE(protocol);
    Transactions t(protocol);
    REQUIRE(t.begin() == ErrorCode::none);
    t.crash();
    if (protocol == 1) REQUIRE(t.add_partition() == ErrorCode::none);
    t.crash();
    REQUIRE(t.write("a") == ErrorCode::none);
    t.crash();
    CHECK(t.committed().empty());
    REQUIRE(t.write("b") == ErrorCode::none);
    REQUIRE(t.end(true) == ErrorCode::none);
    t.crash();
    CHECK(t.committed() == Texts{"a", "b"});
  }
}

TEST_CASE("aborted ranges are known after a restart, from the log and from a snapshot") {
  Transactions t(2);
  REQUIRE(t.begin() == ErrorCode::none);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(t.write("lost " + std::to_string(i)) == ErrorCode::none);
    REQUIRE(t.end(false) == ErrorCode::none);
    REQUIRE(t.write("kept " + std::to_string(i)) == ErrorCode::none);
    REQUIRE(t.end(true) == ErrorCode::none);
  }
  const Texts kept{"kept 0", "kept 1", "kept 2", "kept 3", "kept 4"};
  CHECK(t.committed() == kept);
  t.crash();
  CHECK(t.committed() == kept);
  REQUIRE(t.write("open") == ErrorCode::none);
  t.crash();
  CHECK(t.committed() == kept);
}

TEST_CASE("a new producer of the same id fences the old one and aborts what it left open") {
  Transactions t;
  REQUIRE(t.begin() == ErrorCode::none);
  REQUIRE(t.add_partition() == ErrorCode::none);
  REQUIRE(t.write("zombie") == ErrorCode::none);
  const ProducerIdentity zombie = t.who;
  REQUIRE(t.begin() == ErrorCode::none);
  CHECK(t.who.id == zombie.id);
  CHECK(t.who.epoch > zombie.epoch);
  CHECK(t.latest(1) == t.latest(0));
  CHECK(t.committed().empty());

  const ProducerIdentity current = t.who;
  t.who = zombie;
  t.sequence = 1;
  CHECK(t.write("too late") == ErrorCode::invalid_producer_epoch);
  CHECK(t.add_partition() == ErrorCode::producer_fenced);
  CHECK(t.end(true) == ErrorCode::producer_fenced);
  t.who = current;
  t.sequence = 0;
  REQUIRE(t.add_partition() == ErrorCode::none);
  REQUIRE(t.write("fresh") == ErrorCode::none);
  REQUIRE(t.end(true) == ErrorCode::none);
  CHECK(t.committed() == Texts{"fresh"});
}

TEST_CASE("a transaction that takes too long is aborted and its producer fenced, also over a restart") {
  Transactions t;
  REQUIRE(t.begin(5'000) == ErrorCode::none);
  REQUIRE(t.add_partition() == ErrorCode::none);
  REQUIRE(t.write("slow") == ErrorCode::none);
  t.crash();
  t.loop.advance(Seconds{4});
  CHECK(t.latest(1) == 0);
  t.loop.advance(Seconds{2});
  CHECK(t.latest(1) == t.latest(0));
  CHECK(t.committed().empty());
  CHECK(t.end(true) == ErrorCode::producer_fenced);
}

TEST_CASE("positions of a transaction become the group's with the commit, and are not settled before") {
  for (const int protocol : {1, 2}) {
    CAPTURE(protocol);
    Transactions t(protocol);
    REQUIRE(t.begin() == ErrorCode::none);
    if (protocol == 1) {
      CHECK(t.commit_offset(5) == ErrorCode::invalid_txn_state);
      REQUIRE(t.add_group() == ErrorCode::none);
    }
    REQUIRE(t.commit_offset(5) == ErrorCode::none);
    CHECK(t.position() == -2);
    t.crash();
    CHECK(t.position() == -2);
    REQUIRE(t.end(true) == ErrorCode::none);
    CHECK(t.position() == 5);
    if (protocol == 1) REQUIRE(t.add_group() == ErrorCode::none);
    REQUIRE(t.commit_offset(9) == ErrorCode::none);
    REQUIRE(t.end(false) == ErrorCode::none);
    CHECK(t.position() == 5);
    t.crash();
    CHECK(t.position() == 5);
  }
}

TEST_CASE("an end that is asked for again gives the same answer; another end is refused") {
  Transactions one(1);
  REQUIRE(one.begin() == ErrorCode::none);
  CHECK(one.end(true) == ErrorCode::invalid_txn_state);
  REQUIRE(one.add_partition() == ErrorCode::none);
  REQUIRE(one.end(true) == ErrorCode::none);
  CHECK(one.end(true) == ErrorCode::none);
  CHECK(one.end(false) == ErrorCode::invalid_txn_state);

  Transactions two(2);
  REQUIRE(two.begin() == ErrorCode::none);
  REQUIRE(two.write("a") == ErrorCode::none);
  const ProducerIdentity before = two.who;
  REQUIRE(two.end(true) == ErrorCode::none);
  const ProducerIdentity after = two.who;
  CHECK(after.epoch == before.epoch + 1);
  two.who = before;
  CHECK(two.end(true) == ErrorCode::none);
  CHECK(two.who == after);
  two.who = before;
  CHECK(two.end(false) == ErrorCode::producer_fenced);
  two.who = after;
  CHECK(two.end(false) == ErrorCode::none);  // nothing was written: the epoch moves on all the same
  CHECK(two.who.epoch == after.epoch + 1);
}

TEST_CASE("a disk that fills up at any byte, and a power cut, leave all of a transaction or nothing") {
  for (std::uint64_t room = 0; room < 900; room += 9) {
    CAPTURE(room);
    Transactions t(2, room + 1);
    REQUIRE(t.begin() == ErrorCode::none);
    t.disk.capacity = t.disk.used() + room;
    const bool wrote = t.write("a", 0) == ErrorCode::none && t.write("b", 1) == ErrorCode::none;
    const bool committed = wrote && t.end(true) == ErrorCode::none;
    t.disk.capacity = UINT64_MAX;
    t.crash();
    t.loop.advance(Seconds{61});
    const std::size_t seen = t.committed(0).size() + t.committed(1).size();
    CHECK((seen == 0 || seen == 2));
    if (committed) CHECK(seen == 2);
    CHECK(t.latest(1) == t.latest(0));
  }
}

TEST_CASE("a producer id whose epochs are used up is replaced") {
  Transactions t(2);
  REQUIRE(t.begin() == ErrorCode::none);
  const std::int64_t first = t.who.id;
  while (t.who.epoch < last_client_epoch) REQUIRE(t.begin() == ErrorCode::none);
  REQUIRE(t.who.id == first);
  REQUIRE(t.write("a") == ErrorCode::none);
  REQUIRE(t.end(true) == ErrorCode::none);
  CHECK(t.who.id != first);
  CHECK(t.who.epoch == 0);
  REQUIRE(t.write("b") == ErrorCode::none);
  REQUIRE(t.end(true) == ErrorCode::none);
  CHECK(t.committed() == Texts{"a", "b"});
}

TEST_CASE("a journal of a newer version is refused, not read wrongly") {
  Transactions t;
  {
    auto journal = log::Journal::open("/kafka/new.journal", {}, t.disk, t.loop, *t.pool, [](BytesView) -> Result<void> {
                     return Ok();
                   }).value();
    journal->append(Bytes{99, 2, 'x'}, [](const Result<void>&) {});
    t.loop.settle();
  }
  const auto opened = TransactionJournal::open("/kafka/new.journal", {}, t.disk, t.loop, *t.pool);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code() == "SO-K160");
}

}  // namespace streamops::kafka
