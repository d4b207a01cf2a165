// registry/server/server.h — the embedded schema registry: Confluent's REST API on a journal.
//
//   request ─▶ read: answered from memory
//           └▶ change: one at a time ─▶ checked against the state ─▶ journal ─(durable)─▶ state ─▶ answer
//
// So what was answered is on disk, and what is read was answered. Its folder holds one file, `registry.journal`
// (log/journal.h), whose records are the events of state.h.
// Threads: one loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/network.h"
#include "runtime/pool.h"
#include "schema/avro.h"
#include "settings/registry.h"

namespace streamops::registry {

struct ServerOptions {
  std::string directory;  // exists
  std::vector<runtime::Endpoint> listeners;
  settings::Registry settings;
};

class Server {
 public:
  /// Recovers and listens. Blocks for the reading of the journal. Errors: SO-G120, those of log::Journal::open and of
  /// Network::listen.
  static Result<std::unique_ptr<Server>> open(const ServerOptions& options, runtime::Loop& loop,
                                              runtime::Network& network, runtime::Disk& disk, runtime::Pool& sync_pool);
  ~Server();

  /// Where it listens, in the order of the options, with the ports that were picked.
  const std::vector<runtime::Endpoint>& endpoints() const;

 private:
  class Impl;
  explicit Server(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

/// The newest Avro schema of a subject in a registry's folder, whether or not a server has it open; nullptr when there
/// is none. Blocks. Errors: SO-G120, SO-L001, SO-L002, the disk's.
Result<schema::AvroSchemaPtr> newest_schema_on_disk(const std::string& directory, const std::string& subject,
                                                    runtime::Disk& disk);

}  // namespace streamops::registry
