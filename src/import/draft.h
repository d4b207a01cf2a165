// import/draft.h — a pipeline file in the making, and what the report says about how it came to be.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "import/value.h"

namespace streamops::importer {

/// Something of the project that is in the file now.
struct Taken {
  std::string what;
  Where where;
};

/// Something of the project that is not in the file.
struct Left {
  std::string what;
  std::string advice;  // what to do or to fill in
  Where where;
};

/// What goes wrong, or will: code, message and fix of the error; its place is that of `where`.
struct Trap {
  Error error;
  Where where;
};

struct StepDraft {
  std::string name;
  Where where;
  std::vector<std::string> comments;  // above the step
  std::string schema;                 // DDL, one column a line
  std::string schema_comment;
  std::string select;
};

struct TaskDraft : StepDraft {
  std::string url;
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;
  std::optional<double> every;     // seconds
  std::optional<double> duration;  // seconds
  std::optional<double> timeout;   // seconds
  bool unverified = false;
  std::string topic;
  std::string key;
  std::string source_task;  // id in Airflow; empty outside of it
  std::optional<int> retries;
  std::optional<double> retry_delay;  // seconds
  std::vector<std::string> after;
};

struct StreamDraft : StepDraft {
  std::string topic;
  std::string start;  // "earliest" or "latest"
  std::string table;  // keyspace.table; empty: it writes a topic
  std::string sink_topic;
  std::string sink_key;
  std::vector<std::string> create;
  std::vector<std::string> create_comments;

  std::string target() const { return sink_topic.empty() ? table : "the topic " + sink_topic; }
};

struct ProfileDraft {
  std::string bootstrap;
  std::string sasl;
  std::string kafka_username;
  std::string kafka_password;
  bool kafka_tls = false;
  std::string kafka_ca;
  std::vector<std::string> contact_points;
  std::string cassandra_username;
  std::string cassandra_password;
  bool from_compose = false;  // else from what the scripts connect to
};

struct PipelineDraft {
  std::string name;
  std::string description;
  std::string schedule;
  std::string time_zone;
  std::vector<TaskDraft> tasks;
  std::vector<StreamDraft> streams;
  ProfileDraft real;

  std::vector<Taken> taken;
  std::vector<Left> left;
  std::vector<Trap> traps;

  void took(std::string what, Where where) { taken.push_back({std::move(what), std::move(where)}); }
  void leave(std::string what, std::string advice, Where where) {
    left.push_back({std::move(what), std::move(advice), std::move(where)});
  }
  void trap(Error error, Where where) { traps.push_back({std::move(error), std::move(where)}); }
};

/// "spark-streams" -> "spark_streams": what the file takes as a name.
std::string to_name(const std::string& text);

/// 90 -> "1m30s", 0.5 -> "500ms".
std::string to_duration(double seconds);

}  // namespace streamops::importer
