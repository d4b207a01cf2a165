// doctor/facts.h — what was found out about the systems of a pipeline, before anybody judges it.
//
//   Targets (targets.h) --gather/--> Facts --probes/--> findings
//
// Plain values: a test writes them down by hand, a gatherer fills them from sockets and files. What could not be asked
// keeps its default. Threads: each gatherer fills its own part; nobody writes after gathering.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runtime/network.h"

namespace streamops::doctor {

/// One address of a name: 0 when it accepted, else errno (ETIMEDOUT when it said nothing).
struct Attempt {
  std::string address;
  int error = 0;
};

/// A name and port, looked up and knocked at.
struct Dialled {
  runtime::Endpoint at;
  bool resolved = false;
  bool name_late = false;  // the name service did not answer in time
  Microseconds name_took{0};
  std::vector<Attempt> attempts;  // in the order of the name service

  bool connected() const;
  /// The first address that accepted, or nullptr.
  const Attempt* first_open() const;
};

/// What the other side of a connection speaks.
enum class Speech : std::uint8_t { unknown, expected, silent, closed, http, tls, zookeeper, other };

enum class TlsOutcome : std::uint8_t {
  not_tried,
  fine,
  plain,  // the other side does not speak TLS
  expired,
  untrusted,
  other_name,
  wants_certificate,
  bad_files,  // our own certificate or authorities cannot be read
  failed
};

struct TlsFacts {
  TlsOutcome outcome = TlsOutcome::not_tried;
  std::string names;   // of the certificate, "a.example, b.example"
  std::string issuer;  // "CN=..."
  std::string until;   // "2024-01-31T12:00:00Z"
  std::string detail;  // what the library said
};

/// One endpoint, talked to the way the profile says.
struct Contact {
  Dialled dialled;
  TlsFacts tls;
  Speech speech = Speech::unknown;
  std::string said;  // the first line of something unexpected

  bool works() const { return speech == Speech::expected; }
};

enum class Login : std::uint8_t {
  not_tried,
  fine,
  not_needed,   // none is configured and none is asked for
  wanted,       // the server asks for one, none is configured
  not_wanted,   // one is configured, the server does not know logins here
  not_offered,  // not by that mechanism
  refused,
  failed
};

struct ApiRange {
  int key = 0;
  int least = 0;
  int most = 0;
};

struct BrokerFacts {
  int id = 0;
  Dialled advertised;
};

struct PartitionFacts {
  int id = 0;
  int leader = -1;
  int replicas = 0;
  int in_sync = 0;
};

struct TopicFacts {
  std::string name;
  int error = 0;  // the protocol's error code
  std::vector<PartitionFacts> partitions;
  std::map<std::string, std::string> configs;
  std::int64_t newest_ms = -1;  // the largest timestamp of a record, where a leader told
};

struct KafkaFacts {
  std::vector<Contact> bootstrap;  // as Targets has them
  std::vector<ApiRange> apis;      // of the first that answered
  Login login = Login::not_tried;
  std::vector<std::string> mechanisms;  // what the broker offers, where it was asked
  std::string login_message;
  bool has_metadata = false;
  std::vector<BrokerFacts> brokers;
  std::vector<TopicFacts> topics;
  std::map<std::string, std::string> broker_configs;
  std::int64_t asked_ms = 0;  // our clock

