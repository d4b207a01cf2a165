// Traps of listeners, and of hosts that scripts connect to.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "errors/doctor.h"
#include "errors/import.h"
#include "import/endpoints.h"
#include "import/traps.h"

namespace streamops::importer {

namespace {

bool is_local(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

void listeners(const ComposeFile& file, const Service& service, PipelineDraft& draft) {
  const auto advertised = advertised_listeners(service);
  if (advertised.empty()) return;
  const ServiceVariable* variable = service.variable("KAFKA_ADVERTISED_LISTENERS");
  if (variable == nullptr) variable = service.variable("KAFKA_CFG_ADVERTISED_LISTENERS");
  const Where where{file.file, variable->line};
  bool has_local = false;
  bool has_other = false;
  for (const auto& [name, address] : advertised) {
    const std::string host = address.substr(0, address.rfind(':'));
    has_local = has_local || is_local(host);
    has_other = has_other || !is_local(host);
  }
  const bool has_clients = std::any_of(file.services.begin(), file.services.end(), [&](const Service& other) {
    return role_of(other) == Role::spark || role_of(other) == Role::airflow || role_of(other) == Role::registry;
  });
  if (!has_other && has_clients)
    draft.trap(Error(errors::doctor::advertised_localhost,
                     "{} advertises localhost only: clients in other containers would call themselves", service.name),
               where);
  if (!has_local && !service.ports.empty())
    draft.trap(Error(errors::doctor::advertised_name_unknown,
                     "{} publishes a port and advertises only names of containers: clients on the host are sent to a "
                     "name that they do not know",
                     service.name),
               where);
}

void replication(const ComposeFile& file, const Service& service, std::size_t brokers, PipelineDraft& draft) {
  if (brokers != 1 || service.image_is("redpanda") || service.image_is("bitnami")) return;
  const ServiceVariable* factor = service.variable("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR");
  const bool own_default = service.image_is("apache/kafka");
  if (factor == nullptr && !own_default)
    draft.trap(Error(errors::doctor::internal_replication, "{} is the only broker, and its own topics ask for three",
                     service.name),
               {file.file, service.line});
  if (factor != nullptr && factor->value != "1")
    draft.trap(Error(errors::doctor::internal_replication, "{} is the only broker, and its own topics ask for {}",
                     service.name, factor->value),
               {file.file, factor->line});
}

void zookeeper(const ComposeFile& file, const Service& service, PipelineDraft& draft) {
  if (service.image.empty() || service.variable("KAFKA_ZOOKEEPER_CONNECT") == nullptr) return;
  const std::size_t colon = service.image.rfind(':');
  const std::string version = colon == std::string::npos ? "latest" : service.image.substr(colon + 1);
  const bool confluent = service.image_is("cp-");
  const int major = std::atoi(version.c_str());
  // Confluent 8 holds Kafka 4.
  const bool is_new = version == "latest" || (confluent ? major >= 8 : major >= 4);
  if (is_new)
    draft.trap(Error(errors::import::zookeeper_gone, "{} ({}) is told to use ZooKeeper", service.name, service.image),
               {file.file, service.image_line});
}

/// A host that a script connects to; scripts of such projects run in containers where the compose file says so.
class Hosts {
 public:
  Hosts(const Sources& sources, PipelineDraft& draft) : sources_(sources), draft_(draft) {
    for (const ComposeFile& file : sources.compose) {
      for (const Service& service : file.services) {
        names_.insert(service.name);
        if (!service.host_name.empty()) names_.insert(service.host_name);
        if (role_of(service) == Role::airflow) in_airflow_ = true;
        if (role_of(service) == Role::spark) in_spark_ = true;
      }
    }
  }

  void check(const std::string& addresses, const Where& where, std::string_view system) {
    for (const std::string_view piece : split(addresses, ',')) {
      const std::string host(trim(piece.substr(0, piece.find(':'))));
      if (host.empty() || host.find("${") != std::string::npos || !told_.insert(host + "@" + where.to_text()).second)
        continue;
      if (is_local(host) && runs_in_container(where.file)) {
        const auto [file, service] = sources_.service(system == "Kafka" ? Role::kafka : Role::cassandra);
        const std::string name = service == nullptr ? "its service's name" : service->name;
        draft_.trap(Error(errors::doctor::localhost_in_container,
                          "{} connects to {} at {}: inside of a container that is the container itself", where.file,
                          system, piece)
                        .with_hint(fmt::format("write {} there", name)),
                    where);
      }
      const bool is_name = std::none_of(host.begin(), host.end(), [](char c) { return c == '.'; });
      if (!sources_.compose.empty() && is_name && !is_local(host) && host != "host" && !names_.contains(host))
        draft_.trap(Error(errors::import::unknown_host, "{} connects to {} at {}, which no service is called",
                          where.file, system, host),
                    where);
    }
  }

 private:
  bool runs_in_container(const std::string& file) const {
    const ProjectFile* script = sources_.file(file);
    if (script == nullptr) return false;
    const bool is_dag = script->text.find("airflow") != std::string::npos;
    if (is_dag && in_airflow_) return true;
    // Spark's scripts are mounted into its containers, or submitted from the host.
    for (const ComposeFile& compose : sources_.compose) {
      for (const Service& service : compose.services) {
        const auto names_it = [&](const std::string& mount) { return mount.find(file) != std::string::npos; };
        if (std::any_of(service.mounts.begin(), service.mounts.end(), names_it)) return true;
      }
    }
    return script->text.find("pyspark") != std::string::npos && in_spark_;
  }

  const Sources& sources_;
  PipelineDraft& draft_;
  std::set<std::string> names_;
  std::set<std::string> told_;
  bool in_airflow_ = false;
  bool in_spark_ = false;
};

}  // namespace

void find_kafka_traps(const Sources& sources, PipelineDraft& draft) {
  for (const ComposeFile& file : sources.compose) {
    const auto brokers = static_cast<std::size_t>(std::count_if(
        file.services.begin(), file.services.end(), [](const Service& each) { return role_of(each) == Role::kafka; }));
    for (const Service& service : file.services) {
      if (role_of(service) != Role::kafka) continue;
      listeners(file, service, draft);
      replication(file, service, brokers, draft);
      zookeeper(file, service, draft);
    }
  }
  Hosts hosts(sources, draft);
  std::vector<ValuePtr> clients = sources.facts.producers;
  clients.insert(clients.end(), sources.facts.consumers.begin(), sources.facts.consumers.end());
  for (const ValuePtr& client : clients) {
    if (const ValuePtr servers = client->find("bootstrap_servers"))
      hosts.check(setting_text(servers.get()).value_or(""), client->where, "Kafka");
  }
  for (const ValuePtr& cluster : sources.facts.clusters) {
    if (const ValuePtr points = cluster->find("contact_points"))
      hosts.check(setting_text(points.get()).value_or(""), cluster->where, "Cassandra");
  }
  for (const SparkSetting& each : sources.facts.spark_settings) {
    if (each.name == "spark.cassandra.connection.host")
      hosts.check(setting_text(each.value.get()).value_or(""), each.where, "Cassandra");
  }
  for (const WriteFact& write : sources.facts.writes) {
    if (!write.frame) continue;
    const auto found = write.frame->options.find("kafka.bootstrap.servers");
    if (found != write.frame->options.end())
      hosts.check(setting_text(found->second.get()).value_or(""), write.frame->read_at, "Kafka");
  }
}

}  // namespace streamops::importer
