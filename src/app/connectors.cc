#include "app/connectors.h"

#include "connect/cassandra/sink.h"
#include "connect/http/source.h"
#include "connect/kafka/sink.h"
#include "connect/kafka/source.h"
#include "kafka/client/admin.h"

namespace streamops::app {
namespace {

constexpr std::uint16_t default_cql_port = 9042;

runtime::TlsOptions to_tls(const pipeline::TlsSpec& spec) {
  return {.ca_file = spec.ca_file, .certificate = spec.certificate, .key = spec.key, .verify = spec.verify};
}

std::vector<std::pair<std::string, std::string>> to_pairs(const pipeline::TextMap& map) {
  return {map.begin(), map.end()};
}

kafka::ClientConfig to_kafka_config(const pipeline::Profile& profile, const std::string& embedded) {
  kafka::ClientConfig config;
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

class RealConnectors final : public pipeline::ConnectorFactory {
 public:
  RealConnectors(const pipeline::Profile& profile, const std::string& embedded_kafka, const std::string& embedded_cql,
                 ConnectorSurroundings surroundings)
      : around_(std::move(surroundings)),
        kafka_(to_kafka_config(profile, embedded_kafka)),
        cassandra_(profile.cassandra),
        embedded_cql_(embedded_cql),
        http_(runtime::make_http_client(around_.loop)) {}

  Result<std::unique_ptr<data::Source>> http_source(const pipeline::HttpSourceSpec& spec,
                                                    const pipeline::ConnectorUse& use) override {
    connect::HttpSourceOptions options;
    options.url = spec.url == pipeline::built_in_users_api ? around_.users_api : spec.url;
    options.every = spec.every;
    options.duration = spec.duration;
    options.headers = to_pairs(spec.headers);
    options.query = to_pairs(spec.query);
    options.timeout = spec.timeout;
    options.retries = spec.retries;
    options.max_body = static_cast<std::size_t>(spec.max_body);
    if (spec.tls) options.tls = to_tls(*spec.tls);
    options.spool_directory = around_.spool_directory + "/" + use.owner;
    options.run = use.run;
    options.resumed = use.resumed;
    options.log = use.log;
    return connect::make_http_source(std::move(options), around_.loop, *http_, around_.disk, around_.files);
  }

  Result<std::unique_ptr<data::Source>> kafka_source(const pipeline::KafkaSourceSpec& spec,
                                                     const pipeline::ConnectorUse& use) override {
    connect::KafkaSourceOptions options;
    options.topic = spec.topic;
    options.from_latest = spec.start == pipeline::StartAt::latest;
    return connect::make_kafka_source(std::move(options), client_config(use), around_.loop, around_.clients);
  }

  Result<std::unique_ptr<data::Sink>> kafka_sink(const pipeline::KafkaSinkSpec& spec,
                                                 const pipeline::ConnectorUse& use) override {
    connect::KafkaSinkOptions options;
    options.topic = spec.topic;
    options.key = spec.key;
    options.partitions = spec.partitions;
    return connect::make_kafka_sink(std::move(options), client_config(use), around_.loop, around_.clients);
  }

  Result<std::unique_ptr<data::Sink>> cassandra_sink(const pipeline::CassandraSinkSpec& spec,
                                                     const pipeline::ConnectorUse& use) override {
    connect::CassandraSinkOptions options;
    options.keyspace = spec.keyspace;
    options.table = spec.table;
    options.create = spec.create;
    options.delete_nulls = spec.nulls == pipeline::NullPolicy::erase;
    options.ttl = spec.ttl;
    options.max_in_flight = static_cast<std::size_t>(around_.cassandra.max_in_flight);
    STREAMOPS_ASSIGN(cql::ClientOptions client, cassandra_client());
    client.client_name = "streamops-" + use.owner;
    return connect::make_cassandra_sink(
        std::move(options), cql::make_client(std::move(client), around_.loop, around_.network), around_.loop);
  }

  Result<std::unique_ptr<data::DeadLetterSink>> dead_letters(const std::string& topic,
                                                             const pipeline::ConnectorUse& use) override {
    return connect::make_kafka_dead_letters(topic, client_config(use), around_.loop, around_.clients);
  }

  void create_topic(const std::string& topic, int partitions, const pipeline::ConnectorUse& use,
                    std::function<void(Result<void>)> done) override {
    if (!admin_) {
      Result<std::unique_ptr<kafka::Admin>> admin =
          kafka::Admin::open(client_config(use), around_.loop, around_.clients);
      if (!admin) return around_.loop.post([done = std::move(done), error = admin.error()] { done(error); });
      admin_ = std::move(admin).value();
    }
    admin_->create_topic({.name = topic, .partitions = partitions}, std::move(done));
  }

 private:
  kafka::ClientConfig client_config(const pipeline::ConnectorUse& use) const {
    kafka::ClientConfig config = kafka_;
    config.client_id = "streamops-" + use.owner;
    return config;
  }

  Result<cql::ClientOptions> cassandra_client() const {
    cql::ClientOptions options;
    options.request_timeout = around_.cassandra.request_timeout;
    options.connect_timeout = around_.cassandra.connect_timeout;
    options.connections_per_host = static_cast<std::size_t>(around_.cassandra.connections);
    const std::vector<std::string> hosts = cassandra_ ? cassandra_->contact_points : std::vector{embedded_cql_};
    for (const std::string& host : hosts) {
      STREAMOPS_ASSIGN(const runtime::Endpoint endpoint, runtime::parse_endpoint(host, default_cql_port));
      options.contact_points.push_back(endpoint);
    }
    if (!cassandra_) return options;
    options.username = cassandra_->username;
    options.password = cassandra_->password;
    if (const auto level = cql::parse_consistency(cassandra_->consistency)) options.consistency = *level;
    if (cassandra_->tls) options.tls = to_tls(*cassandra_->tls);
    return options;
  }

  ConnectorSurroundings around_;
  kafka::ClientConfig kafka_;
  std::optional<pipeline::CassandraEndpoint> cassandra_;
  std::string embedded_cql_;
  std::unique_ptr<runtime::HttpClient> http_;
  std::unique_ptr<kafka::Admin> admin_;
};

}  // namespace

std::unique_ptr<pipeline::ConnectorFactory> make_connectors(const pipeline::Profile& profile,
                                                            const std::string& embedded_kafka,
                                                            const std::string& embedded_cql,
                                                            ConnectorSurroundings surroundings) {
  return std::make_unique<RealConnectors>(profile, embedded_kafka, embedded_cql, std::move(surroundings));
}

}  // namespace streamops::app
