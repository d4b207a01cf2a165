#include "import/endpoints.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "errors/import.h"

namespace streamops::importer {

namespace {

int port_of(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  return colon == std::string::npos ? 0 : std::atoi(address.c_str() + colon + 1);
}

std::string setting(const Value& client, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const ValuePtr value = client.find(name)) return setting_text(value.get()).value_or("");
  }
  return {};
}

/// A broker as the host reaches it: a listener that advertises localhost, else its first published port.
std::string broker_address(const Service& service) {
  for (const auto& [listener, address] : advertised_listeners(service)) {
    const std::string host = address.substr(0, address.rfind(':'));
    if ((host == "localhost" || host == "127.0.0.1") && published(service, port_of(address)) == port_of(address))
      return "localhost:" + std::to_string(port_of(address));
  }
  for (const PublishedPort& port : service.ports) {
    if (port.container != 9101 && port.container != 8082) return "localhost:" + std::to_string(port.host);
  }
  return {};
}

void kafka_endpoint(const Sources& sources, PipelineDraft& draft) {
  for (const ComposeFile& file : sources.compose) {
    for (const Service& service : file.services) {
      if (role_of(service) != Role::kafka) continue;
      const std::string address = broker_address(service);
      if (address.empty()) {
        draft.leave(fmt::format("the broker {}", service.name),
                    "it publishes no port: the profile real says localhost:9092, correct it",
                    {file.file, service.line});
        continue;
      }
      draft.real.bootstrap += (draft.real.bootstrap.empty() ? "" : ",") + address;
      draft.took(fmt::format("Kafka at {} for the profile real", address), {file.file, service.line});
    }
  }
  std::vector<ValuePtr> clients = sources.facts.producers;
  clients.insert(clients.end(), sources.facts.consumers.begin(), sources.facts.consumers.end());
  for (const ValuePtr& client : clients) {
    const std::string servers = setting(*client, {"bootstrap_servers"});
    if (draft.real.bootstrap.empty() && sources.compose.empty() && !servers.empty()) {
      draft.real.bootstrap = servers;
      draft.took(fmt::format("Kafka at {} for the profile real", servers), client->where);
    }
    const std::string protocol = setting(*client, {"security_protocol"});
    draft.real.kafka_tls = draft.real.kafka_tls || protocol.ends_with("SSL");
    const std::string mechanism = setting(*client, {"sasl_mechanism", "sasl_mechanisms"});
    if (mechanism.empty() || !draft.real.sasl.empty()) continue;
    if (mechanism != "PLAIN" && mechanism != "SCRAM-SHA-256" && mechanism != "SCRAM-SHA-512") {
      draft.leave(fmt::format("the login {} of Kafka", mechanism),
                  "`sasl` takes PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512", client->where);
      continue;
    }
    draft.real.sasl = mechanism;
    draft.real.kafka_username = setting(*client, {"sasl_plain_username", "sasl_username"});
    if (draft.real.kafka_username.empty()) draft.real.kafka_username = "${env:KAFKA_USERNAME}";
    const std::string password = setting(*client, {"sasl_plain_password", "sasl_password"});
    draft.real.kafka_password = password.starts_with("${env:") ? password : "${env:KAFKA_PASSWORD}";
    draft.took(fmt::format("the login of Kafka by {}", mechanism), client->where);
    if (!password.empty() && !password.starts_with("${env:"))
      draft.trap(Error(errors::import::secret_in_script, "the password of Kafka stands in the script")
                     .with_hint("take it back, and put the new one into the environment as KAFKA_PASSWORD"),
                 client->where);
  }
}

void cassandra_login(const std::string& username, const std::string& password, const Where& where,
                     PipelineDraft& draft) {
  if (!draft.real.cassandra_username.empty() || username.empty()) return;
  draft.real.cassandra_username = username;
  draft.real.cassandra_password = password.starts_with("${env:") ? password : "${env:CASSANDRA_PASSWORD}";
  draft.took("the login of Cassandra", where);
  // That everybody knows it is no secret in the script, but one in the cluster.
  if (!password.empty() && !password.starts_with("${env:"))
    draft.trap(Error(errors::import::secret_in_script, "the password of Cassandra stands in the script")
                   .with_hint("change it, and put the new one into the environment as CASSANDRA_PASSWORD"),
               where);
}

void cassandra_endpoint(const Sources& sources, PipelineDraft& draft) {
  const auto [file, service] = sources.service(Role::cassandra);
  if (service != nullptr) {
    const int port = published(*service, 9042);
    if (port != 0) {
      draft.real.contact_points.push_back(port == 9042 ? "localhost" : fmt::format("localhost:{}", port));
      draft.took(fmt::format("Cassandra at localhost:{} for the profile real", port), {file->file, service->line});
    } else {
      draft.leave(fmt::format("the Cassandra {}", service->name),
                  "it publishes no port 9042: the profile real says localhost:9042, correct it",
                  {file->file, service->line});
    }
  }
  for (const ValuePtr& cluster : sources.facts.clusters) {
    if (draft.real.contact_points.empty() && sources.compose.empty()) {
      const std::string points = setting(*cluster, {"contact_points"});
      for (const std::string_view point : split(points, ',')) {
        if (!point.empty()) draft.real.contact_points.emplace_back(trim(point));
      }
      if (!points.empty()) draft.took(fmt::format("Cassandra at {} for the profile real", points), cluster->where);
    }
    const ValuePtr login = cluster->find("auth_provider");
    if (login && login->is_object("Login"))
      cassandra_login(setting(*login, {"username"}), setting(*login, {"password"}), login->where, draft);
  }
  std::string username;
  std::string password;
  Where where;
  for (const SparkSetting& each : sources.facts.spark_settings) {
    const std::string value = setting_text(each.value.get()).value_or("");
    if (each.name == "spark.cassandra.auth.username") {
      username = value;
      where = each.where;
    }
    if (each.name == "spark.cassandra.auth.password") password = value;
    const bool is_host = each.name == "spark.cassandra.connection.host";
    if (is_host && draft.real.contact_points.empty() && sources.compose.empty() && !value.empty())
      draft.real.contact_points.push_back(value);
  }
  cassandra_login(username, password, where, draft);
}

}  // namespace

int published(const Service& service, int container) {
  for (const PublishedPort& port : service.ports) {
    if (port.container == container) return port.host;
  }
  return 0;
}

void draft_profile(const Sources& sources, PipelineDraft& draft) {
  draft.real.from_compose = !sources.compose.empty();
  kafka_endpoint(sources, draft);
  cassandra_endpoint(sources, draft);
}

}  // namespace streamops::importer
