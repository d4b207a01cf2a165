#include "doctor/gather/kafka.h"

#include "doctor/gather/contact.h"
#include "doctor/gather/kafka_talk.h"
#include "doctor/gather/sasl.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/messages/api_versions.h"
#include "kafka/protocol/messages/describe_configs.h"
#include "kafka/protocol/messages/list_offsets.h"
#include "kafka/protocol/messages/metadata.h"
#include "kafka/protocol/messages/sasl_authenticate.h"
#include "kafka/protocol/messages/sasl_handshake.h"
#include "runtime/random.h"

namespace streamops::doctor {
namespace {

using kafka::ErrorCode;
using kafka::wire;

constexpr std::int8_t topic_resource = 2;
constexpr std::int8_t broker_resource = 4;
constexpr std::int64_t largest_timestamp = -3;

std::string text_of(BytesView bytes) {
  return std::string(as_text(bytes));
}

/// The highest version that both sides know; nothing when there is none.
template <typename Request>
std::optional<std::int16_t> version_for(const KafkaFacts& facts) {
  const ApiRange* range = facts.api(Request::api_key);
  if (range == nullptr) return std::nullopt;
  const int version = std::min<int>(Request::max_version, range->most);
  if (version < std::max<int>(Request::min_version, range->least)) return std::nullopt;
  return static_cast<std::int16_t>(version);
}

class Gatherer {
 public:
  Gatherer(const KafkaTarget& target, const Limits& limits)
      : target_(target), limits_(limits), last_(in(limits.whole)) {}

  KafkaFacts gather() {
    facts_.asked_ms = to_millis(runtime::system_clock().wall());
    contact_all();
    const auto works = std::find_if(facts_.bootstrap.begin(), facts_.bootstrap.end(),
                                    [](const Contact& contact) { return contact.works(); });
    if (works == facts_.bootstrap.end()) return std::move(facts_);
    ask_metadata(works->dialled);
    if (!facts_.has_metadata) return std::move(facts_);
    dial_brokers();
    ask_details();
    return std::move(facts_);
  }

 private:
  Deadline step() const { return in(limits_.step, last_); }

  void contact_all() {
    facts_.bootstrap.resize(target_.bootstrap.size());
    std::vector<std::vector<ApiRange>> apis(target_.bootstrap.size());
    std::vector<std::function<void()>> work;
    work.reserve(target_.bootstrap.size());
    for (std::size_t i = 0; i < target_.bootstrap.size(); ++i)
      work.emplace_back([this, i, &apis] { contact(i, apis[i]); });
    in_parallel(std::move(work));
    for (std::vector<ApiRange>& each : apis) {
      if (facts_.apis.empty()) facts_.apis = std::move(each);
    }
  }

  void contact(std::size_t index, std::vector<ApiRange>& apis) {
    bool wants_certificate = false;
    const Greeting greeting = [&](Line& line, Deadline until, Bytes& said) {
      KafkaTalk talk(line);
      const auto answer = talk.ask<kafka::ApiVersionsResponse>(kafka::ApiVersionsRequest{}, 0, until);
      wants_certificate = talk.how() == Line::Read::certificate_wanted;
      said = talk.said();
      if (!answer) return said.empty() ? speech_of(talk.how()) : Speech::other;
      for (const auto& api : answer->api_keys) apis.push_back({api.api_key, api.min_version, api.max_version});
      return Speech::expected;
    };
    Opened opened = open_contact(target_.bootstrap[index], target_.tls, limits_, last_, greeting);
    if (wants_certificate) opened.contact.tls.outcome = TlsOutcome::wants_certificate;
    facts_.bootstrap[index] = std::move(opened.contact);
  }

