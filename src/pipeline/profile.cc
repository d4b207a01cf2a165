#include "pipeline/profile.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "errors/pipeline.h"
#include "pipeline/step_reader.h"

namespace streamops::pipeline {

namespace {

constexpr std::string_view real_users_api = "https://randomuser.me/api/";

/// A login needs name and password; half of one is a mistake that would show only as a refusal.
void check_login(const SectionReader& endpoint, bool wanted, std::string_view login) {
  for (const std::string_view key : {"username", "password"}) {
    const bool given = endpoint.node().find(key) != nullptr;
    if (wanted && !given) {
      endpoint.reading().fail(endpoint.node(), errors::pipeline::missing_key,
                              fmt::format("{} needs the key `{}` for {}", endpoint.path(), key, login));
    }
    if (given && !wanted) {
      endpoint.reading().fail(*endpoint.node().find(key), errors::pipeline::missing_key,
                              fmt::format("{} has a {} and needs the key `sasl` for it", endpoint.path(), key));
    }
  }
}

KafkaEndpoint read_kafka(const SectionReader& profile, const yaml::Node& node) {
  const SectionReader kafka(profile.reading(), file_section("kafka_endpoint"), node, profile.path_of("kafka"));
  check_login(kafka, node.find("sasl") != nullptr, "`sasl`");
  return {kafka.text("bootstrap"), kafka.text("sasl"), kafka.text("username"), kafka.text("password"), read_tls(kafka)};
}

CassandraEndpoint read_cassandra(const SectionReader& profile, const yaml::Node& node) {
  const SectionReader cassandra(profile.reading(), file_section("cassandra_endpoint"), node,
                                profile.path_of("cassandra"));
  check_login(cassandra, node.find("username") != nullptr || node.find("password") != nullptr, "the login");
  CassandraEndpoint endpoint;
  for (Located& point : cassandra.list("contact_points")) endpoint.contact_points.push_back(std::move(point.text));
  endpoint.local_datacenter = cassandra.text("local_datacenter");
  endpoint.username = cassandra.text("username");
  endpoint.password = cassandra.text("password");
  endpoint.consistency = cassandra.text("consistency");
  endpoint.tls = read_tls(cassandra);
  return endpoint;
}

RegistryEndpoint read_registry(const SectionReader& profile, const yaml::Node& node) {
  const SectionReader registry(profile.reading(), file_section("registry_endpoint"), node, profile.path_of("registry"));
  RegistryEndpoint endpoint{registry.text("url"), registry.text("username"), registry.text("password"),
                            registry.text("token"), read_tls(registry)};
  if (!endpoint.token.empty() && !endpoint.username.empty()) {
    registry.reading().fail(*node.find("token"), errors::pipeline::bad_value,
                            fmt::format("{} has a username too: one login is enough", registry.path_of("token")));
  }
  return endpoint;
}

SparkEndpoint read_spark(const SectionReader& profile, const yaml::Node& node) {
  const SectionReader spark(profile.reading(), file_section("spark_endpoint"), node, profile.path_of("spark"));
  SparkEndpoint endpoint;
  endpoint.remote = spark.text("remote");
  endpoint.user = spark.text("user");
  endpoint.token = spark.text("token");
  endpoint.tls = read_tls(spark);
  endpoint.checkpoint_location = spark.text("checkpoint_location");
  endpoint.kafka = spark.text("kafka");
  for (Located& node_of_ring : spark.list("cassandra")) endpoint.cassandra.push_back(std::move(node_of_ring.text));
  endpoint.trigger = spark.duration("trigger").value_or(Seconds{1});
  endpoint.settings = spark.map("settings");
  return endpoint;
}

/// Puts what one section of `profiles` says over `profile`.
void read_profile(Reading& reading, const yaml::Member& member, Profile& profile) {
  const SectionReader section(reading, file_section("profile"), member.value, "profiles." + member.key.text);
  if (const yaml::Node* kafka = section.section("kafka")) profile.kafka = read_kafka(section, *kafka);
  if (const yaml::Node* cassandra = section.section("cassandra"))
    profile.cassandra = read_cassandra(section, *cassandra);
  if (const yaml::Node* registry = section.section("registry")) profile.registry = read_registry(section, *registry);
  if (member.value.find("scheduler") != nullptr) profile.scheduler = section.boolean("scheduler");
  if (member.value.find("engine") != nullptr) {
    profile.engine = section.text("engine") == "spark" ? Engine::spark : Engine::streamops;
  }
  if (const yaml::Node* spark = section.section("spark")) profile.spark = read_spark(section, *spark);
  for (auto& [name, value] : section.map("variables")) profile.variables[name] = value;
}

}  // namespace

std::optional<Profile> built_in_profile(std::string_view name) {
  Profile profile;
  profile.name = name;
  if (name == "embedded") {
    profile.variables = {{"USERS_API", std::string(built_in_users_api)}};
  } else if (name == "live") {
    profile.variables = {{"USERS_API", std::string(real_users_api)}};
  } else if (name == "real") {
    profile.variables = {{"USERS_API", std::string(real_users_api)}};
    profile.kafka = KafkaEndpoint{"localhost:9092", {}, {}, {}, {}};
    profile.cassandra = CassandraEndpoint{{"localhost:9042"}, {}, {}, {}, "LOCAL_QUORUM", {}};
    profile.registry = RegistryEndpoint{"http://localhost:8081", {}, {}, {}, {}};
    profile.spark.emplace().remote = "sc://localhost:15002";
    profile.scheduler = false;
  } else {
    return std::nullopt;
  }
  return profile;
}

TextMap profile_variables(const yaml::Node& root, std::string_view name) {
  const std::optional<Profile> built_in = built_in_profile(name);
  TextMap variables = built_in ? built_in->variables : TextMap();
  const yaml::Node* profiles = root.find("profiles");
  const yaml::Node* own = profiles == nullptr ? nullptr : profiles->find(name);
  const yaml::Node* given = own == nullptr ? nullptr : own->find("variables");
  if (given == nullptr) return variables;
  for (const yaml::Member& member : given->members) {
    if (member.value.kind == yaml::Kind::scalar) variables[member.key.text] = member.value.text;
  }
  return variables;
}

Profile read_profiles(const SectionReader& file, const std::string& chosen, std::vector<std::string>& names) {
  names = {"embedded", "live", "real"};
  std::optional<Profile> profile = built_in_profile(chosen);
  Reading form{file.reading().document, nullptr, file.reading().errors};
  for (const yaml::Member* member : file.sections("profiles")) {
    if (std::find(names.begin(), names.end(), member->key.text) == names.end()) names.push_back(member->key.text);
    if (member->key.text != chosen) {
      Profile unused;
      read_profile(form, *member, unused);
      continue;
    }
    if (!profile) profile = Profile{chosen, {}, {}, {}, {}, true};
    read_profile(file.reading(), *member, *profile);
  }
  if (profile) return *profile;
  Error error(errors::pipeline::unknown_profile, "there is no profile `{}`: there are {}", chosen, join(names, ", "));
  file.reading().errors.push_back(error.with_label(did_you_mean(chosen, std::span<const std::string>(names))));
  return {};
}

}  // namespace streamops::pipeline
