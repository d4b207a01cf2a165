// app/servers.h — the embedded servers of one process: Kafka-protocol broker, CQL store, the look-alike API. Only those
// that the profile needs are started.
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
#include "registry/server/server.h"
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

/// Which servers a process needs; what a profile's cluster does is not embedded too.
struct ServerChoice {
  bool kafka = true;
  bool cql = true;
  bool users_api = true;
  bool registry = true;
};

class Servers {
 public:
  /// Recovers what is on disk and listens. Errors: those of Listening::from, Broker::open, CqlServer::open,
  /// RandomUserServer::start. `metrics` outlives the servers; `on_problem` hears of damage and of broken protocols, on
  /// any thread.
  static Result<std::unique_ptr<Servers>> start(ServerChoice choice, DataDirectory& directory,
                                                const SettingValues& settings, observe::Metrics& metrics,
                                                const std::function<void(const Error&)>& on_problem);
  ~Servers();

  /// The broker and its loop; nullptr when Kafka is not embedded.
  kafka::Broker* broker() { return broker_.get(); }
  runtime::Loop& kafka_loop() { return kafka_room_.loop(); }

  /// Where the servers that were started are: "kafka" and "kafka_second" ("127.0.0.1:9092"), "cql" ("127.0.0.1:9042"),
  /// "users_api" ("http://127.0.0.1:34567/api/"), "registry" ("127.0.0.1:8081").
  const std::map<std::string, std::string>& endpoints() const { return endpoints_; }
  /// One of them; empty when it was not started.
  std::string endpoint(const std::string& name) const;

  /// Answers what waits, syncs, closes.
  void stop();

 private:
  Servers();
  void name_endpoints();
  Result<void> start_kafka(DataDirectory& directory, const SettingValues& settings, observe::Metrics& metrics,
                           const std::function<void(const Error&)>& on_problem);
  Result<void> start_cql(DataDirectory& directory, const SettingValues& settings);
  Result<void> start_users_api();
  Result<void> start_registry(DataDirectory& directory, const SettingValues& settings);

  std::unique_ptr<runtime::Pool> sync_pool_;
  std::unique_ptr<runtime::Pool> commit_pool_;
  std::unique_ptr<runtime::Pool> read_pool_;
  Room kafka_room_;
  Room cql_room_;
  Room registry_room_;
  std::unique_ptr<kafka::Broker> broker_;
  std::unique_ptr<cql::store::CqlServer> store_;
  std::unique_ptr<connect::RandomUserServer> users_api_;
  std::unique_ptr<runtime::Pool> registry_pool_;
  std::unique_ptr<registry::Server> registry_;
  std::map<std::string, std::string> endpoints_;
};

}  // namespace streamops::app