  /// A line on which requests may be sent: TLS and login are done. Notes how the login went.
  std::unique_ptr<Line> log_in(const Dialled& dialled) {
    std::unique_ptr<Line> line = open_again(dialled, target_.tls, step());
    if (!line || target_.sasl.empty()) return line;
    KafkaTalk talk(*line);
    const auto handshake =
        talk.ask<kafka::SaslHandshakeResponse>(kafka::SaslHandshakeRequest{.mechanism = target_.sasl}, 1, step());
    if (!handshake) {
      facts_.login = Login::failed;
      return nullptr;
    }
    facts_.mechanisms = handshake->mechanisms;
    if (handshake->error_code == wire(ErrorCode::illegal_sasl_state)) {
      facts_.login = Login::not_wanted;
      return open_again(dialled, target_.tls, step());  // what follows needs no login
    }
    if (handshake->error_code != 0) {
      facts_.login = Login::not_offered;
      return nullptr;
    }
    facts_.login = authenticate(talk);
    return facts_.login == Login::fine ? std::move(line) : nullptr;
  }

  Login authenticate(KafkaTalk& talk) {
    SaslClient client(target_.sasl, target_.username, target_.password, to_string(runtime::system_random().uuid()));
    std::string message = client.first();
    // PLAIN takes one message, SCRAM two; the answer to the last one needs none.
    for (int round = 0; round < 3 && (round == 0 || !message.empty()); ++round) {
      kafka::SaslAuthenticateRequest request;
      request.auth_bytes.assign(message.begin(), message.end());
      const auto answer = talk.ask<kafka::SaslAuthenticateResponse>(std::move(request), 0, step());
      if (!answer) return Login::failed;
      facts_.login_message = answer->error_message.value_or("");
      if (answer->error_code != 0) return Login::refused;
      const std::optional<std::string> next = client.next(text_of(answer->auth_bytes));
      if (!next) return Login::failed;
      message = *next;
    }
    return Login::fine;
  }

  void ask_metadata(const Dialled& dialled) {
    const std::optional<std::int16_t> version = version_for<kafka::MetadataRequest>(facts_);
    if (!version) return;
    const std::unique_ptr<Line> line = log_in(dialled);
    if (!line) return;
    KafkaTalk talk(*line);
    kafka::MetadataRequest request;
    request.topics.emplace();
    for (const TopicUse& topic : target_.topics) request.topics->emplace_back().name = topic.name;
    request.allow_auto_topic_creation = false;
    const auto answer = talk.ask<kafka::MetadataResponse>(std::move(request), *version, step());
    if (!answer) {
      if (target_.sasl.empty() && talk.how() == Line::Read::closed) ask_whether_login_is_wanted(dialled);
      return;
    }
    if (facts_.login == Login::not_tried) facts_.login = Login::not_needed;
    facts_.has_metadata = true;
    take(*answer);
  }

  /// Where a login is due, a broker hangs up on everything else but tells its mechanisms.
  void ask_whether_login_is_wanted(const Dialled& dialled) {
    const std::unique_ptr<Line> line = open_again(dialled, target_.tls, step());
    if (!line) return;
    KafkaTalk talk(*line);
    // A name that no broker has: it lists what it has, and no login is begun.
    const auto answer =
        talk.ask<kafka::SaslHandshakeResponse>(kafka::SaslHandshakeRequest{.mechanism = "?"}, 1, step());
    if (!answer || answer->error_code == wire(ErrorCode::illegal_sasl_state)) return;
    facts_.login = Login::wanted;
    facts_.mechanisms = answer->mechanisms;
  }

  void take(const kafka::MetadataResponse& answer) {
    for (const auto& broker : answer.brokers) {
      BrokerFacts& facts = facts_.brokers.emplace_back();
      facts.id = broker.node_id;
      facts.advertised.at = {broker.host, static_cast<std::uint16_t>(broker.port)};
    }
    for (const auto& topic : answer.topics) {
      TopicFacts& facts = facts_.topics.emplace_back();
      facts.name = topic.name.value_or("");
      facts.error = topic.error_code;
      for (const auto& partition : topic.partitions) {
        facts.partitions.push_back({partition.partition_index, partition.leader_id,
                                    static_cast<int>(partition.replica_nodes.size()),
                                    static_cast<int>(partition.isr_nodes.size())});
      }
    }
  }

