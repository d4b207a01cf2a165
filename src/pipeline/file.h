// pipeline/file.h — the pipeline file as values: what a person wrote, checked against the schema (file_schema.h), with
// variables put in and durations read. SQL and DDL are still text here; check.h binds them.
//
// Every text that a later stage may complain about is Located: it remembers its node, so an error can point at it.
// Values that came out of ${env:…} or ${file:…} are marked secret; messages show what the file says, never what came
// out.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "pipeline/yaml.h"
#include "sql/engine/query.h"

namespace streamops::pipeline {

/// A text of the file, where it stands.
struct Located {
  std::string text;
  const yaml::Node* node = nullptr;  // owned by PipelineFile::document
};

using TextMap = std::map<std::string, std::string>;

struct TlsSpec {
  std::string ca_file;
  std::string certificate;
  std::string key;
  bool verify = true;
};

/// `http:` in a source. One record a poll: its body.
struct HttpSourceSpec {
  std::string url;                       // http://, https:// or builtin:randomuser
  Microseconds every = Seconds{1};       // from one poll's start to the next one's
  std::optional<Microseconds> duration;  // `for`: polls begin while it lasts; nothing: one poll
  TextMap headers;
  TextMap query;
  Microseconds timeout = Seconds{30};
  int retries = 5;                           // of one poll, with back-off and jitter
  std::int64_t max_body = 64 * 1024 * 1024;  // bytes
  std::optional<TlsSpec> tls;
};
inline constexpr std::string_view built_in_users_api = "builtin:randomuser";

enum class StartAt : std::uint8_t { earliest, latest };

/// `kafka:` in a source.
struct KafkaSourceSpec {
  std::string topic;
  std::string format;  // "json" or "avro"
  StartAt start = StartAt::earliest;
  std::string
      reader;  // avro: the schema that values are read as, in JSON; empty: by `schema`, or the registry's newest
};

/// `kafka:` in a sink.
struct KafkaSinkSpec {
  std::string topic;
  std::string key;     // the column that becomes the record's key; empty: records without a key
  std::string format;  // "json" or "avro"
  int partitions = 1;  // of a topic that has to be created
  // avro
  std::string record;         // full name of the record; "User" or "shop.User"
  std::string subject;        // "topic", "record" or "topic_record"
  bool auto_register = true;  // false: the subject's newest schema decides
};

enum class NullPolicy : std::uint8_t { unset, erase };

/// `cassandra:` in a sink.
struct CassandraSinkSpec {
  std::string keyspace;
  std::string table;
  std::vector<std::string> create;  // CQL statements, in order
  NullPolicy nulls = NullPolicy::unset;
  std::optional<Microseconds> ttl;
};

/// `file:` in a table.
struct FileTableSpec {
  Located path;
  std::string format;  // "csv" or "json"
};

/// A table or a further stream, beside the source.
struct FurtherInputSpec {
  std::string name;
  const yaml::Node* node = nullptr;
  bool is_table = false;
  std::optional<KafkaSourceSpec> kafka;  // exactly one of the two
  std::optional<FileTableSpec> file;     // of a table
  Located schema;
  Located watermark;  // of a stream: its column; no node: none
  Microseconds watermark_delay{0};
};

/// What source, select and sink of a task or stream have in common.
struct StepSpec {
  std::string name;
  const yaml::Node* node = nullptr;
  std::optional<HttpSourceSpec> http_source;  // exactly one of the sources
  std::optional<KafkaSourceSpec> kafka_source;
  Located schema;
  Located reader;                        // source.kafka.reader
  std::vector<FurtherInputSpec> inputs;  // of a stream: `joins`, `tables` that are topics, those that are files
  Located select;
  std::optional<KafkaSinkSpec> kafka_sink;  // exactly one of the sinks
  std::optional<CassandraSinkSpec> cassandra_sink;
  // Of a stream whose select keeps state.
  Located watermark;                // the column of event times; no node: none
  Microseconds watermark_delay{0};  // how long rows out of order are waited for
  sql::OutputMode mode = sql::OutputMode::append;
  std::optional<KafkaSinkSpec> late;        // where rows behind the watermark go; nothing: they are counted
  std::int64_t memory = 256 * 1024 * 1024;  // bytes that the state may take
  Located key;                              // sink.kafka.key
  Located table;                            // sink.cassandra.table
  Located create;                           // sink.cassandra.create
};

struct TaskFileSpec : StepSpec {
  std::vector<Located> after;  // tasks that must have succeeded
  int retries = 0;
  Microseconds retry_delay = Seconds{300};
};

/// Who runs a stream: this process, or a Spark cluster.
enum class Engine : std::uint8_t { streamops, spark };

struct StreamFileSpec : StepSpec {
  std::optional<Engine> engine;  // nothing: the profile's
};

struct TestSpec {
  std::string name;
  const yaml::Node* node = nullptr;
  Located step;  // the task or stream under test
  WallTime clock;
  Located given;                      // one raw record a line
  Located expect;                     // one row as JSON a line
  std::vector<Located> dead_letters;  // the codes of records that do not pass, in order
};

struct KafkaEndpoint {
  std::string bootstrap;
  std::string sasl_mechanism;  // empty: none
  std::string username;
  std::string password;
  std::optional<TlsSpec> tls;
};

struct CassandraEndpoint {
  std::vector<std::string> contact_points;  // "host" or "host:port"
  std::string local_datacenter;             // empty: that of the first contact point
  std::string username;
  std::string password;
  std::string consistency;  // "LOCAL_QUORUM"
  std::optional<TlsSpec> tls;
};

struct RegistryEndpoint {
  std::string url;  // one or more, separated by commas
  std::string username;
  std::string password;
  std::string token;
  std::optional<TlsSpec> tls;
};

struct SparkEndpoint {
  std::string remote;  // "sc://host:port"
  std::string user = "streamops";
  std::string token;  // empty: none
  std::optional<TlsSpec> tls;
  std::string checkpoint_location = "file:///tmp/streamops-checkpoints";
  std::string kafka;                   // brokers as Spark reaches them; empty: the profile's
  std::vector<std::string> cassandra;  // nodes as Spark reaches them; empty: the profile's
  Microseconds trigger = Seconds{1};
  TextMap settings;
};

/// Where a pipeline runs. What is not given is embedded.
struct Profile {
  std::string name;
  std::optional<KafkaEndpoint> kafka;
  std::optional<CassandraEndpoint> cassandra;
  std::optional<RegistryEndpoint> registry;
  TextMap variables;
  bool scheduler = true;
  Engine engine = Engine::streamops;  // of streams that name none
  std::optional<SparkEndpoint> spark;
};

/// Where ${env:NAME} and ${file:path} look. Tests bring their own.
struct Surroundings {
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<Result<std::string>(const std::string& path)> read_file;
  /// The text of a table's file. Errors: SO-P047. Nothing: read_file does it.
  std::function<Result<std::string>(const std::string& path)> read_table = {};

