// app/connectors.h — the real sources and sinks, built for the endpoints of one profile.
#pragma once

#include <memory>
#include <string>

#include "pipeline/connectors.h"
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
};

/// `profile` names real endpoints; what it does not name is `embedded_kafka` and `embedded_cql` ("host:port").
std::unique_ptr<pipeline::ConnectorFactory> make_connectors(const pipeline::Profile& profile,
                                                            const std::string& embedded_kafka,
                                                            const std::string& embedded_cql,
                                                            ConnectorSurroundings surroundings);

}  // namespace streamops::app
