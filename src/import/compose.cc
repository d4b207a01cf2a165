#include "import/compose.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "pipeline/yaml.h"

namespace streamops::importer {

namespace {

using pipeline::yaml::Kind;
using pipeline::yaml::Node;

class Reader {
 public:
  Reader(const pipeline::yaml::Document& document, const Variables& variables)
      : document_(document), variables_(variables) {}

  ComposeFile read() {
    ComposeFile out;
    out.file = document_.file();
    if (const Node* services = document_.root().find("services")) {
      for (const auto& member : services->members) {
        if (member.value.kind == Kind::mapping) out.services.push_back(service(member.key.text, member.value));
        if (member.value.kind == Kind::mapping) out.services.back().line = line(member.key);
      }
    }
    if (const Node* networks = document_.root().find("networks")) {
      for (const auto& member : networks->members) {
        const Node* external = member.value.find("external");
        if (external != nullptr && external->text != "false")
          out.external_networks.emplace_back(member.key.text, line(member.key));
      }
    }
    return out;
  }

 private:
  std::uint32_t line(const Node& node) const { return document_.place(node).line; }

  /// A member of a mapping, or of what `<<` merges into it.
  const Node* find(const Node& node, std::string_view key, int depth = 0) const {
    if (const Node* found = node.find(key)) return found;
    const Node* merged = depth < 8 ? node.find("<<") : nullptr;
    if (merged == nullptr) return nullptr;
    if (merged->kind == Kind::mapping) return find(*merged, key, depth + 1);
    for (const Node& item : merged->items) {
      if (const Node* found = find(item, key, depth + 1)) return found;
    }
    return nullptr;
  }

  std::string text(const Node* node) const { return node == nullptr ? "" : interpolate(node->text); }

  /// `$NAME`, `${NAME}`, `${NAME:-default}`; what has no value stays as it is.
  std::string interpolate(const std::string& text) const {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] != '$' || at + 1 == text.size() || text[at + 1] == '$') {
        out += text[at];
        if (text[at] == '$' && at + 1 < text.size()) ++at;
        continue;
      }
      const bool braces = text[at + 1] == '{';
      const std::size_t begin = at + (braces ? 2 : 1);
      std::size_t end = begin;
      while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) ++end;
      const std::size_t close = braces ? text.find('}', end) : end;
      if (close == std::string::npos || end == begin) {
        out += text[at];
        continue;
      }
      const std::string name = text.substr(begin, end - begin);
      std::string fallback = braces ? text.substr(end, close - end) : "";
      const auto found = variables_.find(name);
      if (found != variables_.end()) {
        out += found->second;
      } else if (const std::size_t dash = fallback.find('-'); dash != std::string::npos && dash < 2) {
        out += fallback.substr(dash + 1);
      } else {
        out += "${" + name + "}";
      }
      at = braces ? close : end - 1;
    }
    return out;
  }

  Service service(const std::string& name, const Node& node) const {
    Service out;
    out.name = name;
    if (const Node* image = find(node, "image")) {
      out.image = text(image);
      out.image_line = line(*image);
    }
    if (const Node* ports = find(node, "ports")) {
      for (const Node& item : ports->items) port(item, out);
    }
    environment(node, out, 0);
    for (const char* key : {"entrypoint", "command"}) {
      const Node* command = find(node, key);
      if (command == nullptr) continue;
      if (out.command_line == 0) out.command_line = line(*command);
      out.command += (out.command.empty() ? "" : " ") + text(command);
      for (const Node& word : command->items) out.command += " " + interpolate(word.text);
    }
    out.has_health_check = find(node, "healthcheck") != nullptr;
    if (const Node* volumes = find(node, "volumes")) {
      for (const Node& item : volumes->items)
        out.mounts.push_back(item.kind == Kind::mapping ? text(item.find("source")) + ":" + text(item.find("target"))
                                                        : interpolate(item.text));
    }
    if (const Node* depends = find(node, "depends_on")) {
      out.depends_line = line(*depends);
      for (const Node& item : depends->items) out.depends_on[item.text] = "service_started";
      for (const auto& member : depends->members)
        out.depends_on[member.key.text] = text(member.value.find("condition"));
    }
    out.host_name = text(find(node, "hostname"));
    const Node* deploy = find(node, "deploy");
    out.limits_memory =
        find(node, "mem_limit") != nullptr || (deploy != nullptr && deploy->find("resources") != nullptr);
    return out;
  }

  void environment(const Node& node, Service& out, int depth) const {
    const Node* found = find(node, "environment");
    if (found == nullptr || depth > 0) return;
    for (const Node& item : found->items) {
      const std::size_t equals = item.text.find('=');
      if (equals == std::string::npos) continue;
      out.environment[item.text.substr(0, equals)] = {interpolate(item.text.substr(equals + 1)), line(item)};
    }
    variables_of(*found, out, 0);
  }
  void variables_of(const Node& node, Service& out, int depth) const {
    for (const auto& member : node.members) {
      if (member.key.text == "<<" && depth < 8) {
        variables_of(member.value, out, depth + 1);
        for (const Node& item : member.value.items) variables_of(item, out, depth + 1);
      } else if (depth == 0 || !out.environment.contains(member.key.text)) {
        out.environment[member.key.text] = {interpolate(member.value.text), line(member.key)};
      }
    }
  }

  static int number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && value > 0 && value < 65536 ? value : 0;
  }

  /// "9092:9092", "127.0.0.1:9092:9092", "9092:9092/tcp", or the long form.
  void port(const Node& node, Service& out) const {
    PublishedPort made;
    made.line = line(node);
    if (node.kind == Kind::mapping) {
      made.host = number(text(node.find("published")));
      made.container = number(text(node.find("target")));
    } else {
      const std::string whole = interpolate(node.text);
      const std::vector<std::string_view> parts = split(std::string_view(whole).substr(0, whole.find('/')), ':');
      if (parts.size() < 2) return;
      made.container = number(parts[parts.size() - 1]);
      made.host = number(parts[parts.size() - 2]);
    }
    if (made.host > 0 && made.container > 0) out.ports.push_back(made);
  }

  const pipeline::yaml::Document& document_;
  const Variables& variables_;
};

}  // namespace