  /// The process's environment; files relative to the folder of `pipeline_file`, at most 64 KiB each, tables 256 MiB.
  static Surroundings of_process(const std::string& pipeline_file);
};

struct PipelineFile {
  std::shared_ptr<const yaml::Document> document;
  std::string name;
  std::string description;
  Located schedule;  // "@daily", a cron expression, or empty: by hand only
  std::string time_zone = "UTC";
  std::vector<TaskFileSpec> tasks;
  std::vector<StreamFileSpec> streams;
  std::vector<TestSpec> tests;
  Profile profile;                         // the chosen one
  std::vector<std::string> profile_names;  // all that could be chosen
};

/// What reading gives: the file, and every mistake in it, in the order of the text. With mistakes the file is what
/// could be read around them, fit for finding more mistakes and for nothing else.
struct FileReading {
  PipelineFile file;
  std::vector<Error> errors;
};

/// Reads a pipeline file's text against the schema for one profile ("embedded", "live", "real" or one of the file's
/// own). Errors: SO-P001 to SO-P005, SO-P010 to SO-P023.
FileReading read_pipeline_file(std::string text, const std::string& file, const std::string& profile,
                               const Surroundings& surroundings);

/// The text of a file on disk, at most 1 MiB. Errors: SO-P002, SO-P006.
Result<std::string> load_pipeline_text(const std::string& path);

/// Sorts mistakes by line and column; those without a place come last.
void sort_by_place(std::vector<Error>& errors);

}  // namespace streamops::pipeline
