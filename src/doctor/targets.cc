#include "doctor/targets.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "format/avro/sql_types.h"
#include "pipeline/check.h"

namespace streamops::doctor {
namespace {

constexpr std::uint16_t kafka_port = 9092;
constexpr std::uint16_t cassandra_port = 9042;

/// What the file's section of the chosen profile says about one system.
class ProfileSection {
 public:
  ProfileSection(const pipeline::PipelineFile& file, std::string_view system) : document_(file.document.get()) {
    const pipeline::yaml::Node* node = document_->root().find("profiles");
    if (node != nullptr) node = node->find(file.profile.name);
    if (node != nullptr) node_ = node->find(system);
  }

  /// Where the value of `key` stands; where the section stands when it has no such key.
  std::optional<Place> place(std::string_view key) const {
    if (node_ == nullptr) return std::nullopt;
    const pipeline::yaml::Node* value = node_->find(key);
    return document_->place(value == nullptr ? *node_ : *value);
  }
  /// Where `key` of the mapping under `section` stands.
  std::optional<Place> place_below(std::string_view section, std::string_view key) const {
    const pipeline::yaml::Node* node = node_ == nullptr ? nullptr : node_->find(section);
    if (node != nullptr) node = node->find(key);
    return node == nullptr ? std::nullopt : std::optional(document_->place(*node));
  }

