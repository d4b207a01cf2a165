// pipeline/connectors.h — the port by which a pipeline gets its sources and sinks. `app` registers the real ones
// (connect/*), tests their own.
//
// The options are those of the file (file.h); endpoints and credentials are the factory's own affair: it was built from
// the profile.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/ports.h"
#include "data/transaction.h"
#include "format/record_reader.h"
#include "pipeline/file.h"
#include "runtime/loop.h"
#include "schema/avro.h"

namespace streamops::pipeline {

/// For whom a connector works.
struct ConnectorUse {
  runtime::Loop& loop;  // all calls and callbacks of the connector happen there
  std::string owner;    // "user_automation.created_users": names consumer group, client id, spool and metrics
  std::string run;      // the run of a task, the same again when it is resumed; empty for a stream
  /// The primary key of the table that a sink writes, as `create` has it; empty otherwise.
  std::vector<std::string> key_columns;
  /// Lines for the task's log ("poll 3: 503, again in 2s"); may be empty.
  std::function<void(std::string)> log;
  bool resumed = false;  // the try of before goes on; false: a try of its own
};

/// What values are read into.
struct WantedColumns {
  data::SchemaPtr columns;
  schema::AvroSchemaPtr avro;  // where the columns come from an Avro schema
  std::vector<bool> needed;    // those that the query looks at
  /// Records that do not fulfil all of these need not become rows: the query drops them first of all.
  std::vector<format::TextCondition> conditions;
};

/// A topic that a stream fills in transactions, together with its dead letters and the positions of its source.
struct KafkaTransactionSpec {
  KafkaSinkSpec sink;
  std::optional<KafkaSinkSpec> late;  // for rows behind the watermark
  data::SchemaPtr late_columns;
  std::string dead_letters;  // topic
  std::string source;        // topic
  /// Topics of further inputs, whose partitions are numbered as in merged_source.h.
  std::vector<std::string> further_sources = {};
};

/// A dead letter where it is kept.
struct KeptLetter {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  data::DeadLetter letter;
};

/// Letters of a topic, by partition and offset, and where its partitions ended when they were read.
struct KeptLetters {
  std::vector<KeptLetter> letters;
  std::vector<data::Position> ends;  // empty: there is no such topic
};

class ConnectorFactory {
 public:
  virtual ~ConnectorFactory() = default;

  /// A bounded source: ends when its polls are done and acknowledged or, with a run that was interrupted, when the rest
  /// is.
  virtual Result<std::unique_ptr<data::Source>> http_source(const HttpSourceSpec& spec, const ConnectorUse& use) = 0;
  virtual Result<std::unique_ptr<data::Source>> kafka_source(const KafkaSourceSpec& spec, const ConnectorUse& use) = 0;
  /// Reads the values of such a source; without a registry they are JSON.
  virtual format::RecordReaderPtr kafka_reader(const KafkaSourceSpec& spec, const WantedColumns& wanted);
  virtual Result<std::unique_ptr<data::Sink>> kafka_sink(const KafkaSinkSpec& spec, const ConnectorUse& use) = 0;
  virtual Result<std::unique_ptr<data::TransactionalSink>> kafka_transaction(const KafkaTransactionSpec& spec,
                                                                             const ConnectorUse& use) = 0;
  virtual Result<std::unique_ptr<data::Sink>> cassandra_sink(const CassandraSinkSpec& spec,
                                                             const ConnectorUse& use) = 0;
  virtual Result<std::unique_ptr<data::DeadLetterSink>> dead_letters(const std::string& topic,
                                                                     const ConnectorUse& use) = 0;
  /// At most about `limit` letters of each partition of a topic, from `from` on (a partition that is not named: from
  /// its beginning); `done` on `use.loop`, once. A topic that does not exist has none.
  virtual void read_letters(const std::string& topic, const std::vector<data::Position>& from, std::size_t limit,
                            const ConnectorUse& use, std::function<void(Result<KeptLetters>)> done) = 0;
  /// Makes sure that a topic exists before something reads it; `done` on `use.loop`, once. A cluster that is away is
  /// waited for: trouble() tells.
  virtual void create_topic(const std::string& topic, int partitions, const ConnectorUse& use,
                            std::function<void(Result<void>)> done) = 0;
  virtual std::optional<Error> trouble() const { return std::nullopt; }
};

}  // namespace streamops::pipeline
