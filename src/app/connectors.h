// app/connectors.h — the real sources and sinks, built for the endpoints of one profile.
#pragma once

#include <memory>
#include <string>

#include "cql/client/client.h"
#include "kafka/client/config.h"
#include "pipeline/connectors.h"
#include "registry/client/client.h"
#include "runtime/disk.h"
#include "runtime/http_client.h"
#include "runtime/network.h"
#include "runtime/pool.h"
#include "settings/cassandra.h"

namespace streamops::app {

/// What connectors work with. Everything outlives them; all of it belongs to the pipeline's loop.
struct ConnectorSurroundings {
  runtime::Loop& loop;
  runtime::Network& network;
  runtime::Disk& disk;
  runtime::Pool& files;
  runtime::Pool& clients;  // for librdkafka's blocking calls, which may take long while a cluster is away
  std::string spool_directory;
  std::string users_api;  // URL of the built-in look-alike, for builtin:randomuser
  settings::Cassandra cassandra;
  registry::ClientOptions registry;  // asked only where a format needs it
};

/// `kafka` and `cql` say how to reach the clusters (app/clients.h); each connector gets a client of its own.
std::unique_ptr<pipeline::ConnectorFactory> make_connectors(kafka::ClientConfig kafka, cql::ClientOptions cql,
                                                            ConnectorSurroundings surroundings);

}  // namespace streamops::app
