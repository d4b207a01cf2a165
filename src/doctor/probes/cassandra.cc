// Probes of a Cassandra cluster: contact points, login, nodes, clock.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "doctor/probes/connection.h"
#include "errors/doctor.h"

namespace streamops::doctor {
namespace {

using namespace errors::doctor;

constexpr std::int64_t most_skew_ms = 2000;

Contacts contacts_of(const Subject& subject) {
  Contacts contacts;
  contacts.configured = subject.targets.cassandra.has_value();
  contacts.service = "Cassandra";
  contacts.each = subject.facts.cassandra.contacts;
  contacts.in_container = subject.facts.machine.in_container;
  if (subject.targets.cassandra) contacts.place = subject.targets.cassandra->place;
  return contacts;
}

Verdict address(const Subject& subject) {
  if (!subject.targets.cassandra) return Verdict::skip("not in this profile");
  const CassandraTarget& target = *subject.targets.cassandra;
  Verdict verdict =
      Verdict::fine(fmt::format("{} contact point{}", target.contacts.size(), target.contacts.size() == 1 ? "" : "s"));
  for (const std::string& text : target.unreadable) {
    verdict.problem(
        placed(Error(bad_address, "\"{}\" in cassandra.contact_points is not a host and port", text), target.place));
  }
  return verdict;
}

/// What a port that is not for clients is for; an empty text for others.
std::string_view purpose_of(std::uint16_t port) {
  switch (port) {
    case 7000:
    case 7001:
      return "the nodes' own traffic";
    case 7199:
      return "JMX (nodetool)";
    case 9160:
      return "Thrift, which is gone";
    default:
      return {};
  }
}

/// Cassandra's other ports accept and hang up; so do some that were moved, which only their hanging up tells.
Verdict port_between_nodes(const Subject& subject) {
  const Contacts contacts = contacts_of(subject);
  if (!contacts.configured) return Verdict::skip("not in this profile");
  Verdict verdict = Verdict::fine("no contact point is a port between nodes");
  for (const Contact& contact : contacts.each) {
    const std::string_view purpose = purpose_of(contact.dialled.at.port);
    if (contact.works() || purpose.empty() || !contact.dialled.connected()) continue;
    const std::string where = runtime::to_string(contact.dialled.at);
    verdict.problem(
        placed(Error(internode_port, "port {} is for {}", contact.dialled.at.port, purpose), contacts.place), where);
  }
  return verdict;
}

Verdict login(const Subject& subject) {
  if (!subject.targets.cassandra) return Verdict::skip("not in this profile");
  const CassandraFacts& facts = subject.facts.cassandra;
  const CassandraTarget& target = *subject.targets.cassandra;
  const auto found = [&](Error error) {
    return Verdict::found({Severity::problem, {}, placed(std::move(error), target.place)});
  };
  switch (facts.login) {
    case Login::fine:
      return Verdict::fine("login as " + target.username);
    case Login::not_needed:
    case Login::not_wanted:
      return Verdict::fine("none is asked for");
    case Login::wanted:
      return found(Error(cassandra_login_wanted, "Cassandra asks for a name and a password; the profile has none"));
    case Login::refused:
      return found(
          Error(cassandra_credentials, "Cassandra refuses user \"{}\": {}", target.username, facts.login_message));
    case Login::failed:
      return found(Error(cassandra_login_failed, "opening a session failed: {}",
                         facts.login_message.empty() ? "no answer" : facts.login_message));
    default:
      return Verdict::skip("no contact point could be asked");
  }
}

Verdict version(const Subject& subject) {
  if (!subject.targets.cassandra) return Verdict::skip("not in this profile");
  const std::vector<int>& versions = subject.facts.cassandra.versions;
  if (versions.empty()) return Verdict::skip("no server told its versions");
  const bool common =
      std::any_of(versions.begin(), versions.end(), [](int version) { return version >= 3 && version <= 5; });
  if (common) return Verdict::fine("Cassandra " + subject.facts.cassandra.release);
  return Verdict::found(
      {Severity::problem, {}, Error(protocol_version, "the server's newest version is {}", versions.back())});
}

std::string without_nodes(const Subject& subject) {
  if (!subject.targets.cassandra) return "not in this profile";
  return subject.facts.cassandra.has_nodes ? "" : "the cluster could not be asked";
}

Verdict datacenter(const Subject& subject) {
  if (std::string why = without_nodes(subject); !why.empty()) return Verdict::skip(std::move(why));
  const std::string& wanted = subject.targets.cassandra->local_datacenter;
  std::set<std::string> known{subject.facts.cassandra.local.datacenter};
  for (const NodeFacts& peer : subject.facts.cassandra.peers) known.insert(peer.datacenter);
  if (wanted.empty()) return Verdict::fine("that of the first node, " + *known.begin());
  if (known.contains(wanted)) return Verdict::fine(wanted);
  const std::vector<std::string> names(known.begin(), known.end());
  return Verdict::found(
      {Severity::problem,
       {},
       placed(Error(local_datacenter, "there is no datacenter {}: there is {}", wanted, join(names, ", "))
                  .with_label(did_you_mean(wanted, std::span<const std::string>(names))),
              subject.targets.cassandra->place)});
}

Verdict clock(const Subject& subject) {
  if (std::string why = without_nodes(subject); !why.empty()) return Verdict::skip(std::move(why));
  const CassandraFacts& facts = subject.facts.cassandra;
  if (facts.server_ms == 0) return Verdict::skip("the server does not tell its time");
  const std::int64_t skew = facts.server_ms - facts.asked_ms;
  if (std::abs(skew) <= most_skew_ms) return Verdict::fine(fmt::format("within {} ms", std::abs(skew)));
  return Verdict::found({Severity::problem,
                         {},
                         Error(cassandra_clock, "Cassandra's clock is {} {} this machine's",
                               format_duration(Milliseconds{std::abs(skew)}), skew > 0 ? "ahead of" : "behind")});
}

Verdict schema_versions(const Subject& subject) {
  if (std::string why = without_nodes(subject); !why.empty()) return Verdict::skip(std::move(why));
  const CassandraFacts& facts = subject.facts.cassandra;
  Verdict verdict = Verdict::fine("all nodes agree");
  for (const NodeFacts& peer : facts.peers) {
    if (peer.schema_version.empty() || peer.schema_version == facts.local.schema_version) continue;
    verdict.problem(Error(schema_disagreement, "node {} has another version of the schema", peer.address),
                    peer.address);
  }
  return verdict;
}

Verdict nodes(const Subject& subject) {
  if (std::string why = without_nodes(subject); !why.empty()) return Verdict::skip(std::move(why));
  const std::vector<NodeFacts>& peers = subject.facts.cassandra.peers;
  Verdict verdict = Verdict::fine(fmt::format("{} node{}", peers.size() + 1, peers.empty() ? "" : "s"));
  for (const NodeFacts& peer : peers) {
    if (!peer.dialled || peer.dialled->connected()) continue;
    verdict.warning(Error(node_unreachable, "the cluster names the node {}, where nobody answers",
                          runtime::to_string(peer.dialled->at)),
                    peer.address);
  }
  return verdict;
}

constexpr Probe probes[] = {
    {"cassandra.address", "Cassandra", "the contact points are hosts and ports", "SO-D415", Proof::reproduced, address},
    {"cassandra.name", "Cassandra", "the contact points' names resolve", "SO-D401", Proof::reproduced,
     on_contacts<contacts_of, judge_names>},
    {"cassandra.port", "Cassandra", "their ports are open", "SO-D402 SO-D403 SO-D413", Proof::reproduced,
     on_contacts<contacts_of, judge_ports>},
    {"cassandra.localhost", "Cassandra", "the first address of a name answers", "SO-D414", Proof::reproduced,
     on_contacts<contacts_of, judge_localhost>},
    {"cassandra.answer", "Cassandra", "the servers answer", "SO-D404", Proof::reproduced,
     on_contacts<contacts_of, judge_answers>},
    {"cassandra.protocol", "Cassandra", "they speak CQL", "SO-D405", Proof::reproduced,
     on_contacts<contacts_of, judge_protocol>},
    {"cassandra.internode", "Cassandra", "none is a port between nodes", "SO-D451", Proof::recorded,
     port_between_nodes},
    {"cassandra.tls", "Cassandra", "TLS on both sides, or on none", "SO-D406 SO-D407", Proof::reproduced,
     on_contacts<contacts_of, judge_tls>},
    {"cassandra.certificate", "Cassandra", "certificates are valid, trusted and for the right name",
     "SO-D408 SO-D409 SO-D410 SO-D411 SO-D412", Proof::reproduced, on_contacts<contacts_of, judge_certificates>},
    {"cassandra.version", "Cassandra", "a protocol version in common", "SO-D454", Proof::reproduced, version},
    {"cassandra.login", "Cassandra", "name and password are right", "SO-D452 SO-D453 SO-D468", Proof::reproduced,
     login},
    {"cassandra.datacenter", "Cassandra", "local_datacenter is one of the cluster", "SO-D462", Proof::reproduced,
     datacenter},
    {"cassandra.clock", "Cassandra", "clocks agree within 2 s", "SO-D464", Proof::reproduced, clock},
    {"cassandra.schema_versions", "Cassandra", "the nodes agree about the schema", "SO-D465", Proof::reproduced,
     schema_versions},
    {"cassandra.nodes", "Cassandra", "the other nodes can be reached", "SO-D466", Proof::reproduced, nodes},
};

}  // namespace

std::span<const Probe> cassandra_probes() {
  return probes;
}

}  // namespace streamops::doctor
