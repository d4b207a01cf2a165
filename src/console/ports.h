// console/ports.h — all that the console knows of the rest of the house. app implements these over clients of Kafka and
// Cassandra, the pipeline and the scheduler.
//
// Threads: the console calls from its own loop and does not wait. `done` is called exactly once, listeners any number
// of times; both from any thread. A Subscription may be destroyed on any thread; a listener that is called a moment
// later does no harm.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "workflow/records.h"
#include "workflow/scheduler.h"

namespace streamops::console {

template <typename T>
using Done = std::function<void(Result<T>)>;

/// Ends what it stands for when destroyed.
class Subscription {
 public:
  virtual ~Subscription() = default;
};
using SubscriptionPtr = std::unique_ptr<Subscription>;

// --- Topics ---------------------------------------------------------------------------------------------------------

struct PartitionInfo {
  std::int32_t id = 0;
  std::int64_t first_offset = 0;
  std::int64_t next_offset = 0;       // of the record that comes next
  std::optional<std::int64_t> bytes;  // on disk; nothing where the cluster does not tell
};

struct TopicInfo {
  std::string name;
  bool internal = false;
  std::vector<PartitionInfo> partitions;
};

struct Message {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  WallTime timestamp;
  std::optional<std::string> key;    // raw bytes
  std::optional<std::string> value;  // raw bytes; nothing is a delete
  std::vector<std::pair<std::string, std::string>> headers;
};

struct MessageQuery {
  enum class From : std::uint8_t {
    newest,    // the last `limit` messages of each partition asked for
    oldest,    // the first ones
    offset,    // from offset `position` on
    timestamp  // from the first message at or after `position` (ms since 1970) on
  };
  std::string topic;
  std::optional<std::int32_t> partition;  // nothing: all of them
  From from = From::newest;
  std::int64_t position = 0;
  int limit = 50;
  std::string search;  // not empty: only messages whose key or value holds these bytes
};

struct GroupMember {
  std::string client_id;
  std::string host;
  std::vector<std::pair<std::string, std::int32_t>> partitions;  // topic, partition
};

struct GroupOffset {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t committed = 0;
  std::int64_t end = 0;  // lag = end - committed
};

struct GroupInfo {
  std::string name;
  std::string state;  // Kafka's names: Stable, Empty, PreparingRebalance, CompletingRebalance, Dead
  std::vector<GroupMember> members;
  std::vector<GroupOffset> offsets;
};

class TopicsPort {
 public:
  virtual ~TopicsPort() = default;
  virtual void list(Done<std::vector<TopicInfo>> done) = 0;
  /// At most `limit` messages a partition, in offset order within each.
  virtual void messages(const MessageQuery& query, Done<std::vector<Message>> done) = 0;
  /// Tells each message that is appended from now on.
  virtual SubscriptionPtr tail(const std::string& topic, std::function<void(std::vector<Message>)> listener) = 0;
  virtual void groups(Done<std::vector<GroupInfo>> done) = 0;
};

// --- Tables ---------------------------------------------------------------------------------------------------------

struct ColumnInfo {
  std::string name;
  std::string type;  // CQL: "uuid", "map<text, int>"
  enum class Kind : std::uint8_t {
    partition_key,
    clustering,
    fixed,
    regular
  } kind = Kind::regular;  // fixed: a static column
};

struct TableInfo {
  std::string keyspace;
  std::string name;
  std::vector<ColumnInfo> columns;  // partition key, clustering, then the others
  bool system = false;
};

/// Rows as text, one entry a column of the table; nothing where the cell is null.
struct RowsPage {
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::string next;  // give it back for the next page; empty at the end
};

class TablesPort {
 public:
  virtual ~TablesPort() = default;
  virtual void list(Done<std::vector<TableInfo>> done) = 0;
  /// One page of a table; `page` is empty for the first.
  virtual void rows(const std::string& keyspace, const std::string& table, const std::string& page, int limit,
                    Done<RowsPage> done) = 0;
};

// --- Schemas --------------------------------------------------------------------------------------------------------

struct SubjectList {
  std::vector<std::string> names;
  std::string compatibility;  // of the registry: "BACKWARD"; empty where it does not say
};

struct SchemaInfo {
  int version = 0;
  std::int32_t id = 0;
  std::string type;  // "AVRO", "JSON", "PROTOBUF"
  std::string text;
};

struct SubjectInfo {
  std::string name;
  std::string compatibility;         // its own, or the registry's
  std::vector<SchemaInfo> versions;  // the newest first
  int older = 0;                     // versions beyond those
};

class SchemasPort {
 public:
  virtual ~SchemasPort() = default;
  virtual void list(Done<SubjectList> done) = 0;
  virtual void subject(const std::string& name, Done<SubjectInfo> done) = 0;
};

// --- The line: what runs where, with counters ------------------------------------------------------------------------

struct FlowNode {
  enum class Kind : std::uint8_t { api, task, topic, stream, table, dead_letters };
  enum class State : std::uint8_t { idle, running, waiting, failed, stopped };
  std::string id;  // unique: "task:stream_data_from_api", "topic:users_created", "table:spark_streams.created_users"
  Kind kind = Kind::api;
  std::string title;   // "users_created"
  std::string detail;  // second line: URL, "every 1s for 1m", "JSON, 1 partition"
  std::string sql;     // of a task or a stream
  State state = State::idle;
  std::int64_t records = 0;  // through it, since the start of the process; what a topic or a table holds
  std::vector<std::pair<std::string, std::int64_t>>
      counters;                // further ones, as ("polls", 60), ("dead letters", 0), ("lag", 3)
  std::optional<Error> error;  // what stops it, or went wrong last
};

struct FlowEdge {
  std::string from;
  std::string to;
  std::int64_t records = 0;
};

struct Flow {
  std::string pipeline;  // "user_automation"
  std::string file;
  std::string profile;
  std::vector<FlowNode> nodes;
  std::vector<FlowEdge> edges;
};

/// Dead letters that are to enter again.
struct RedriveQuery {
  std::string step;  // a stream, a task, or the topic of one
  std::string fix;   // SQL; empty: none
  bool dry_run = false;
  int most_redrives = 3;
  std::string until;  // as the answer before has them; empty: the first call
  std::string from;
};

/// What passes on an edge of a running stream.
struct TapQuery {
  std::string stream;
  std::string edge;   // source, decode, select, late or dead_letters
  std::string where;  // SQL; empty: every row
  std::uint64_t tap = 0;
};

class StreamsPort {
 public:
  virtual ~StreamsPort() = default;
  /// One piece of a redrive, as JSON: {"letters": [...], "rows", "others", "more", "until", "from"}.
  virtual void redrive(const RedriveQuery& query, Done<std::string> done) = 0;
  /// What has passed since the call before, as JSON: {"tap", "rows": [...], "passed", "dropped"}.
  virtual void tap(const TapQuery& query, Done<std::string> done) = 0;
  virtual void flow(Done<Flow> done) = 0;
  /// Tells the whole flow again when something in it changed, at most twice a second; tells nothing while nothing
  /// moves.
  virtual SubscriptionPtr watch(std::function<void(Flow)> listener) = 0;
};

// --- DAGs -----------------------------------------------------------------------------------------------------------

/// The scheduler, from another loop. make_dags_port() (console/dags_port.h) is the implementation.
class DagsPort {
 public:
  virtual ~DagsPort() = default;
  virtual void dags(Done<std::vector<workflow::DagInfo>> done) = 0;
  virtual void runs(const std::string& dag_id, std::optional<std::int64_t> before, int limit,
                    Done<std::vector<workflow::RunInfo>> done) = 0;
  virtual void task_instances(const std::string& dag_id, const std::string& run_id,
                              Done<std::vector<workflow::TaskInstanceInfo>> done) = 0;
  virtual void tries(const std::string& dag_id, const std::string& run_id, const std::string& task_id,
                     Done<std::vector<workflow::TryInfo>> done) = 0;
  virtual void log(const std::string& dag_id, const std::string& run_id, const std::string& task_id, int try_number,
                   std::int64_t offset, int limit, Done<std::vector<workflow::LogLine>> done) = 0;
  virtual void trigger(workflow::TriggerRequest request, Done<workflow::RunInfo> done) = 0;
  virtual void set_paused(const std::string& dag_id, bool paused, Done<void> done) = 0;
  virtual void clear(workflow::ClearRequest request, Done<void> done) = 0;
  virtual void mark_run(const std::string& dag_id, const std::string& run_id, workflow::RunState state,
                        Done<void> done) = 0;
  virtual SubscriptionPtr watch(std::function<void(workflow::Change)> listener) = 0;
};

// --- The process
// ------------------------------------------------------------------------------------------------------

struct EndpointInfo {
  std::string name;       // "kafka", "cql", "console", ...
  std::string at;         // "localhost:9092"; of a cluster: some of its nodes, separated by commas
  bool external = false;  // a cluster that the profile names; else served by this process
};

struct SystemStatus {
  std::string version;
  std::string data_directory;
  WallTime started_at;
  std::int64_t memory_bytes = 0;  // resident
  std::vector<EndpointInfo> endpoints;
};

class SystemPort {
 public:
  virtual ~SystemPort() = default;
  virtual SystemStatus status() = 0;  // cheap; called on the console's loop
};

struct Ports {
  std::shared_ptr<TopicsPort> topics;
  std::shared_ptr<TablesPort> tables;
  std::shared_ptr<SchemasPort> schemas;
  std::shared_ptr<StreamsPort> streams;
  std::shared_ptr<DagsPort> dags;
  std::shared_ptr<SystemPort> system;
  /// All metrics in Prometheus' text format; cheap; called on the console's loop. Empty: none are served.
  std::function<std::string()> metrics;
};

}  // namespace streamops::console