  const ApiRange* api(int key) const;
  const TopicFacts* topic(const std::string& name) const;
};

struct NodeFacts {
  std::string address;  // where clients are told to connect
  std::string datacenter;
  std::string schema_version;
  std::optional<Dialled> dialled;  // not of the node that we talk to
};

struct KeyspaceFacts {
  bool exists = false;
  bool durable_writes = true;
  std::map<std::string, std::string> replication;  // class, replication_factor or one factor a datacenter
};

struct ColumnFacts {
  std::string name;
  std::string type;
  std::string kind;  // "partition_key", "clustering", "regular", "static"
  int position = 0;
};

struct CassandraFacts {
  std::vector<Contact> contacts;
  std::vector<int> versions;  // of the protocol, where the server told
  Login login = Login::not_tried;
  std::string login_message;
  bool has_nodes = false;
  std::string release;
  NodeFacts local;
  std::vector<NodeFacts> peers;
  std::int64_t server_ms = 0;  // its clock
  std::int64_t asked_ms = 0;   // ours, between question and answer
  bool has_schema = false;
  std::map<std::string, KeyspaceFacts> keyspaces;          // those of Targets
  std::map<std::string, std::vector<ColumnFacts>> tables;  // "keyspace.table"; absent: there is none
};

/// One HTTP question and its answer.
struct WebFacts {
  std::string url;
  Dialled dialled;
  TlsFacts tls;  // looked at where the client refused the certificate
  bool asked = false;
  std::string failure_code;  // "SO-R012"; empty: there was an answer
  std::string failure;
  int status = 0;
  std::string content_type;
  std::string body;     // its first 256 KiB
  bool is_cut = false;  // the body was longer
  std::optional<WallTime> date;
  WallTime received{};
  Microseconds took{0};

  bool answered() const { return asked && failure_code.empty(); }
  bool is_html() const;
};

struct SubjectFacts {
  std::string subject;
  WebFacts latest;         // GET /subjects/S/versions/latest
  WebFacts compatibility;  // POST /compatibility/..., where we have a schema to ask about
};

struct RegistryFacts {
  WebFacts subjects;                // GET /subjects
  WebFacts mode;                    // GET /mode
  std::vector<WebFacts> elsewhere;  // the same under other usual paths, when the first is no registry
  std::vector<SubjectFacts> each;
};

struct SparkFacts {
  Contact connect;
};

struct AirflowFacts {
  WebFacts health;  // of Airflow 3, or of 2 when 3's is not there
  int major = 0;    // 2 or 3; 0: no Airflow answered
  WebFacts login;   // 3: POST /auth/token
  WebFacts dag;
  WebFacts import_errors;
};

struct SourceFacts {
  std::string step;
  WebFacts answer;
};

/// One port that `up` would listen on.
struct PortFacts {
  std::string setting;  // "server.kafka_port"
  int port = 0;
  std::optional<Error> taken;  // says by whom, where the system tells
};

struct MachineFacts {
  bool in_container = false;
  std::int64_t memory = 0;  // bytes that this process may use: of the machine or of its control group
  std::int64_t memory_available = 0;
  bool memory_limited = false;             // by a control group
  std::string directory;                   // the data directory
  std::optional<Error> directory_refused;  // it exists and cannot be taken
  std::string nearest;                     // it, or the nearest folder above that exists
  bool writable = true;
  bool read_only = false;
  std::string file_system;      // "tmpfs", "nfs", "other"
  std::int64_t disk_free = -1;  // bytes
  std::int64_t open_files = 0;  // soft limit
  std::int64_t open_files_hard = 0;
  std::vector<PortFacts> ports;
  std::vector<std::string> localhost;  // addresses in order
  bool localhost_resolved = true;
  std::map<std::string, std::string> proxies;  // http_proxy, https_proxy, all_proxy, no_proxy where set
  std::string time_zone;                       // TZ
  bool time_zone_known = true;
  WallTime now{};
};

struct ScriptFacts {
  std::string path;
  bool executable = true;
  bool carriage_returns = false;
};

/// An image named in a compose file beside the pipeline file.
struct ImageFacts {
  std::string path;
  int line = 0;
  std::string source_line;
  std::string image;
};

struct ProjectFacts {
  std::vector<ScriptFacts> scripts;
  std::vector<ImageFacts> images;
};

struct Facts {
  KafkaFacts kafka;
  CassandraFacts cassandra;
  RegistryFacts registry;
  SparkFacts spark;
  AirflowFacts airflow;
  std::vector<SourceFacts> sources;
  MachineFacts machine;
  ProjectFacts project;
};

}  // namespace streamops::doctor
