#include "app/clients.h"

namespace streamops::app {
namespace {

constexpr std::uint16_t default_cql_port = 9042;

}  // namespace

runtime::TlsOptions to_tls_options(const pipeline::TlsSpec& spec) {
  return {.ca_file = spec.ca_file, .certificate = spec.certificate, .key = spec.key, .verify = spec.verify};
}

kafka::ClientConfig kafka_client_config(const pipeline::Profile& profile, const std::string& embedded,
                                        const settings::KafkaClient& settings) {
  kafka::ClientConfig config;
  config.direct = settings.data_path == "direct";
  config.bootstrap = embedded;
  if (!profile.kafka) return config;
  config.bootstrap = profile.kafka->bootstrap;
  config.sasl_mechanism = profile.kafka->sasl_mechanism;
  config.username = profile.kafka->username;
  config.password = profile.kafka->password;
  if (const auto& tls = profile.kafka->tls) {
    config.tls = true;
    config.ca_file = tls->ca_file;
    config.certificate = tls->certificate;
    config.key = tls->key;
    config.verify = tls->verify;
  }
  return config;
}

Result<cql::ClientOptions> cql_client_options(const pipeline::Profile& profile, const std::string& embedded,
                                              const settings::Cassandra& settings) {
  cql::ClientOptions options;
  options.request_timeout = settings.request_timeout;
  options.connect_timeout = settings.connect_timeout;
  options.connections_per_host = static_cast<std::size_t>(settings.connections);
  options.heartbeat_interval = settings.heartbeat_interval;
  const auto& cassandra = profile.cassandra;
  const std::vector<std::string> hosts = cassandra ? cassandra->contact_points : std::vector{embedded};
  for (const std::string& host : hosts) {
    STREAMOPS_ASSIGN(const runtime::Endpoint endpoint, runtime::parse_endpoint(host, default_cql_port));
    options.contact_points.push_back(endpoint);
  }
  options.discover = cassandra.has_value();  // the embedded store is alone
  if (!cassandra) return options;
  options.local_datacenter = cassandra->local_datacenter;
  options.compression = cql::parse_compression(settings.compression).value_or(cql::Compression::none);
  options.username = cassandra->username;
  options.password = cassandra->password;
  if (const auto level = cql::parse_consistency(cassandra->consistency)) options.consistency = *level;
  if (cassandra->tls) options.tls = to_tls_options(*cassandra->tls);
  return options;
}

registry::ClientOptions registry_client_options(const pipeline::Profile& profile, const std::string& embedded,
                                                const settings::Registry& settings) {
  registry::ClientOptions options;
  options.url = "http://" + embedded;
  options.timeout = settings.request_timeout;
  options.max_pause = settings.max_pause;
  if (!profile.registry) return options;
  options.url = profile.registry->url;
  options.username = profile.registry->username;
  options.password = profile.registry->password;
  options.token = profile.registry->token;
  if (profile.registry->tls) options.tls = to_tls_options(*profile.registry->tls);
  return options;
}

}  // namespace streamops::app
