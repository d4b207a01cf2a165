#include "app/servers.h"

#include "app/listening.h"
#include "runtime/on_loop.h"

namespace streamops::app {

Room::Room(const std::string& name) : thread_(runtime::make_loop_thread(name)) {
  on_loop(thread_->loop(), [this] { network_ = runtime::make_network(thread_->loop()); });
}

Room::~Room() {
  close();
}

void Room::close() {
  if (!thread_) return;
  on_loop(thread_->loop(), [this] { network_.reset(); });
  thread_->stop();
  thread_.reset();
}

Servers::Servers() : kafka_room_("kafka"), cql_room_("cql"), registry_room_("registry") {}

Servers::~Servers() {
  // The loops end first: after that nothing calls what is destroyed, and nothing is destroyed under a call.
  on_loop(cql_room_.loop(), [this] { store_.reset(); });
  on_loop(kafka_room_.loop(), [this] {
    users_api_.reset();
    broker_.reset();
  });
  on_loop(registry_room_.loop(), [this] { registry_.reset(); });
  registry_room_.close();
  cql_room_.close();
  kafka_room_.close();
}

Result<std::unique_ptr<Servers>> Servers::start(ServerChoice choice, DataDirectory& directory,
                                                const SettingValues& settings, observe::Metrics& metrics,
                                                const std::function<void(const Error&)>& on_problem) {
  std::unique_ptr<Servers> servers(new Servers());
  // All recover from disk; side by side they take as long as the slowest one.
  std::promise<Result<void>> kafka_started;
  servers->kafka_room_.loop().post([&] {
    kafka_started.set_value(choice.kafka ? servers->start_kafka(directory, settings, metrics, on_problem) : Ok());
  });
  std::promise<Result<void>> registry_started;
  servers->registry_room_.loop().post(
      [&] { registry_started.set_value(choice.registry ? servers->start_registry(directory, settings) : Ok()); });
  const Result<void> cql_started = on_loop(servers->cql_room_.loop(), [&]() -> Result<void> {
    return choice.cql ? servers->start_cql(directory, settings) : Ok();
  });
  const Result<void> with_kafka = kafka_started.get_future().get();
  const Result<void> with_registry = registry_started.get_future().get();
  for (const Result<void>* const started : {&with_kafka, &cql_started, &with_registry}) {
    if (!*started) return started->error();
  }
  if (choice.users_api) {
    STREAMOPS_RETURN_IF_ERROR(on_loop(servers->kafka_room_.loop(), [&] { return servers->start_users_api(); }));
  }
  servers->name_endpoints();
  return servers;
}

void Servers::name_endpoints() {
  if (broker_ != nullptr) {
    const std::vector<runtime::Endpoint> listeners = broker_->listeners();
    endpoints_["kafka"] = runtime::to_string(own_way_to(listeners.front()));
    for (const runtime::Endpoint& listener : listeners) {
      // The first one of another port is the second listener of the same address family.
      if (listener.port != listeners.front().port)
        endpoints_.emplace("kafka_second", runtime::to_string(own_way_to(listener)));
    }
  }
  if (store_ != nullptr) endpoints_["cql"] = runtime::to_string(own_way_to(store_->endpoints().front()));
  if (users_api_ != nullptr) endpoints_["users_api"] = users_api_->url();
  if (registry_ != nullptr) endpoints_["registry"] = runtime::to_string(own_way_to(registry_->endpoints().front()));
}

std::string Servers::endpoint(const std::string& name) const {
  const auto found = endpoints_.find(name);
  return found == endpoints_.end() ? std::string() : found->second;
}

Result<void> Servers::start_kafka(DataDirectory& directory, const SettingValues& settings, observe::Metrics& metrics,
                                  const std::function<void(const Error&)>& on_problem) {
  sync_pool_ = runtime::make_pool("sync", 2);
  kafka::BrokerOptions options;
  options.metrics = &metrics;
  options.on_problem = on_problem;
  STREAMOPS_ASSIGN(options.directory, directory.room("kafka"));
  options.settings = settings::Kafka::from(settings);
  STREAMOPS_ASSIGN(const Listening listening, Listening::from(settings));
  options.listeners = listening.kafka();
  options.advertised = listening.advertised();
  STREAMOPS_ASSIGN(broker_, kafka::Broker::open(std::move(options), kafka_room_.loop(), kafka_room_.network(),
                                                runtime::system_disk(), *sync_pool_));
  return Ok();
}

Result<void> Servers::start_cql(DataDirectory& directory, const SettingValues& settings) {
  commit_pool_ = runtime::make_pool("commit", 1);
  read_pool_ = runtime::make_pool("read", 2);
  cql::store::CqlServerOptions options;
  STREAMOPS_ASSIGN(options.directory, directory.room("cql"));
  options.settings = settings::Cql::from(settings);
  STREAMOPS_ASSIGN(const Listening listening, Listening::from(settings));
  options.node_address = listening.node_address();
  options.listeners = listening.at(settings.integer("server.cql_port"));
  STREAMOPS_ASSIGN(store_, cql::store::CqlServer::open(std::move(options), cql_room_.loop(), cql_room_.network(),
                                                       {*commit_pool_, *read_pool_}));
  return Ok();
}

Result<void> Servers::start_registry(DataDirectory& directory, const SettingValues& settings) {
  registry_pool_ = runtime::make_pool("registry-sync", 1);
  registry::ServerOptions options;
  STREAMOPS_ASSIGN(options.directory, directory.room("registry"));
  options.settings = settings::Registry::from(settings);
  STREAMOPS_ASSIGN(const Listening listening, Listening::from(settings));
  options.listeners = listening.at(settings.integer("server.registry_port"));
  STREAMOPS_ASSIGN(registry_, registry::Server::open(options, registry_room_.loop(), registry_room_.network(),
                                                     runtime::system_disk(), *registry_pool_));
  return Ok();
}

Result<void> Servers::start_users_api() {
  STREAMOPS_ASSIGN(users_api_,
                   connect::RandomUserServer::start(kafka_room_.loop(), kafka_room_.network(), {"127.0.0.1", 0}));
  return Ok();
}

void Servers::stop() {
  if (store_ != nullptr) {
    wait_for<bool>(cql_room_.loop(), [this](const auto& done) { store_->shutdown([done] { done(true); }); });
  }
  if (broker_ != nullptr) {
    wait_for<bool>(kafka_room_.loop(), [this](const auto& done) { broker_->shutdown([done] { done(true); }); });
  }
}

}  // namespace streamops::app
