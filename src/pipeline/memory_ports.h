// pipeline/memory_ports.h — topics, tables and APIs in memory: what tests of a pipeline put in the place of Kafka,
// Cassandra and HTTP.
//
// The pipeline above them is the production code: reading, decoding, SQL, encoding, epochs. What is written stays in a
// MemoryWorld, which outlives the pipelines that use it, so that a test can stop or crash one and start the next over
// the same world. Threads: one loop.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/ports.h"
#include "pipeline/checkpoint.h"
#include "pipeline/connectors.h"
#include "pipeline/state_store.h"
#include "runtime/loop.h"

namespace streamops::pipeline {

struct MemoryRecord {
  std::int64_t timestamp_ms = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
};

struct MemoryTopic {
  Uuid id;
  std::map<std::int32_t, std::vector<MemoryRecord>> partitions;
};

/// One cell of a table: a JSON value, or nothing for a deleted one.
struct MemoryCell {
  std::int64_t timestamp = 0;  // microseconds
  std::optional<std::string> value;

  friend bool operator==(const MemoryCell&, const MemoryCell&) = default;
};

/// Rows by key; the cell with the later timestamp wins, as in Cassandra.
struct MemoryTable {
  struct Row {
    std::int64_t deleted_at = INT64_MIN;  // cells up to this time are gone
    std::map<std::string, MemoryCell> cells;

    friend bool operator==(const Row&, const Row&) = default;
  };
  std::map<std::string, Row> rows;

  /// The rows that a SELECT would show, as JSON, sorted by key; columns in the order of `columns`.
  std::vector<std::string> visible(const std::vector<std::string>& columns) const;
};

/// What a stream's query remembers, with the way back by one epoch.
struct MemoryState {
  std::uint64_t epoch = 0;
  std::uint64_t before = 0;
  std::map<std::string, std::string> entries;
  std::map<std::string, std::string> entries_before;
};

/// The transactions under one name.
struct MemoryTransactions {
  int opened = 0;  // by how many owners: only the last one may commit
  std::vector<data::Position> positions;
};

/// Something that came out: what a test compares.
struct MemoryEvent {
  enum class Kind : std::uint8_t { out, gone, error } kind;
  std::string target;          // table or topic; for an error its code
  std::string text;            // the row as JSON, the key of a delete as JSON, the identity of a dead letter
  std::int64_t timestamp = 0;  // microseconds: the write timestamp
};

class MemoryWorld {
 public:
  std::map<std::string, MemoryTopic> topics;
  std::map<std::string, std::deque<std::string>> bodies;  // answers of the API, by owner of the task; never taken out
  std::map<std::string, MemoryTable> tables;
  std::map<std::string, std::vector<data::DeadLetter>> dead_letters;
  std::map<std::string, std::optional<Checkpoint>> checkpoints;
  std::map<std::string, std::int64_t> acknowledged;        // polls, by owner of the task
  std::map<std::string, MemoryState> states;               // by owner of the stream
  std::map<std::string, MemoryTransactions> transactions;  // by owner of the stream
  std::vector<MemoryEvent> events;

  /// Asked before a port does something ("poll", "save", "write", "row", "letters", "acknowledge", "store", "open",
  /// "commit", "answer" to a commit); false: it is not done and the port never answers, as though the process had died
  /// just before. Empty: always true.
  std::function<bool(std::string_view step)> permit;
  /// Fails writes for the sake of the row: given the row as JSON. Empty: none.
  std::function<std::optional<Error>(const std::string& row)> refuse;
  /// What opening and writing of sinks, and saving of checkpoints, fail with while it is set.
  std::optional<Error> cannot_open;
  std::optional<Error> cannot_write;
  std::optional<Error> cannot_save;
  /// The next commits fail, though the same work may be done again; what they held is dropped.
  int lost_transactions = 0;

  /// Appends a record and wakes those who read the topic.
  void append(const std::string& topic, std::int32_t partition, MemoryRecord record);
  /// Adds an answer of the API and wakes the task that polls it.
  void answer(const std::string& owner, std::string body);
  /// Ends the sources of a task once they have handed out everything.
  void end_answers(const std::string& owner);

  bool permits(std::string_view step) const { return !permit || permit(step); }

 private:
  friend class MemoryTopicSource;
  friend class MemoryApiSource;
  using Listener = std::function<void()>;
  void wake(const std::string& name);

  std::map<std::string, std::map<const void*, Listener>> listeners_;  // by topic or owner, then by reader
  std::map<std::string, bool> ended_;
};

/// Records of one partition, as a source hands them out.
data::Records to_records(const std::vector<MemoryRecord>& records);

/// Connectors over a world. Both outlive the pipeline.
std::unique_ptr<ConnectorFactory> make_memory_connectors(MemoryWorld& world);
/// Takes what a write does to the world: at once, or when its transaction is committed.
using MemoryStage = std::function<void(std::function<void()>)>;
std::unique_ptr<data::Sink> make_memory_topic_sink(MemoryWorld& world, runtime::Loop& loop, KafkaSinkSpec spec,
                                                   MemoryStage stage);
std::unique_ptr<data::DeadLetterSink> make_memory_dead_letters(MemoryWorld& world, runtime::Loop& loop,
                                                               std::string topic, MemoryStage stage);
std::unique_ptr<data::TransactionalSink> make_memory_transaction(MemoryWorld& world, KafkaTransactionSpec spec,
                                                                 std::string owner, runtime::Loop& loop);
/// The state of a stream in a world.
std::unique_ptr<StateStore> make_memory_state(MemoryWorld& world, std::string owner, runtime::Loop& loop);
/// The checkpoints of a stream in a world.
std::unique_ptr<CheckpointStore> make_memory_checkpoints(MemoryWorld& world, std::string owner, runtime::Loop& loop);

}  // namespace streamops::pipeline
