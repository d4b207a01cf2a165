// doctor/targets.h — what a pipeline file, under one profile, makes worth asking: endpoints, topics, tables, ports.
//
// Each keeps the place in the file that names it, so that a finding can point at the line to change.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/type.h"
#include "pipeline/check_table.h"
#include "pipeline/file.h"
#include "runtime/network.h"

namespace streamops::pipeline {
struct CheckedPipeline;
}

namespace streamops::doctor {

/// A topic that the file reads or writes.
struct TopicUse {
  std::string name;
  bool is_read = false;
  bool is_written = false;
  bool has_key = true;  // records written have one
  int partitions = 0;   // what the file asks for; 0: nothing
  std::optional<Place> place;
};

struct KafkaTarget {
  std::vector<runtime::Endpoint> bootstrap;
  std::vector<std::string> unreadable;  // pieces of `bootstrap` that are no host and port
  std::optional<pipeline::TlsSpec> tls;
  std::string sasl;
  std::string username;
  std::string password;
  std::vector<TopicUse> topics;
  std::optional<Place> place;
};

/// A table that the file writes.
struct TableUse {
  std::string keyspace;
  std::string table;
  bool creates_keyspace = false;
  bool creates_table = false;
  std::map<std::string, std::string> created_replication;  // what `create` gives a new keyspace
  std::vector<std::string> key;                            // as `create` has it; empty: not said
  data::SchemaPtr output;                                  // of the SELECT; nullptr when the file has mistakes
  std::map<std::string, Place> columns;                    // of the SELECT, where they stand
  std::optional<Place> place;

  std::string name() const { return keyspace + "." + table; }
};

struct CassandraTarget {
  std::vector<runtime::Endpoint> contacts;
  std::vector<std::string> unreadable;
  std::optional<pipeline::TlsSpec> tls;
  std::string username;
  std::string password;
  std::string local_datacenter;
  std::string consistency;
  std::vector<TableUse> tables;
  pipeline::ColumnFits fits;
  std::optional<Place> place;
};

/// A subject of the registry. `schema` is what the file would register, as JSON text; empty: nothing.
struct SubjectUse {
  std::string subject;
  bool must_exist = false;
  std::string schema;
  std::optional<Place> place;
};

struct RegistryTarget {
  std::string url;  // without a slash at its end
  std::string username;
  std::string password;
  std::string token;
  std::optional<pipeline::TlsSpec> tls;  // nothing: the system's certificates
  std::vector<SubjectUse> subjects;
  std::optional<Place> place;
};

struct SparkTarget {
  std::string address;  // "sc://host:15002", or what was written instead
  std::map<std::string, std::string> settings;
  std::string checkpoint;
  bool writes_cassandra = false;
  bool reads_kafka = false;
  std::optional<Place> place;
  std::map<std::string, Place> setting_places;
};

struct AirflowTarget {
  std::string url;  // without a slash at its end, without name and password
  std::string username;
  std::string password;
  std::string dag;
  bool own_scheduler = false;  // the profile leaves ours on
};

/// An API that a task polls.
struct SourceTarget {
  std::string step;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<pipeline::TlsSpec> tls;
  Microseconds every{0};
  std::vector<std::string> columns;  // of the schema; empty: unknown
  std::optional<Place> place;
};

struct MachineTarget {
  std::string data_directory;
  /// Takes and gives back a data directory that exists; its error is a finding.
  std::function<Result<void>(const std::string& directory)> try_directory;
  std::vector<std::pair<std::string, int>> ports;  // that `up` listens on, by the setting's name
};

struct Targets {
  std::string profile;
  std::string file;             // the pipeline file's path
  std::string folder;           // it lies in; empty: no file
  std::vector<Error> mistakes;  // of the file
  std::optional<KafkaTarget> kafka;
  std::optional<CassandraTarget> cassandra;
  std::optional<RegistryTarget> registry;
  std::optional<SparkTarget> spark;
  std::optional<AirflowTarget> airflow;
  std::vector<SourceTarget> sources;
  MachineTarget machine;
};

/// Reads them out of a file. `checked` is the same file after its check, or nullptr when that found mistakes.
Targets targets_of(const pipeline::PipelineFile& file, const pipeline::CheckedPipeline* checked,
                   const pipeline::ColumnFits& fits);

/// "http://user:secret@host:8080/path" as its pieces; port 0 never: 80 or 443 where none is written.
struct UrlParts {
  std::string scheme;
  std::string username;
  std::string password;
  runtime::Endpoint at;
  std::string path;  // with its slash, or empty

  std::string without_login() const;
};
std::optional<UrlParts> parse_url(const std::string& url);

}  // namespace streamops::doctor
