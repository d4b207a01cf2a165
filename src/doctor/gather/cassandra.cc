#include "doctor/gather/cassandra.h"

#include <algorithm>
#include <charconv>

#include "cql/protocol/requests.h"
#include "doctor/gather/contact.h"
#include "doctor/gather/cql_talk.h"

namespace streamops::doctor {
namespace {

constexpr std::string_view local_query =
    "SELECT data_center, release_version, schema_version, rpc_address, toTimestamp(now()) AS now FROM system.local";
constexpr std::string_view peers_query = "SELECT data_center, schema_version, rpc_address FROM system.peers";

std::string cell(const CqlRow& row, const std::string& name) {
  const auto found = row.find(name);
  return found == row.end() ? std::string() : found->second;
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// 'it''s' of a name, for a literal.
std::string literal(const std::string& text) {
  std::string out = "'";
  for (const char letter : text) out += letter == '\'' ? std::string("''") : std::string(1, letter);
  return out + "'";
}

/// "{'class': 'org...SimpleStrategy', 'replication_factor': '1'}" as pairs; the class without its package.
std::map<std::string, std::string> replication_of(const std::string& text) {
  std::map<std::string, std::string> pairs;
  std::vector<std::string> words;
  for (std::size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 1)) {
    const std::size_t end = text.find('\'', at + 1);
    if (end == std::string::npos) break;
    words.push_back(text.substr(at + 1, end - at - 1));
    at = end;
  }
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::size_t package = words[i] == "class" ? words[i + 1].rfind('.') : std::string::npos;
    pairs[words[i]] = package == std::string::npos ? words[i + 1] : words[i + 1].substr(package + 1);
  }
  return pairs;
}

/// The numbers of "3/v3", "4/v4", "6/v6-beta"; a beta does not count.
std::vector<int> versions_of(const cql::StringMultimap& supported) {
  std::vector<int> versions;
  for (const auto& [name, values] : supported) {
    if (name != "PROTOCOL_VERSIONS") continue;
    for (const std::string& value : values) {
      if (value.find("beta") == std::string::npos) versions.push_back(static_cast<int>(number(value)));
    }
  }
  return versions;
}

class Gatherer {
 public:
  Gatherer(const CassandraTarget& target, const Limits& limits)
      : target_(target), limits_(limits), last_(in(limits.whole)) {}

  CassandraFacts gather() {
    std::unique_ptr<Line> line = contact_all();
    if (!line) return std::move(facts_);
    CqlTalk talk(*line);
    if (!log_in(talk)) return std::move(facts_);
    ask_nodes(talk);
    ask_schema(talk);
    dial_peers();
    return std::move(facts_);
  }

 private:
  Deadline step() const { return in(limits_.step, last_); }

  /// The line to the first contact point that works.
  std::unique_ptr<Line> contact_all() {
    std::vector<Opened> opened(target_.contacts.size());
    std::vector<std::vector<int>> versions(target_.contacts.size());
    std::vector<std::function<void()>> work;
    work.reserve(opened.size());
    for (std::size_t i = 0; i < opened.size(); ++i)
      work.emplace_back([this, i, &opened, &versions] { opened[i] = contact(target_.contacts[i], versions[i]); });
    in_parallel(std::move(work));
    std::unique_ptr<Line> line;
    for (std::size_t i = 0; i < opened.size(); ++i) {
      facts_.contacts.push_back(std::move(opened[i].contact));
      if (facts_.versions.empty()) facts_.versions = std::move(versions[i]);
      if (!line) line = std::move(opened[i].line);
    }
    return line;
  }

  Opened contact(const runtime::Endpoint& at, std::vector<int>& versions) const {
    bool wants_certificate = false;
    const Greeting greeting = [&](Line& line, Deadline until, Bytes& said) {
      CqlTalk talk(line);
      const std::optional<CqlTalk::Answer> answer = talk.ask(cql::Opcode::options, {}, until);
      wants_certificate = talk.how() == Line::Read::certificate_wanted;
      said = talk.said();
      if (!answer) return said.empty() ? speech_of(talk.how()) : Speech::other;
      if (answer->opcode == cql::Opcode::supported) {
        if (const auto supported = cql::decode_supported(answer->frame())) versions = versions_of(*supported);
      }
      return Speech::expected;
    };
    Opened opened = open_contact(at, target_.tls, limits_, last_, greeting);
    if (wants_certificate) opened.contact.tls.outcome = TlsOutcome::wants_certificate;
    return opened;
  }

