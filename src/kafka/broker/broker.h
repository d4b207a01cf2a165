// kafka/broker/broker.h — a Kafka broker in the process: topics on disk, a server in front, one loop for all of it.
//
//   listeners ── connections ── handlers (one file an API) ──┬── topics ── partitions ── log::PartitionLog
//                                                            ├── groups (members, committed offsets)
//                                                            └── transactions (identities, decisions)
//
// It is a cluster of one: node 1, leader of every partition, coordinator of every group and transaction, controller.
// What it acknowledges is on disk under the default sync policy, and consumers never see what is not.
//
// Threads: lives on one loop; every call but open() and the destructor is made there. Syncs run in the pool.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "kafka/broker/views.h"
#include "log/group_sync.h"
#include "observe/metrics.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/network.h"
#include "runtime/pool.h"
#include "settings/kafka.h"

namespace streamops::kafka {

class Topic;
class Topics;
class Server;
class Groups;
class TransactionCoordinator;
struct BrokerStats;

struct BrokerOptions {
  std::string directory;                     // created when missing; the caller holds its lock
  std::vector<runtime::Endpoint> listeners;  // numeric addresses; port 0 picks a free one
  /// What clients are told, by the port they came to, where the address they came to is not good for them (NAT).
  std::map<std::uint16_t, runtime::Endpoint> advertised;
  settings::Kafka settings;
  std::int32_t node_id = 1;
  observe::Metrics* metrics = nullptr;                 // nothing: the broker counts for itself
  std::function<void(const Error& error)> on_problem;  // what a person should see: damage, protocol errors; on the loop
};

class Broker {
 public:
  /// Recovers what is on disk (blocking), then listens. Errors: SO-K001 (data of another version), the disk's, the
  /// network's (SO-R001, SO-R002). A damaged partition does not stop the broker: see topics().
  static Result<std::unique_ptr<Broker>> open(BrokerOptions options, runtime::Loop& loop, runtime::Network& network,
                                              runtime::Disk& disk, runtime::Pool& pool);
  ~Broker();

  /// The addresses in force, in the order of the options, with the ports that were picked.
  std::vector<runtime::Endpoint> listeners() const;
  /// Stops accepting, answers what waits, syncs everything and then calls `done`. Destroy the broker only after that,
  /// or after its loop has ended.
  void shutdown(std::function<void()> done);

  // --- for the console, in the process
  // --------------------------------------------------------------------------------
  std::vector<TopicView> topic_views() const;
  const BrokerStats& stats() const;

  // --- for handlers
  // ----------------------------------------------------------------------------------------------------
  runtime::Loop& loop();
  const settings::Kafka& settings() const;
  std::int32_t node_id() const;
  const std::string& cluster_id() const;
  const std::string& directory() const;
  log::SyncOptions sync_options() const;
  runtime::Disk& disk();
  runtime::Pool& pool();
  Topics& topics() const;
  /// Removes a topic and the offsets that groups have committed in it. Errors to `done`: the disk's.
  void remove_topic(const Topic& topic, std::function<void(const Result<void>&)> done);
  Groups& groups();
  TransactionCoordinator& transactions();
  BrokerStats& stats();

 private:
  class Impl;
  Broker();
  std::unique_ptr<Impl> impl_;
};

}  // namespace streamops::kafka
