#include "app/clients.h"
#include "app/spark_streams.h"
#include "base/text.h"
#include "errors/app.h"
#include "errors/spark.h"

namespace streamops::app {
namespace {

/// A text within a line of JAAS configuration.
std::string jaas_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

void add_login(const kafka::ClientConfig& kafka, spark::Options& options) {
  if (kafka.sasl_mechanism.empty()) return;
  const std::string_view module = kafka.sasl_mechanism == "PLAIN" ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
  options["kafka.sasl.mechanism"] = kafka.sasl_mechanism;
  options["kafka.sasl.jaas.config"] =
      fmt::format("org.apache.kafka.common.security.{} required username={} password={};", module,
                  jaas_text(kafka.username), jaas_text(kafka.password));
}

/// Certificates travel as text: the files are here and not where Spark runs.
Result<void> add_tls(const kafka::ClientConfig& kafka, const runtime::Disk& disk, spark::Options& options) {
  const auto add_file = [&](const std::string& name, const std::string& path) -> Result<void> {
    STREAMOPS_ASSIGN(const Bytes content, disk.read_file(path));
    options[name] = as_text(content);
    return Ok();
  };
  if (!kafka.ca_file.empty()) {
    options["kafka.ssl.truststore.type"] = "PEM";
    STREAMOPS_RETURN_IF_ERROR(add_file("kafka.ssl.truststore.certificates", kafka.ca_file));
  }
  if (!kafka.certificate.empty()) {
    options["kafka.ssl.keystore.type"] = "PEM";
    STREAMOPS_RETURN_IF_ERROR(add_file("kafka.ssl.keystore.certificate.chain", kafka.certificate));
    STREAMOPS_RETURN_IF_ERROR(add_file("kafka.ssl.keystore.key", kafka.key));
  }
  if (!kafka.verify) options["kafka.ssl.endpoint.identification.algorithm"] = "";
  return Ok();
}

Result<spark::Options> kafka_options(const pipeline::SparkEndpoint& endpoint, const kafka::ClientConfig& kafka,
                                     const runtime::Disk& disk) {
  spark::Options options;
  options["kafka.bootstrap.servers"] = endpoint.kafka.empty() ? kafka.bootstrap : endpoint.kafka;
  // Spark asks three times before its query fails: a minute for a broker to come back, not three until a wrong address
  // is told.
  options["kafka.default.api.timeout.ms"] = "20000";
  options["kafka.request.timeout.ms"] = "15000";
  const bool login = !kafka.sasl_mechanism.empty();
  if (login || kafka.tls) {
    options["kafka.security.protocol"] = fmt::format("{}{}", login ? "SASL_" : "", kafka.tls ? "SSL" : "PLAINTEXT");
  }
  add_login(kafka, options);
  if (kafka.tls) STREAMOPS_RETURN_IF_ERROR(add_tls(kafka, disk, options));
  return options;
}

/// The connector takes several hosts and one port for all.
Result<void> add_nodes(const pipeline::SparkEndpoint& endpoint, const cql::ClientOptions& cql,
                       spark::Options& options) {
  std::vector<runtime::Endpoint> nodes = cql.contact_points;
  if (!endpoint.cassandra.empty()) nodes.clear();
  for (const std::string& text : endpoint.cassandra) {
    STREAMOPS_ASSIGN(const runtime::Endpoint node, runtime::parse_endpoint(text, 9042));
    nodes.push_back(node);
  }
  std::string hosts;
  for (const runtime::Endpoint& node : nodes) hosts += (hosts.empty() ? "" : ",") + node.host;
  options["spark.cassandra.connection.host"] = hosts;
  options["spark.cassandra.connection.port"] = std::to_string(nodes.empty() ? 9042 : nodes[0].port);
  return Ok();
}

Result<spark::Options> cassandra_options(const pipeline::Profile& profile, const pipeline::CassandraSinkSpec& sink,
                                         const cql::ClientOptions& cql) {
  spark::Options options;
  options["keyspace"] = sink.keyspace;
  options["table"] = sink.table;
  STREAMOPS_RETURN_IF_ERROR(add_nodes(*profile.spark, cql, options));
  if (!cql.local_datacenter.empty()) options["spark.cassandra.connection.localDC"] = cql.local_datacenter;
  if (!cql.username.empty()) {
    options["spark.cassandra.auth.username"] = cql.username;
    options["spark.cassandra.auth.password"] = cql.password;
  }
  if (cql.tls) options["spark.cassandra.connection.ssl.enabled"] = "true";
  if (profile.cassandra) options["spark.cassandra.output.consistency.level"] = profile.cassandra->consistency;
  options["spark.cassandra.output.ignoreNulls"] = sink.nulls == pipeline::NullPolicy::unset ? "true" : "false";
  if (sink.ttl) {
    options["spark.cassandra.output.ttl"] = std::to_string(std::chrono::ceil<std::chrono::seconds>(*sink.ttl).count());
  }
  return options;
}

}  // namespace

Result<std::optional<pipeline::Engine>> parse_engine(const std::string& text) {
  if (text.empty()) return std::optional<pipeline::Engine>();
  if (text == "spark") return std::optional(pipeline::Engine::spark);
  if (text == "streamops") return std::optional(pipeline::Engine::streamops);
  return Error(errors::app::usage, "--engine takes streamops or spark, not `{}`", text);
}

pipeline::Engine engine_of(const pipeline::CheckedStep& stream, const pipeline::Profile& profile,
                           std::optional<pipeline::Engine> asked) {
  if (asked) return *asked;
  return static_cast<const pipeline::StreamFileSpec&>(*stream.spec).engine.value_or(profile.engine);
}

Result<spark::StreamJob> make_spark_job(const pipeline::CheckedPipeline& pipeline, const pipeline::CheckedStep& stream,
                                        const kafka::ClientConfig& kafka, const cql::ClientOptions& cql,
                                        const runtime::Disk& disk) {
  const pipeline::Profile& profile = pipeline.file.profile;
  const pipeline::StepSpec& spec = *stream.spec;
  spark::StreamJob job;
  job.name = pipeline.owner(stream);
  job.schema = spec.schema.text;
  for (const data::Field& field : stream.source_schema->fields()) job.columns.push_back(field.name);
  job.select = spec.select.text;
  job.topic = spec.kafka_source->topic;
  job.from_latest = spec.kafka_source->start == pipeline::StartAt::latest;
  STREAMOPS_ASSIGN(job.kafka, kafka_options(*profile.spark, kafka, disk));
  STREAMOPS_ASSIGN(job.sink, cassandra_options(profile, *stream.cassandra_sink, cql));
  job.dead_letters = job.topic + ".dlq";
  job.checkpoint_location = profile.spark->checkpoint_location;
  job.trigger = profile.spark->trigger;
  job.settings = {profile.spark->settings.begin(), profile.spark->settings.end()};
  return job;
}

Result<spark::Connection> make_spark_connection(const pipeline::Profile& profile) {
  if (!profile.spark) {
    return Error(errors::spark::no_remote, "the profile {} has no `spark` section, so there is no cluster to run on",
                 profile.name);
  }
  spark::Connection connection;
  STREAMOPS_ASSIGN(connection.remote, spark::parse_remote(profile.spark->remote));
  connection.user_id = connection.remote.user_id.empty() ? profile.spark->user : connection.remote.user_id;
  if (!profile.spark->token.empty()) connection.remote.token = profile.spark->token;
  if (profile.spark->tls) {
    connection.remote.tls = true;
    connection.tls = to_tls_options(*profile.spark->tls);
  }
  return connection;
}

std::string spark_record_path(const std::string& directory, const std::string& owner) {
  return fmt::format("{}/{}.spark", directory, owner);
}

}  // namespace streamops::app