const ServiceVariable* Service::variable(std::string_view key) const {
  const auto found = environment.find(std::string(key));
  return found == environment.end() ? nullptr : &found->second;
}

const Service* ComposeFile::find(std::string_view name) const {
  for (const Service& service : services) {
    if (service.name == name || service.host_name == name) return &service;
  }
  return nullptr;
}

Variables read_variables(const std::string& text) {
  Variables out;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const std::size_t equals = line.find('=');
    if (line.empty() || line[0] == '#' || equals == std::string_view::npos) continue;
    std::string_view value = trim(line.substr(equals + 1));
    if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
      value = value.substr(1, value.size() - 2);
    out[std::string(trim(line.substr(0, equals)))] = std::string(value);
  }
  return out;
}

Result<ComposeFile> read_compose(const std::string& text, const std::string& file, const Variables& variables) {
  STREAMOPS_ASSIGN(const std::shared_ptr<const pipeline::yaml::Document> document,
                   pipeline::yaml::Document::parse(text, file));
  return Reader(*document, variables).read();
}

Role role_of(const Service& service) {
  // The most telling part first: "confluentinc/cp-enterprise-control-center" is no broker.
  constexpr std::array<std::pair<std::string_view, Role>, 15> parts{{{"zookeeper", Role::zookeeper},
                                                                     {"schema-registry", Role::registry},
                                                                     {"control-center", Role::web_page},
                                                                     {"kafka-ui", Role::web_page},
                                                                     {"kafdrop", Role::web_page},
                                                                     {"kafka-connect", Role::other},
                                                                     {"cp-kafka", Role::kafka},
                                                                     {"cp-server", Role::kafka},
                                                                     {"redpanda", Role::kafka},
                                                                     {"kafka", Role::kafka},
                                                                     {"cassandra", Role::cassandra},
                                                                     {"scylla", Role::cassandra},
                                                                     {"spark", Role::spark},
                                                                     {"airflow", Role::airflow},
                                                                     {"postgres", Role::postgres}}};
  const std::string image = to_lower(service.image.empty() ? service.name : service.image);
  for (const auto& [part, role] : parts) {
    if (image.find(part) != std::string::npos) return role;
  }
  return Role::other;
}

std::map<std::string, std::string> advertised_listeners(const Service& service) {
  std::map<std::string, std::string> out;
  for (const char* key : {"KAFKA_ADVERTISED_LISTENERS", "KAFKA_CFG_ADVERTISED_LISTENERS"}) {
    const ServiceVariable* variable = service.variable(key);
    if (variable == nullptr) continue;
    for (const std::string_view piece : split(variable->value, ',')) {
      const std::size_t at = piece.find("://");
      if (at != std::string_view::npos)
        out[std::string(trim(piece.substr(0, at)))] = std::string(trim(piece.substr(at + 3)));
    }
  }
  return out;
}

}  // namespace streamops::importer
