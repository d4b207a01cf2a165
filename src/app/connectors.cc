#include "app/connectors.h"

#include <map>

#include "app/clients.h"
#include "connect/cassandra/sink.h"
#include "connect/http/source.h"
#include "connect/kafka/letter_reader.h"
#include "connect/kafka/schema_gate.h"
#include "connect/kafka/sink.h"
#include "connect/kafka/source.h"
#include "connect/kafka/transaction.h"
#include "errors/kafka_client.h"
#include "format/avro/avro_reader.h"
#include "kafka/client/admin.h"
#include "kafka/client/failure.h"
#include "pipeline/merged_source.h"

namespace streamops::app {
namespace {

constexpr Microseconds pause_between_looks = Seconds{1};

std::vector<std::pair<std::string, std::string>> to_pairs(const pipeline::TextMap& map) {
  return {map.begin(), map.end()};
}

class RealConnectors final : public pipeline::ConnectorFactory {
 public:
  RealConnectors(kafka::ClientConfig kafka, cql::ClientOptions cql, ConnectorSurroundings surroundings)
      : around_(std::move(surroundings)),
        kafka_(std::move(kafka)),
        cql_(std::move(cql)),
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
    if (spec.tls) options.tls = to_tls_options(*spec.tls);
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
    options.group = use.owner;
    auto source = connect::make_kafka_source(std::move(options), client_config(use), around_.loop, around_.clients);
    if (spec.format != "avro") return source;
    return connect::make_schema_gate(std::move(source), registry());
  }

  format::RecordReaderPtr kafka_reader(const pipeline::KafkaSourceSpec& spec,
                                       const pipeline::WantedColumns& wanted) override {
    if (spec.format != "avro") return ConnectorFactory::kafka_reader(spec, wanted);
    return std::make_unique<format::AvroReader>(format::AvroWanted{wanted.columns, wanted.avro}, wanted.needed,
                                                [this](std::int32_t id) { return registry().known(id); });
  }

  Result<std::unique_ptr<data::Sink>> kafka_sink(const pipeline::KafkaSinkSpec& spec,
                                                 const pipeline::ConnectorUse& use) override {
    return connect::make_kafka_sink(sink_options(spec), client_config(use), around_.loop, around_.clients,
                                    make_values(spec));
  }

  /// Named after the stream, so that the cluster lets only one process at a time write for it.
  Result<std::unique_ptr<data::TransactionalSink>> kafka_transaction(const pipeline::KafkaTransactionSpec& spec,
                                                                     const pipeline::ConnectorUse& use) override {
    const auto values = [this](const pipeline::KafkaSinkSpec& sink) {
      return [this, sink] { return make_values(sink); };
    };
    connect::KafkaTransactionOptions options;
    options.sink = sink_options(spec.sink);
    options.make_values = values(spec.sink);
    if (spec.late) options.late = {sink_options(*spec.late), spec.late_columns, values(*spec.late)};
    options.dead_letters = spec.dead_letters;
    options.id = use.owner;
    options.group = use.owner;
    options.source = spec.source;
    options.further_sources = spec.further_sources;
    options.partitions_per_source = pipeline::partitions_per_input;
    return connect::make_kafka_transaction(std::move(options), client_config(use), around_.loop, around_.clients);
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
    cql::ClientOptions client = cql_;
    client.client_name = "streamops-" + use.owner;
    return connect::make_cassandra_sink(
        std::move(options), cql::make_client(std::move(client), around_.loop, around_.network), around_.loop);
  }

  Result<std::unique_ptr<data::DeadLetterSink>> dead_letters(const std::string& topic,
                                                             const pipeline::ConnectorUse& use) override {
    return connect::make_kafka_dead_letters(topic, client_config(use), around_.loop, around_.clients);
  }

  void read_letters(const std::string& topic, const std::vector<data::Position>& from, std::size_t limit,
                    const pipeline::ConnectorUse& use,
                    std::function<void(Result<pipeline::KeptLetters>)> done) override {
    if (!letters_) {
      Result<std::unique_ptr<connect::LetterReader>> opened =
          connect::LetterReader::open(client_config(use), around_.loop, around_.clients);
      if (!opened) return around_.loop.post([done = std::move(done), error = opened.error()] { done(error); });
      letters_ = std::move(opened).value();
    }
    letters_->read(topic, from, limit, [done = std::move(done)](Result<connect::LettersFound> found) {
      if (!found) return done(found.error());
      pipeline::KeptLetters kept;
      kept.ends = std::move(found->ends);
      for (auto& [partition, offset, letter] : found->letters) {
        kept.letters.push_back({partition, offset, std::move(letter)});
      }
      done(std::move(kept));
    });
  }