  bool log_in(CqlTalk& talk) {
    Bytes body;
    cql::append_startup(body, cql::Startup{{{"CQL_VERSION", "3.0.0"}, {"DRIVER_NAME", "streamops-doctor"}}});
    std::optional<CqlTalk::Answer> answer = talk.ask(cql::Opcode::startup, body, step());
    if (!answer) {
      facts_.login = Login::failed;
      return false;
    }
    if (answer->opcode == cql::Opcode::ready) {
      facts_.login = target_.username.empty() ? Login::not_needed : Login::not_wanted;
      return true;
    }
    if (answer->opcode != cql::Opcode::authenticate) return note_refusal(*answer, Login::failed);
    if (target_.username.empty()) {
      facts_.login = Login::wanted;
      return false;
    }
    const std::string token = std::string(1, '\0') + target_.username + std::string(1, '\0') + target_.password;
    Bytes response;
    cql::append_auth_response(response, cql::AuthResponse{as_bytes(token)});
    answer = talk.ask(cql::Opcode::auth_response, response, step());
    if (!answer || answer->opcode != cql::Opcode::auth_success)
      return note_refusal(answer.value_or(CqlTalk::Answer{}), Login::refused);
    facts_.login = Login::fine;
    return true;
  }

  bool note_refusal(const CqlTalk::Answer& answer, Login login) {
    facts_.login = login;
    if (answer.error) facts_.login_message = answer.error->message;
    return false;
  }

  void ask_nodes(CqlTalk& talk) {
    const std::int64_t before = to_millis(runtime::system_clock().wall());
    const auto local = talk.query(local_query, step());
    const std::int64_t after = to_millis(runtime::system_clock().wall());
    const auto peers = talk.query(peers_query, step());
    if (!local || local->empty() || !peers) return;
    facts_.has_nodes = true;
    facts_.local = node_of(local->front());
    facts_.release = cell(local->front(), "release_version");
    facts_.server_ms = number(cell(local->front(), "now"));
    facts_.asked_ms = before + (after - before) / 2;
    for (const CqlRow& row : *peers) facts_.peers.push_back(node_of(row));
  }

  static NodeFacts node_of(const CqlRow& row) {
    return {cell(row, "rpc_address"), cell(row, "data_center"), cell(row, "schema_version"), std::nullopt};
  }

  void ask_schema(CqlTalk& talk) {
    for (const TableUse& use : target_.tables) {
      const std::string keyspace = literal(use.keyspace);
      const auto keyspaces =
          talk.query("SELECT * FROM system_schema.keyspaces WHERE keyspace_name = " + keyspace, step());
      const auto columns = talk.query("SELECT * FROM system_schema.columns WHERE keyspace_name = " + keyspace +
                                          " AND table_name = " + literal(use.table),
                                      step());
      if (!keyspaces || !columns) return;
      KeyspaceFacts& facts = facts_.keyspaces[use.keyspace];
      facts.exists = !keyspaces->empty();
      if (facts.exists) {
        facts.durable_writes = cell(keyspaces->front(), "durable_writes") != "false";
        facts.replication = replication_of(cell(keyspaces->front(), "replication"));
      }
      for (const CqlRow& row : *columns) {
        facts_.tables[use.name()].push_back({cell(row, "column_name"), cell(row, "type"), cell(row, "kind"),
                                             static_cast<int>(number(cell(row, "position")))});
      }
    }
    facts_.has_schema = true;
  }

  void dial_peers() {
    std::vector<std::function<void()>> work;
    const std::uint16_t port = target_.contacts.empty() ? 9042 : target_.contacts.front().port;
    for (NodeFacts& peer : facts_.peers) {
      if (peer.address.empty()) continue;
      work.emplace_back([this, &peer, port] { peer.dialled = dial({peer.address, port}, step()); });
    }
    in_parallel(std::move(work));
  }

  const CassandraTarget& target_;
  const Limits& limits_;
  Deadline last_;
  CassandraFacts facts_;
};

}  // namespace

CassandraFacts gather_cassandra(const CassandraTarget& target, const Limits& limits) {
  return Gatherer(target, limits).gather();
}

}  // namespace streamops::doctor
