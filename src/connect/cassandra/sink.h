// connect/cassandra/sink.h — a Cassandra table (or one of the embedded store) as a sink.
//
//   open:  create statements ─▶ system_schema ─▶ plan (columns, conversions) ─▶ PREPARE insert, delete
//   write: rows ─▶ EXECUTE … USING TIMESTAMP, one request a row, as many at once as the server takes ─▶ done
//
// Delivery: a write is done when every row was acknowledged at the consistency level, or was refused for its own sake.
// A request that failed for a passing reason is sent again, for ever, with the same timestamp: so what comes twice has
// the effect of once. Rows of one key may overtake each other; their timestamps decide. No batches across partitions: a
// coordinator would only do what we do, worse. Threads: one loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cql/client/client.h"
#include "data/ports.h"

namespace streamops::connect {

struct CassandraSinkOptions {
  std::string keyspace;
  std::string table;
  std::vector<std::string> create;  // statements, run in order at every start
  bool delete_nulls = false;        // `nulls: delete`
  std::optional<Microseconds> ttl;  // counts from the record's time
  std::size_t max_in_flight = 1024;
};

/// A sink over a client of its own. `loop` must outlive it.
/// Errors of open(): SO-X101 to SO-X105, SO-X108, SO-C202, C207, C208, C210. Row failures of write(): SO-X106, SO-X107,
/// SO-C206.
std::unique_ptr<data::Sink> make_cassandra_sink(CassandraSinkOptions options, std::unique_ptr<cql::Client> client,
                                                runtime::Loop& loop);

}  // namespace streamops::connect
