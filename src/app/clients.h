// app/clients.h — how this process reaches Kafka and Cassandra: the clusters that the profile names, the embedded
// servers for what it does not name. Connectors and the console's ports build their clients from the same answer.
#pragma once

#include <string>

#include "cql/client/client.h"
#include "kafka/client/config.h"
#include "pipeline/file.h"
#include "registry/client/client.h"
#include "settings/cassandra.h"
#include "settings/kafka_client.h"
#include "settings/registry.h"

namespace streamops::app {

/// `embedded` is "host:port" of our broker; it counts when the profile names no Kafka.
kafka::ClientConfig kafka_client_config(const pipeline::Profile& profile, const std::string& embedded,
                                        const settings::KafkaClient& settings);

/// `embedded` is "host:port" of our store; it counts when the profile names no Cassandra. Errors: SO-R004.
Result<cql::ClientOptions> cql_client_options(const pipeline::Profile& profile, const std::string& embedded,
                                              const settings::Cassandra& settings);

/// `embedded` is "host:port" of our registry; it counts when the profile names none.
registry::ClientOptions registry_client_options(const pipeline::Profile& profile, const std::string& embedded,
                                                const settings::Registry& settings);

runtime::TlsOptions to_tls_options(const pipeline::TlsSpec& spec);

}  // namespace streamops::app
