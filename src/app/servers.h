// app/servers.h — the embedded servers of one process: Kafka-protocol broker, CQL store, the look-alike API. Each on
// its own loop.
//
// Threads: called from the main thread; it waits for the loops.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "app/data_directory.h"
#include "base/settings.h"
#include "connect/randomuser/server.h"
#include "cql/store/server/cql_server.h"
#include "kafka/broker/broker.h"
#include "runtime/network.h"
#include "runtime/pool.h"

namespace streamops::app {

/// A loop with its network.
class Room {
 public:
  explicit Room(const std::string& name);
  ~Room();
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  runtime::Loop& loop() { return thread_->loop(); }
  runtime::Network& network() { return *network_; }
  /// Ends the loop's thread; what belongs to the loop must be gone.
  void close();

 private:
  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<runtime::Network> network_;
};

/// 127.0.0.1 and, where the machine has it, ::1; with port 0 only the former, which picks.
std::vector<runtime::Endpoint> loopback_endpoints(std::int64_t port);

class Servers {
 public:
  /// Recovers what is on disk and listens. Errors: those of Broker::open, CqlServer::open, RandomUserServer::start.
  /// `metrics` outlives the servers; `on_problem` hears of damage and of broken protocols, on any thread.
  static Result<std::unique_ptr<Servers>> start(DataDirectory& directory, const SettingValues& settings,
                                                observe::Metrics& metrics,
                                                const std::function<void(const Error&)>& on_problem);
  ~Servers();

  kafka::Broker& broker() { return *broker_; }
  runtime::Loop& kafka_loop() { return kafka_room_.loop(); }
  cql::store::CqlServer& store() { return *store_; }
  runtime::Loop& cql_loop() { return cql_room_.loop(); }

  /// "127.0.0.1:9092", "127.0.0.1:9042", "http://127.0.0.1:34567/api/".
  const std::string& kafka_address() const { return endpoints_.at("kafka"); }
  const std::string& cql_address() const { return endpoints_.at("cql"); }
  const std::string& users_api() const { return endpoints_.at("users_api"); }
  const std::map<std::string, std::string>& endpoints() const { return endpoints_; }

  /// Answers what waits, syncs, closes.
  void stop();

 private:
  Servers();
  Result<void> start_kafka(DataDirectory& directory, const SettingValues& settings, observe::Metrics& metrics,
                           const std::function<void(const Error&)>& on_problem);
  Result<void> start_cql(DataDirectory& directory, const SettingValues& settings);
  Result<void> start_users_api();

  std::unique_ptr<runtime::Pool> sync_pool_;
  std::unique_ptr<runtime::Pool> commit_pool_;
  std::unique_ptr<runtime::Pool> read_pool_;
  Room kafka_room_;
  Room cql_room_;
  std::unique_ptr<kafka::Broker> broker_;
  std::unique_ptr<cql::store::CqlServer> store_;
  std::unique_ptr<connect::RandomUserServer> users_api_;
  std::map<std::string, std::string> endpoints_;
};

}  // namespace streamops::app
