// import/compose.h — the compose file of a project: services with their images, ports, environment and order.
//
// Read with the YAML reader of pipeline files (pipeline/yaml.h), which keeps places. Merge keys (`<<`) are followed;
// `${NAME:-default}` is put in from the project's .env file and from defaults.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace streamops::importer {

struct PublishedPort {
  int host = 0;
  int container = 0;
  std::uint32_t line = 0;
};

struct ServiceVariable {
  std::string value;
  std::uint32_t line = 0;
};

struct Service {
  std::string name;
  std::uint32_t line = 0;
  std::string image;  // empty: built
  std::uint32_t image_line = 0;
  std::vector<PublishedPort> ports;
  std::map<std::string, ServiceVariable> environment;
  std::string command;  // command and entrypoint, in one line
  std::uint32_t command_line = 0;
  bool has_health_check = false;
  std::vector<std::string> mounts;                // inside of the container, and host paths: "./dags:/opt/airflow/dags"
  std::map<std::string, std::string> depends_on;  // service -> condition
  std::uint32_t depends_line = 0;
  std::string host_name;
  bool limits_memory = false;

  bool image_is(std::string_view part) const { return image.find(part) != std::string::npos; }
  const ServiceVariable* variable(std::string_view key) const;
};

struct ComposeFile {
  std::string file;
  std::vector<Service> services;
  std::vector<std::pair<std::string, std::uint32_t>> external_networks;

  const Service* find(std::string_view name) const;
};

using Variables = std::map<std::string, std::string>;

/// `NAME=value` lines, as in .env.
Variables read_variables(const std::string& text);

/// Errors: SO-P001 to SO-P005 (not YAML), each with its place.
Result<ComposeFile> read_compose(const std::string& text, const std::string& file, const Variables& variables);

/// What a service is, by its image and name.
enum class Role : std::uint8_t { other, kafka, zookeeper, cassandra, registry, spark, airflow, postgres, web_page };
Role role_of(const Service& service);

/// A broker's listeners: "PLAINTEXT_HOST" -> "localhost:9092", as the service advertises them.
std::map<std::string, std::string> advertised_listeners(const Service& service);

}  // namespace streamops::importer