  void dial_brokers() {
    std::vector<std::function<void()>> work;
    work.reserve(facts_.brokers.size());
    for (BrokerFacts& broker : facts_.brokers)
      work.emplace_back([this, &broker] { broker.advertised = dial(broker.advertised.at, step()); });
    in_parallel(std::move(work));
  }

  void ask_details() {
    const auto reachable = std::find_if(facts_.brokers.begin(), facts_.brokers.end(),
                                        [](const BrokerFacts& broker) { return broker.advertised.connected(); });
    if (reachable == facts_.brokers.end()) return;
    const std::unique_ptr<Line> line = log_in(reachable->advertised);
    if (!line) return;
    KafkaTalk talk(*line);
    ask_configs(talk, reachable->id);
    ask_newest(talk, reachable->id);
  }

  void ask_configs(KafkaTalk& talk, int broker) {
    const std::optional<std::int16_t> version = version_for<kafka::DescribeConfigsRequest>(facts_);
    if (!version) return;
    kafka::DescribeConfigsRequest request;
    const auto add = [&](std::int8_t type, std::string name) {
      auto& resource = request.resources.emplace_back();
      resource.resource_type = type;
      resource.resource_name = std::move(name);
    };
    add(broker_resource, std::to_string(broker));
    for (const TopicFacts& topic : facts_.topics) {
      if (topic.error == 0) add(topic_resource, topic.name);
    }
    const auto answer = talk.ask<kafka::DescribeConfigsResponse>(std::move(request), *version, step());
    if (!answer) return;
    for (const auto& result : answer->results) {
      std::map<std::string, std::string>* into =
          result.resource_type == broker_resource ? &facts_.broker_configs : nullptr;
      for (TopicFacts& topic : facts_.topics) {
        if (result.resource_type == topic_resource && topic.name == result.resource_name) into = &topic.configs;
      }
      if (into == nullptr || result.error_code != 0) continue;
      for (const auto& config : result.configs) (*into)[config.name] = config.value.value_or("");
    }
  }

  void ask_newest(KafkaTalk& talk, int broker) {
    constexpr std::int16_t first_with_largest = 7;
    const std::optional<std::int16_t> version = version_for<kafka::ListOffsetsRequest>(facts_);
    if (!version || *version < first_with_largest) return;
    kafka::ListOffsetsRequest request;
    request.replica_id = -1;
    for (const TopicFacts& topic : facts_.topics) {
      auto& asked = request.topics.emplace_back();
      asked.name = topic.name;
      for (const PartitionFacts& partition : topic.partitions) {
        if (partition.leader != broker) continue;
        auto& each = asked.partitions.emplace_back();
        each.partition_index = partition.id;
        each.timestamp = largest_timestamp;
      }
      if (asked.partitions.empty()) request.topics.pop_back();
    }
    if (request.topics.empty()) return;
    request.timeout_ms = 1000;
    const auto answer = talk.ask<kafka::ListOffsetsResponse>(std::move(request), *version, step());
    if (!answer) return;
    for (const auto& result : answer->topics) {
      for (TopicFacts& topic : facts_.topics) {
        if (topic.name != result.name) continue;
        for (const auto& partition : result.partitions)
          topic.newest_ms = std::max(topic.newest_ms, partition.error_code == 0 ? partition.timestamp : -1);
      }
    }
  }

  const KafkaTarget& target_;
  const Limits& limits_;
  Deadline last_;
  KafkaFacts facts_;
};

}  // namespace

const ApiRange* KafkaFacts::api(int key) const {
  const auto found = std::find_if(apis.begin(), apis.end(), [&](const ApiRange& range) { return range.key == key; });
  return found == apis.end() ? nullptr : &*found;
}

const TopicFacts* KafkaFacts::topic(const std::string& name) const {
  const auto found =
      std::find_if(topics.begin(), topics.end(), [&](const TopicFacts& topic) { return topic.name == name; });
  return found == topics.end() ? nullptr : &*found;
}

KafkaFacts gather_kafka(const KafkaTarget& target, const Limits& limits) {
  return Gatherer(target, limits).gather();
}

}  // namespace streamops::doctor
