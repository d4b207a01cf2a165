// spark/stream_query.h — one stream on Spark: submitted, watched, found again.
//
//   start: session of the record -> queries that run there?
//            the same job's          -> watch them
//            none, or another job's  -> stop those, make the views, check the select, start both queries, remember
//   watch: once a second status and reports; a query that ended is asked why
//            Spark away, session closed, query gone, Kafka or Cassandra out of Spark's reach -> again, with back-off
//            anything else                                                                   -> failed
//
// The queries belong to the cluster: destroying a StreamQuery, or the death of this process, lets them run on; stop()
// ends them. Invariant: at most one query runs on a checkpoint, for Spark keeps names unique within a session, and the
// session is remembered on disk before it is used.
// Threads: the loop's, but status(), which any thread may call.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "runtime/disk.h"
#include "runtime/http_client.h"
#include "runtime/loop.h"
#include "runtime/pool.h"
#include "spark/client.h"
#include "spark/query_record.h"
#include "spark/stream_job.h"

namespace streamops::spark {

enum class QueryState : std::uint8_t { starting, running, stopped, failed };

struct QueryStatus {
  QueryState state = QueryState::starting;
  std::string version;  // Spark's; empty until it answered
  bool found = false;   // it ran before we came
  std::int64_t records_in = 0;
  std::int64_t rows_out = 0;
  std::int64_t dead_letters = 0;
  std::int64_t batches = 0;
  double records_per_second = 0;
  std::optional<std::int64_t> lag;
  Microseconds batch_time{0};
  std::optional<WallTime> last_batch_at;
  std::vector<std::pair<std::int32_t, std::int64_t>> positions;
  std::optional<Error> trouble;  // retried right now, or why it failed
};

/// How to reach the server.
struct Connection {
  Remote remote;
  std::optional<runtime::TlsOptions> tls;
  std::string user_id;
};

/// Everything outlives the query.
struct QueryEnvironment {
  runtime::Loop& loop;
  runtime::HttpClient& http;
  runtime::Disk& disk;
  runtime::Pool& files;
  std::string record_path;
};

class StreamQuery {
 public:
  StreamQuery(StreamJob job, Connection connection, QueryEnvironment environment);
  ~StreamQuery();

  /// `done` comes once, when the queries run. Errors that pass are retried without end and shown by status().
  /// Errors: SO-E002, E003, E010 (with its place in the select), E011, E012, E013, E022, E101.
  void start(Done<void> done);
  /// What is in the topic now, then the end; `done` when it is written. Nothing is retried: errors as start(), and
  /// SO-E001, E004, E006, E014. A query of this job that runs already is waited for instead.
  void run_once(Done<void> done);
  /// Stops the queries, closes the session and forgets it. Errors: SO-E001 to SO-E004, E012, the disk's.
  void stop(Done<void> done);

  QueryStatus status() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace streamops::spark
