#include "app/servers.h"

#include "app/on_loop.h"

namespace streamops::app {
namespace {

bool has_ipv6_loopback() {
  static const bool found = [] {
    Room room("probe");
    return on_loop(room.loop(), [&] { return room.network().listen({"::1", 0}, [](runtime::ConnectionPtr) {}).ok(); });
  }();
  return found;
}

}  // namespace

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

std::vector<runtime::Endpoint> loopback_endpoints(std::int64_t port) {
  const auto number = static_cast<std::uint16_t>(port);
  std::vector<runtime::Endpoint> endpoints{{"127.0.0.1", number}};
  if (port != 0 && has_ipv6_loopback()) endpoints.push_back({"::1", number});
  return endpoints;
}

Servers::Servers()
    : sync_pool_(runtime::make_pool("sync", 2)),
      commit_pool_(runtime::make_pool("commit", 1)),
      read_pool_(runtime::make_pool("read", 2)),
      kafka_room_("kafka"),
      cql_room_("cql") {}

Servers::~Servers() {
  // The loops end first: after that nothing calls what is destroyed, and nothing is destroyed under a call.
  on_loop(cql_room_.loop(), [this] { store_.reset(); });
  on_loop(kafka_room_.loop(), [this] {
    users_api_.reset();
    broker_.reset();
  });
  cql_room_.close();
  kafka_room_.close();
}

Result<std::unique_ptr<Servers>> Servers::start(DataDirectory& directory, const SettingValues& settings,
                                                observe::Metrics& metrics,
                                                const std::function<void(const Error&)>& on_problem) {
  std::unique_ptr<Servers> servers(new Servers());
  // Both recover from disk; side by side they take as long as the slower one.
  std::promise<Result<void>> kafka_started;
  servers->kafka_room_.loop().post(
      [&] { kafka_started.set_value(servers->start_kafka(directory, settings, metrics, on_problem)); });
  const Result<void> cql_started =
      on_loop(servers->cql_room_.loop(), [&] { return servers->start_cql(directory, settings); });
  STREAMOPS_RETURN_IF_ERROR(kafka_started.get_future().get());
  STREAMOPS_RETURN_IF_ERROR(cql_started);
  STREAMOPS_RETURN_IF_ERROR(on_loop(servers->kafka_room_.loop(), [&] { return servers->start_users_api(); }));
  servers->endpoints_["kafka"] = runtime::to_string(servers->broker_->listeners().front());
  for (const runtime::Endpoint& listener : servers->broker_->listeners()) {
    // The first one of another port is the second listener of the same address family.
    if (listener.port != servers->broker_->listeners().front().port) {
      servers->endpoints_.emplace("kafka_second", runtime::to_string(listener));
    }
  }
  servers->endpoints_["cql"] = runtime::to_string(servers->store_->endpoints().front());
  servers->endpoints_["users_api"] = servers->users_api_->url();
  return servers;
}

Result<void> Servers::start_kafka(DataDirectory& directory, const SettingValues& settings, observe::Metrics& metrics,
                                  const std::function<void(const Error&)>& on_problem) {
  kafka::BrokerOptions options;
  options.metrics = &metrics;
  options.on_problem = on_problem;
  STREAMOPS_ASSIGN(options.directory, directory.room("kafka"));
  options.settings = settings::Kafka::from(settings);
  for (const char* name : {"server.kafka_port", "server.kafka_second_port"}) {
    for (const runtime::Endpoint& endpoint : loopback_endpoints(settings.integer(name)))
      options.listeners.push_back(endpoint);
  }
  STREAMOPS_ASSIGN(broker_, kafka::Broker::open(std::move(options), kafka_room_.loop(), kafka_room_.network(),
                                                runtime::system_disk(), *sync_pool_));
  return Ok();
}

Result<void> Servers::start_cql(DataDirectory& directory, const SettingValues& settings) {
  cql::store::CqlServerOptions options;
  STREAMOPS_ASSIGN(options.directory, directory.room("cql"));
  options.settings = settings::Cql::from(settings);
  options.listeners = loopback_endpoints(settings.integer("server.cql_port"));
  STREAMOPS_ASSIGN(store_, cql::store::CqlServer::open(std::move(options), cql_room_.loop(), cql_room_.network(),
                                                       {*commit_pool_, *read_pool_}));
  return Ok();
}

Result<void> Servers::start_users_api() {
  STREAMOPS_ASSIGN(users_api_,
                   connect::RandomUserServer::start(kafka_room_.loop(), kafka_room_.network(), {"127.0.0.1", 0}));
  return Ok();
}

void Servers::stop() {
  wait_for<bool>(cql_room_.loop(), [this](auto done) { store_->shutdown([done] { done(true); }); });
  wait_for<bool>(kafka_room_.loop(), [this](auto done) { broker_->shutdown([done] { done(true); }); });
}

}  // namespace streamops::app