  void create_topic(const std::string& topic, int partitions, const pipeline::ConnectorUse& use,
                    std::function<void(Result<void>)> done) override {
    if (!admin_) {
      Result<std::unique_ptr<kafka::Admin>> admin =
          kafka::Admin::open(client_config(use), around_.loop, around_.clients);
      if (!admin) return around_.loop.post([done = std::move(done), error = admin.error()] { done(error); });
      admin_ = std::move(admin).value();
    }
    look_for_topic({.name = topic, .partitions = partitions}, done);
  }

  std::optional<Error> trouble() const override { return trouble_; }

 private:
  /// A topic that exists needs no right to create it.
  void look_for_topic(const kafka::NewTopic& topic, const std::function<void(Result<void>)>& done) {
    using Description = std::optional<kafka::TopicDescription>;
    admin_->describe_topic(topic.name, [this, topic, done](const Result<Description>& found) {
      if (!found) return look_again(topic, found.error(), done);
      if (found->has_value()) return topic_exists(done);
      admin_->create_topic(topic, [this, topic, done](const Result<void>& created) {
        created ? topic_exists(done) : look_again(topic, created.error(), done);
      });
    });
  }

  void topic_exists(const std::function<void(Result<void>)>& done) {
    trouble_.reset();
    done(Ok());
  }

  void look_again(const kafka::NewTopic& topic, const Error& error, const std::function<void(Result<void>)>& done) {
    if (kafka::is_final(error) || error.is(errors::kafka_client::request_refused)) return done(error);
    trouble_ = error;
    retries_[topic.name] =
        around_.loop.after(pause_between_looks, [this, topic, done] { look_for_topic(topic, done); });
  }

  static connect::KafkaSinkOptions sink_options(const pipeline::KafkaSinkSpec& spec) {
    connect::KafkaSinkOptions options;
    options.topic = spec.topic;
    options.key = spec.key;
    options.partitions = spec.partitions;
    return options;
  }

  /// Null for JSON.
  std::unique_ptr<connect::ValueFormat> make_values(const pipeline::KafkaSinkSpec& spec) {
    if (spec.format != "avro") return nullptr;
    return connect::make_avro_values({spec.topic, spec.record, subject_naming(spec.subject), spec.auto_register},
                                     registry(), around_.loop);
  }

  /// One client for all, so that a schema is asked for once.
  registry::Client& registry() {
    if (!registry_) registry_ = std::make_unique<registry::Client>(around_.registry, around_.loop, *http_);
    return *registry_;
  }

  static registry::SubjectNaming subject_naming(const std::string& word) {
    if (word == "record") return registry::SubjectNaming::record;
    return word == "topic_record" ? registry::SubjectNaming::topic_record : registry::SubjectNaming::topic;
  }

  kafka::ClientConfig client_config(const pipeline::ConnectorUse& use) const {
    kafka::ClientConfig config = kafka_;
    config.client_id = "streamops-" + use.owner;
    return config;
  }

  ConnectorSurroundings around_;
  kafka::ClientConfig kafka_;
  cql::ClientOptions cql_;
  std::unique_ptr<runtime::HttpClient> http_;
  std::unique_ptr<registry::Client> registry_;
  std::unique_ptr<kafka::Admin> admin_;
  std::unique_ptr<connect::LetterReader> letters_;
  std::map<std::string, runtime::TimerPtr> retries_;  // by topic
  std::optional<Error> trouble_;
};

}  // namespace

std::unique_ptr<pipeline::ConnectorFactory> make_connectors(kafka::ClientConfig kafka, cql::ClientOptions cql,
                                                            ConnectorSurroundings surroundings) {
  return std::make_unique<RealConnectors>(std::move(kafka), std::move(cql), std::move(surroundings));
}

}  // namespace streamops::app
