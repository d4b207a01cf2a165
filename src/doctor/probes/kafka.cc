// Probes of a Kafka cluster: from the bootstrap address to the brokers that it sends clients to.
#include <algorithm>

#include "base/text.h"
#include "doctor/probes/connection.h"
#include "errors/doctor.h"

namespace streamops::doctor {
namespace {

using namespace errors::doctor;

constexpr int produce_key = 0;
constexpr int metadata_key = 3;
constexpr int init_producer_id_key = 22;

Contacts contacts_of(const Subject& subject) {
  Contacts contacts;
  contacts.configured = subject.targets.kafka.has_value();
  contacts.service = "a Kafka broker";
  contacts.each = subject.facts.kafka.bootstrap;
  contacts.in_container = subject.facts.machine.in_container;
  if (subject.targets.kafka) contacts.place = subject.targets.kafka->place;
  return contacts;
}

/// Why nothing can be said, or an empty text.
std::string without_metadata(const Subject& subject) {
  if (!subject.targets.kafka) return "not in this profile";
  return subject.facts.kafka.has_metadata ? "" : "the cluster could not be asked";
}

Verdict address(const Subject& subject) {
  if (!subject.targets.kafka) return Verdict::skip("not in this profile");
  Verdict verdict = Verdict::fine(fmt::format("{} bootstrap server{}", subject.targets.kafka->bootstrap.size(),
                                              subject.targets.kafka->bootstrap.size() == 1 ? "" : "s"));
  for (const std::string& text : subject.targets.kafka->unreadable) {
    verdict.problem(placed(Error(bad_address, "\"{}\" in kafka.bootstrap is not a host and port", text),
                           subject.targets.kafka->place));
  }
  return verdict;
}

Verdict zookeeper(const Subject& subject) {
  const Contacts contacts = contacts_of(subject);
  if (!contacts.configured) return Verdict::skip("not in this profile");
  Verdict verdict = Verdict::fine("no bootstrap server is a ZooKeeper");
  for (const Contact& contact : contacts.each) {
    if (contact.speech != Speech::zookeeper) continue;
    const std::string where = runtime::to_string(contact.dialled.at);
    verdict.problem(placed(Error(zookeeper_port, "{} is ZooKeeper: brokers listen elsewhere", where), contacts.place),
                    where);
  }
  return verdict;
}

Verdict controller(const Subject& subject) {
  if (!subject.targets.kafka) return Verdict::skip("not in this profile");
  const KafkaFacts& facts = subject.facts.kafka;
  if (facts.apis.empty()) return Verdict::skip("no broker answered");
  if (facts.api(metadata_key) != nullptr && facts.api(produce_key) != nullptr)
    return Verdict::fine("the listener serves clients");
  return Verdict::found({Severity::problem,
                         {},
                         placed(Error(controller_listener, "the bootstrap server does not know Metadata and Produce"),
                                subject.targets.kafka->place)});
}

Verdict version(const Subject& subject) {
  if (!subject.targets.kafka) return Verdict::skip("not in this profile");
  const KafkaFacts& facts = subject.facts.kafka;
  if (facts.apis.empty()) return Verdict::skip("no broker answered");
  if (facts.api(metadata_key) == nullptr) return Verdict::skip("not a broker's listener");
  if (facts.api(init_producer_id_key) != nullptr) return Verdict::fine("young enough");
  return Verdict::found({Severity::problem, {}, Error(broker_too_old, "the broker knows no idempotent producers")});
}

Verdict login(const Subject& subject) {
  if (!subject.targets.kafka) return Verdict::skip("not in this profile");
  const KafkaFacts& facts = subject.facts.kafka;
  const KafkaTarget& target = *subject.targets.kafka;
  const std::string offered = join(std::span<const std::string>(facts.mechanisms), ", ");
  const auto found = [&](Error error) {
    return Verdict::found({Severity::problem, {}, placed(std::move(error), target.place)});
  };
  switch (facts.login) {
    case Login::fine:
      return Verdict::fine("login by " + target.sasl);
    case Login::not_needed:
      return Verdict::fine("none is asked for");
    case Login::wanted:
      return found(Error(kafka_login_wanted, "the broker wants a login; it offers {}", offered));
    case Login::not_wanted:
      return found(
          Error(kafka_login_not_wanted, "the profile has sasl: {}, the listener takes no logins", target.sasl));
    case Login::not_offered:
      return found(Error(mechanism_not_offered, "the broker offers {}, not {}", offered, target.sasl));
    case Login::refused:
      return found(Error(kafka_credentials, "the broker refuses user \"{}\" by {}: {}", target.username, target.sasl,
                         facts.login_message));
    case Login::failed:
      return found(Error(kafka_credentials, "the login as \"{}\" by {} broke off", target.username, target.sasl));
    case Login::not_tried:
      break;
  }
  return Verdict::skip("the cluster could not be asked");
}

/// True when every bootstrap address is of this machine.
bool is_local(const KafkaTarget& target) {
  return std::all_of(target.bootstrap.begin(), target.bootstrap.end(),
                     [](const runtime::Endpoint& endpoint) { return is_loopback(endpoint.host); });
}

Verdict advertised_as_localhost(const Subject& subject) {
  if (std::string why = without_metadata(subject); !why.empty()) return Verdict::skip(std::move(why));
  if (is_local(*subject.targets.kafka)) return Verdict::fine("everything is on this machine");
  Verdict verdict = Verdict::fine("no broker calls itself localhost");
  for (const BrokerFacts& broker : subject.facts.kafka.brokers) {
    const std::string at = runtime::to_string(broker.advertised.at);
    if (!is_loopback(broker.advertised.at.host)) continue;
    verdict.problem(Error(advertised_localhost, "broker {} sends clients to {}", broker.id, at), at);
  }
  return verdict;
}

Verdict advertised_names(const Subject& subject) {
  if (std::string why = without_metadata(subject); !why.empty()) return Verdict::skip(std::move(why));
  Verdict verdict = Verdict::fine("advertised names resolve");
  for (const BrokerFacts& broker : subject.facts.kafka.brokers) {
    if (broker.advertised.resolved) continue;
    const std::string at = runtime::to_string(broker.advertised.at);
    verdict.problem(
        Error(advertised_name_unknown, "broker {} sends clients to {}, which does not resolve here", broker.id, at),
        at);
  }
  return verdict;
}

/// The broker names a host of the profile, with a port that is not the profile's.
bool is_other_port(const KafkaTarget& target, const runtime::Endpoint& advertised) {
  return std::any_of(target.bootstrap.begin(), target.bootstrap.end(), [&](const runtime::Endpoint& endpoint) {
    const bool same_host = equals_ignore_case(endpoint.host, advertised.host) ||
                           (is_loopback(endpoint.host) && is_loopback(advertised.host));
    return same_host && endpoint.port != advertised.port;
  });
}

Verdict advertised_reach(const Subject& subject) {
  if (std::string why = without_metadata(subject); !why.empty()) return Verdict::skip(std::move(why));
  const auto& brokers = subject.facts.kafka.brokers;
  Verdict verdict = Verdict::fine(fmt::format("{} broker{} reachable", brokers.size(), brokers.size() == 1 ? "" : "s"));
  for (const BrokerFacts& broker : brokers) {
    if (!broker.advertised.resolved || broker.advertised.connected()) continue;
    const std::string at = runtime::to_string(broker.advertised.at);
    verdict.problem(
        is_other_port(*subject.targets.kafka, broker.advertised.at)
            ? Error(advertised_other_port, "broker {} was reached, and sends clients to {}, a closed port", broker.id,
                    at)
            : Error(advertised_unreachable, "broker {} sends clients to {}, where nobody answers", broker.id, at),
        at);
  }
  return verdict;
}

int number(const std::map<std::string, std::string>& configs, const std::string& name) {
  const auto found = configs.find(name);
  return found == configs.end() ? 0 : std::atoi(found->second.c_str());
}

Verdict new_topics(const Subject& subject) {
  if (std::string why = without_metadata(subject); !why.empty()) return Verdict::skip(std::move(why));
  const KafkaFacts& facts = subject.facts.kafka;
  const int factor = number(facts.broker_configs, "default.replication.factor");
  if (factor == 0) return Verdict::skip("the broker does not tell its configuration");
  const int brokers = static_cast<int>(facts.brokers.size());
  if (factor <= brokers) return Verdict::fine(fmt::format("replication {} of {}", factor, brokers));
  const Error error(default_replication, "default.replication.factor is {}, with {} broker{}", factor, brokers,
                    brokers == 1 ? "" : "s");
  const auto& topics = subject.targets.kafka->topics;
  const bool must_create = std::any_of(topics.begin(), topics.end(), [&](const TopicUse& topic) {
    const TopicFacts* known = facts.topic(topic.name);
    return topic.is_written && (known == nullptr || known->error != 0);
  });
  return Verdict::found({must_create ? Severity::problem : Severity::warning, {}, error});
}

Verdict internal_topics(const Subject& subject) {
  if (std::string why = without_metadata(subject); !why.empty()) return Verdict::skip(std::move(why));
  const KafkaFacts& facts = subject.facts.kafka;
  if (facts.broker_configs.empty()) return Verdict::skip("the broker does not tell its configuration");
  const int brokers = static_cast<int>(facts.brokers.size());
  Verdict verdict = Verdict::fine("groups and transactions can be kept");
  for (const char* name : {"offsets.topic.replication.factor", "transaction.state.log.replication.factor",
                           "transaction.state.log.min.isr"}) {
    const int wanted = number(facts.broker_configs, name);
    if (wanted > brokers) {
      verdict.problem(
          Error(internal_replication, "{} is {}, with {} broker{}", name, wanted, brokers, brokers == 1 ? "" : "s"),
          name);
    }
  }
  return verdict;
}

constexpr Probe probes[] = {
    {"kafka.address", "Kafka", "the bootstrap servers are hosts and ports", "SO-D415", Proof::reproduced, address},
    {"kafka.name", "Kafka", "the bootstrap servers' names resolve", "SO-D401", Proof::reproduced,
     on_contacts<contacts_of, judge_names>},
    {"kafka.port", "Kafka", "their ports are open", "SO-D402 SO-D403 SO-D413", Proof::reproduced,
     on_contacts<contacts_of, judge_ports>},
    {"kafka.localhost", "Kafka", "the first address of a name answers", "SO-D414", Proof::reproduced,
     on_contacts<contacts_of, judge_localhost>},
    {"kafka.answer", "Kafka", "the servers answer", "SO-D404", Proof::reproduced,
     on_contacts<contacts_of, judge_answers>},
    {"kafka.protocol", "Kafka", "they speak Kafka", "SO-D405", Proof::reproduced,
     on_contacts<contacts_of, judge_protocol>},
    {"kafka.zookeeper", "Kafka", "none is a ZooKeeper", "SO-D421", Proof::reproduced, zookeeper},
    {"kafka.controller", "Kafka", "none is a controller's listener", "SO-D422", Proof::reproduced, controller},
    {"kafka.tls", "Kafka", "TLS on both sides, or on none", "SO-D406 SO-D407", Proof::reproduced,
     on_contacts<contacts_of, judge_tls>},
    {"kafka.certificate", "Kafka", "certificates are valid, trusted and for the right name",
     "SO-D408 SO-D409 SO-D410 SO-D411 SO-D412", Proof::reproduced, on_contacts<contacts_of, judge_certificates>},
    {"kafka.version", "Kafka", "the brokers are young enough", "SO-D440", Proof::reproduced, version},
    {"kafka.login", "Kafka", "mechanism, name and password are right", "SO-D427 SO-D428 SO-D429 SO-D430",
     Proof::reproduced, login},
    {"kafka.advertised_localhost", "Kafka", "brokers elsewhere do not call themselves localhost", "SO-D423",
     Proof::recorded, advertised_as_localhost},
    {"kafka.advertised_name", "Kafka", "advertised names resolve", "SO-D424", Proof::reproduced, advertised_names},
    {"kafka.advertised", "Kafka", "advertised addresses can be reached", "SO-D425 SO-D426", Proof::reproduced,
     advertised_reach},
    {"kafka.new_topics", "Kafka", "topics can be created", "SO-D435", Proof::reproduced, new_topics},
    {"kafka.internal_topics", "Kafka", "groups and transactions can be kept", "SO-D436", Proof::reproduced,
     internal_topics},
};

}  // namespace

std::span<const Probe> kafka_probes() {
  return probes;
}

}  // namespace streamops::doctor
