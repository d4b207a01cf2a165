// spark/stream_job.h — what is submitted for one stream: views, two queries, their options. Pure text; no calls.
//
//   topic --(Kafka source)--> so_records --from_json--> so_decoded --> source --the file's SELECT, verbatim--> table
//                                                            \-- what from_json could not read --> dead-letter topic
//
// The views belong to the session, and a stream has a session of its own, so its select finds its own `source`.
// Dead letters go by a second query with a checkpoint of its own: a Spark query has one sink. Both read the topic.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "spark/messages.h"

namespace streamops::spark {

using Options = std::map<std::string, std::string>;

struct StreamJob {
  std::string name;                  // "user_automation.created_users": names the query
  std::string schema;                // Spark DDL of the source's columns, as the file has it
  std::vector<std::string> columns;  // their names
  std::string select;                // as the file has it
  std::string topic;
  bool from_latest = false;
  Options kafka;                    // how Spark reaches Kafka: "kafka.bootstrap.servers" and its kin
  Options sink;                     // of the connector: keyspace, table, connection
  std::string dead_letters;         // topic; it exists
  std::string checkpoint_location;  // a folder as Spark's executors see it; each query has one in it
  Microseconds trigger = Seconds{1};
  Options settings;  // of the session, over ours

  std::string letters_name() const { return name + ".dead_letters"; }
  /// Changes when anything changes that Spark is told.
  std::uint32_t fingerprint() const;
};

inline constexpr std::string_view source_view = "source";

/// Configuration of the session: Spark 4.0's dialect on both versions, UTC, and what the job adds.
Options session_settings(const StreamJob& job);

/// A view to make, in this order, before a query can start.
struct View {
  std::string name;
  Relation relation;
};
std::vector<View> views(const StreamJob& job);

enum class Run : std::uint8_t { continuous, once };  // once: what is in the topic now, then end
WriteStreamOperationStart rows_query(const StreamJob& job, Run run);
WriteStreamOperationStart letters_query(const StreamJob& job, Run run);

}  // namespace streamops::spark