 private:
  const pipeline::yaml::Document* document_;
  const pipeline::yaml::Node* node_ = nullptr;
};

void read_endpoint(std::string_view text, std::uint16_t port, std::vector<runtime::Endpoint>& endpoints,
                   std::vector<std::string>& unreadable) {
  text = trim(text);
  if (Result<runtime::Endpoint> endpoint = runtime::parse_endpoint(text, port)) {
    endpoints.push_back(std::move(*endpoint));
  } else {
    unreadable.emplace_back(text);
  }
}

std::optional<Place> place_of(const pipeline::PipelineFile& file, const pipeline::yaml::Node* node) {
  return node == nullptr ? std::nullopt : std::optional(file.document->place(*node));
}

/// The node of `step`'s source or sink's `system`.`key`, for places.
const pipeline::yaml::Node* node_in(const pipeline::StepSpec& step, const char* side, const char* system,
                                    const char* key) {
  const pipeline::yaml::Node* node = step.node;
  for (const char* name : {side, system, key}) {
    if (node != nullptr) node = node->find(name);
  }
  return node;
}

TopicUse& use_of(KafkaTarget& target, const std::string& name) {
  for (TopicUse& topic : target.topics) {
    if (topic.name == name) return topic;
  }
  TopicUse& topic = target.topics.emplace_back();
  topic.name = name;
  return topic;
}

void add_topics(const pipeline::PipelineFile& file, const pipeline::StepSpec& step, KafkaTarget& target) {
  if (step.kafka_sink) {
    TopicUse& topic = use_of(target, step.kafka_sink->topic);
    topic.is_written = true;
    topic.has_key = !step.kafka_sink->key.empty();
    if (node_in(step, "sink", "kafka", "partitions") != nullptr) topic.partitions = step.kafka_sink->partitions;
    topic.place = place_of(file, node_in(step, "sink", "kafka", "topic"));
  }
  if (step.kafka_source) {
    TopicUse& topic = use_of(target, step.kafka_source->topic);
    topic.is_read = true;
    if (!topic.place) topic.place = place_of(file, node_in(step, "source", "kafka", "topic"));
  }
}

KafkaTarget kafka_target(const pipeline::PipelineFile& file) {
  const pipeline::KafkaEndpoint& endpoint = *file.profile.kafka;
  KafkaTarget target;
  for (const std::string_view piece : split(endpoint.bootstrap, ','))
    read_endpoint(piece, kafka_port, target.bootstrap, target.unreadable);
  target.tls = endpoint.tls;
  target.sasl = endpoint.sasl_mechanism;
  target.username = endpoint.username;
  target.password = endpoint.password;
  target.place = ProfileSection(file, "kafka").place("bootstrap");
  for (const pipeline::TaskFileSpec& task : file.tasks) add_topics(file, task, target);
  for (const pipeline::StreamFileSpec& stream : file.streams) add_topics(file, stream, target);
  return target;
}

/// The replication that a CREATE KEYSPACE gives: 'name': 'value' or 'name': number, in pairs.
std::map<std::string, std::string> replication_in(std::string_view statement) {
  std::map<std::string, std::string> pairs;
  const std::size_t begin = statement.find('{');
  const std::size_t end = statement.find('}', begin == std::string_view::npos ? 0 : begin);
  if (begin == std::string_view::npos || end == std::string_view::npos) return pairs;
  const auto bare = [](std::string_view text) {
    text = trim(text);
    if (text.size() >= 2 && text.front() == '\'') text = text.substr(1, text.size() - 2);
    return std::string(text);
  };
  for (const std::string_view piece : split(statement.substr(begin + 1, end - begin - 1), ',')) {
    const std::size_t colon = piece.find(':');
    if (colon != std::string_view::npos) pairs[bare(piece.substr(0, colon))] = bare(piece.substr(colon + 1));
  }
  return pairs;
}

TableUse table_use(const pipeline::PipelineFile& file, const pipeline::StepSpec& step,
                   const pipeline::CheckedStep* checked) {
  TableUse use;
  use.keyspace = step.cassandra_sink->keyspace;
  use.table = step.cassandra_sink->table;
  use.place = place_of(file, step.table.node);
  std::vector<Error> ignored;  // told by the check already
  const pipeline::TableShape shape = pipeline::read_create(step, *file.document, ignored);
  for (const std::string& statement : shape.statements) {
    if (to_upper(statement).find("KEYSPACE") == std::string::npos) continue;
    use.creates_keyspace = true;
    use.created_replication = replication_in(statement);
  }
  use.creates_table = !shape.columns.empty();
  use.key = shape.key;
  if (checked == nullptr) return use;
  use.output = checked->query->output();
  for (const data::Field& field : use.output->fields()) {
    const std::size_t at = step.select.text.rfind(field.name);
    if (at != std::string::npos) {
      use.columns[field.name] =
          file.document->place_in(*step.select.node, at, static_cast<std::uint32_t>(field.name.size()));
    }
  }
  return use;
}

CassandraTarget cassandra_target(const pipeline::PipelineFile& file, const pipeline::CheckedPipeline* checked,
                                 const pipeline::ColumnFits& fits) {
  const pipeline::CassandraEndpoint& endpoint = *file.profile.cassandra;
  CassandraTarget target;
  for (const std::string& point : endpoint.contact_points)
    read_endpoint(point, cassandra_port, target.contacts, target.unreadable);
  target.tls = endpoint.tls;
  target.username = endpoint.username;
  target.password = endpoint.password;
  target.local_datacenter = endpoint.local_datacenter;
  target.consistency = endpoint.consistency;
  target.fits = fits;
  target.place = ProfileSection(file, "cassandra").place("contact_points");
  for (const pipeline::StreamFileSpec& stream : file.streams) {
    if (!stream.cassandra_sink) continue;
    target.tables.push_back(table_use(file, stream, checked == nullptr ? nullptr : checked->step(stream.name)));
  }
  return target;
}

void add_sources(const pipeline::PipelineFile& file, const pipeline::CheckedPipeline* checked, Targets& targets) {
  for (const pipeline::TaskFileSpec& task : file.tasks) {
    if (!task.http_source || task.http_source->url == pipeline::built_in_users_api) continue;
    SourceTarget source;
    source.step = task.name;
    source.url = task.http_source->url;
    for (const auto& [name, value] : task.http_source->query) {
      const char separator = source.url.find('?') == std::string::npos ? '?' : '&';
      source.url += fmt::format("{}{}={}", separator, name, value);
    }
    source.headers.assign(task.http_source->headers.begin(), task.http_source->headers.end());
    source.tls = task.http_source->tls;
    source.every = task.http_source->every;
    source.place = place_of(file, node_in(task, "source", "http", "url"));
    const pipeline::CheckedStep* step = checked == nullptr ? nullptr : checked->step(task.name);
    if (step != nullptr) {
      for (const data::Field& field : step->source_schema->fields()) source.columns.push_back(field.name);
    }
    targets.sources.push_back(std::move(source));
  }
}

/// "users-value": what the registry calls the values of a topic, by the sink's naming.
std::string subject_of(const pipeline::KafkaSinkSpec& sink) {
  if (sink.subject == "record") return sink.record;
  return sink.topic + (sink.subject == "topic_record" ? "-" + sink.record : "-value");
}

void add_subject(const pipeline::PipelineFile& file, const pipeline::StepSpec& step,
                 const pipeline::CheckedPipeline* checked, RegistryTarget& target) {
  if (step.kafka_source && step.kafka_source->format == "avro") {
    target.subjects.push_back({step.kafka_source->topic + "-value",
                               step.schema.node == nullptr,
                               {},
                               place_of(file, node_in(step, "source", "kafka", "topic"))});
  }
  if (!step.kafka_sink || step.kafka_sink->format != "avro") return;
  SubjectUse use;
  use.subject = subject_of(*step.kafka_sink);
  use.must_exist = !step.kafka_sink->auto_register;
  use.place = place_of(file, node_in(step, "sink", "kafka", "topic"));
  const pipeline::CheckedStep* bound = checked == nullptr ? nullptr : checked->step(step.name);
  if (bound != nullptr && step.kafka_sink->auto_register) {
    const auto schema = format::avro_schema_of(*bound->query->output(), step.kafka_sink->record);
    if (schema) use.schema = (*schema)->text();
  }
  // What a task of the file registers, a stream may read.
  std::erase_if(target.subjects, [&](const SubjectUse& other) { return other.subject == use.subject; });
  target.subjects.push_back(std::move(use));
}

/// The registry, when a step writes or reads Avro.
std::optional<RegistryTarget> registry_target(const pipeline::PipelineFile& file,
                                              const pipeline::CheckedPipeline* checked) {
  if (!file.profile.registry) return std::nullopt;
  RegistryTarget target;
  target.url = file.profile.registry->url.substr(0, file.profile.registry->url.find(','));
  while (target.url.ends_with('/')) target.url.pop_back();
  target.username = file.profile.registry->username;
  target.password = file.profile.registry->password;
  target.token = file.profile.registry->token;
  target.tls = file.profile.registry->tls;
  target.place = ProfileSection(file, "registry").place("url");
  for (const pipeline::StreamFileSpec& stream : file.streams) add_subject(file, stream, checked, target);
  for (const pipeline::TaskFileSpec& task : file.tasks) add_subject(file, task, checked, target);
  return target.subjects.empty() ? std::nullopt : std::optional(std::move(target));
}

/// Spark, when a stream runs there.
std::optional<SparkTarget> spark_target(const pipeline::PipelineFile& file) {
  if (!file.profile.spark) return std::nullopt;
  SparkTarget target;
  bool is_used = false;
  for (const pipeline::StreamFileSpec& stream : file.streams) {
    if (stream.engine.value_or(file.profile.engine) != pipeline::Engine::spark) continue;
    is_used = true;
    target.reads_kafka = target.reads_kafka || stream.kafka_source.has_value();
    target.writes_cassandra = target.writes_cassandra || stream.cassandra_sink.has_value();
  }
  if (!is_used) return std::nullopt;
  const ProfileSection section(file, "spark");
  target.address = file.profile.spark->remote;
  target.settings = file.profile.spark->settings;
  target.checkpoint = file.profile.spark->checkpoint_location;
  target.place = section.place("remote");
  for (const auto& [name, value] : target.settings) {
    if (const std::optional<Place> place = section.place_below("settings", name)) target.setting_places[name] = *place;
  }
  return target;
}

}  // namespace

Targets targets_of(const pipeline::PipelineFile& file, const pipeline::CheckedPipeline* checked,
                   const pipeline::ColumnFits& fits) {
  Targets targets;
  targets.profile = file.profile.name;
  if (!file.document) return targets;
  if (file.profile.kafka) targets.kafka = kafka_target(file);
  if (file.profile.cassandra) targets.cassandra = cassandra_target(file, checked, fits);
  targets.registry = registry_target(file, checked);
  targets.spark = spark_target(file);
  add_sources(file, checked, targets);
  return targets;
}

std::string UrlParts::without_login() const {
  return scheme + "://" + runtime::to_string(at) + path;
}

std::optional<UrlParts> parse_url(const std::string& url) {
  UrlParts parts;
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return std::nullopt;
  parts.scheme = to_lower(url.substr(0, scheme));
  std::string_view rest = std::string_view(url).substr(scheme + 3);
  const std::size_t slash = rest.find_first_of("/?#");
  if (slash != std::string_view::npos && rest[slash] == '/') parts.path = rest.substr(slash);
  rest = rest.substr(0, slash);
  if (const std::size_t sign = rest.rfind('@'); sign != std::string_view::npos) {
    const std::string_view login = rest.substr(0, sign);
    const std::size_t colon = login.find(':');
    parts.username = login.substr(0, colon);
    if (colon != std::string_view::npos) parts.password = login.substr(colon + 1);
    rest = rest.substr(sign + 1);
  }
  Result<runtime::Endpoint> at = runtime::parse_endpoint(rest, parts.scheme == "https" ? 443 : 80);
  if (!at) return std::nullopt;
  parts.at = std::move(*at);
  return parts;
}

}  // namespace streamops::doctor
