// cql/store/server/cql_server.h — the embedded Cassandra: rows on disk, the native protocol v3 to v5 on sockets.
//
//   client ─ frames ─► Connection ─ Plan ─► Engine ─► group commit ─► RocksDB
//                          ▲                  │
//                          └── answers ───────┘        events of schema changes to all that registered
//
// Threads: one loop. Commits and reads that may touch the disk run in the two pools given.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/loop.h"
#include "runtime/network.h"
#include "runtime/pool.h"
#include "settings/cql.h"

namespace streamops::cql::store {

/// Checks a user's password; calls back once. The wiring gives it; without one nobody is asked.
using Authenticate = std::function<void(const std::string& user, const std::string& password, const std::string& peer,
                                        std::function<void(Result<void>)> done)>;

struct CqlServerOptions {
  std::string directory;                     // of the database; created when missing
  std::vector<runtime::Endpoint> listeners;  // 127.0.0.1 and ::1, port 0 for a free one (the same on all)
  std::string node_address;                  // what clients are told of this node, numeric; empty: the first listener's
  settings::Cql settings;
  std::string cluster_name = "StreamOps";
  Authenticate authenticate;  // empty: no login
};

struct CqlServerPools {
  runtime::Pool& writer;   // one thread: commits
  runtime::Pool& readers;  // scans
};

class CqlServer {
 public:
  /// Opens the store and listens. Errors: SO-R001, SO-R002 (listeners), SO-D001, SO-D002, SO-D003, SO-D101, SO-D102,
  /// SO-C007 (store).
  static Result<std::unique_ptr<CqlServer>> open(CqlServerOptions options, runtime::Loop& loop,
                                                 runtime::Network& network, CqlServerPools pools);
  virtual ~CqlServer() = default;

  /// The addresses in force.
  virtual std::vector<runtime::Endpoint> endpoints() const = 0;
  /// Takes no more requests, lets those in flight finish (2 s at most), makes everything durable, then calls back.
  virtual void shutdown(std::function<void()> done) = 0;

  struct Counters {
    std::uint64_t connections = 0;  // now
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
    std::uint64_t rows_written = 0;  // acknowledged modifications
    std::uint64_t memory = 0;        // bytes of cache, write buffers and indexes
  };
  virtual Counters counters() const = 0;
};

}  // namespace streamops::cql::store
