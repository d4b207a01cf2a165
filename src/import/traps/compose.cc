// Traps of compose files: images, order, volumes, ports, secrets, memory.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "errors/doctor.h"
#include "errors/import.h"
#include "import/traps.h"

namespace streamops::importer {

namespace {

using namespace errors::import;

bool is_pinned(const std::string& image) {
  if (image.find("${") != std::string::npos || image.find('@') != std::string::npos) return true;
  const std::size_t slash = image.rfind('/');
  const std::size_t colon = image.find(':', slash == std::string::npos ? 0 : slash);
  return colon != std::string::npos && image.substr(colon + 1) != "latest";
}

void images(const ComposeFile& file, PipelineDraft& draft) {
  for (const Service& service : file.services) {
    if (service.image.empty()) continue;
    const Where where{file.file, service.image_line};
    if (service.image.starts_with("bitnami/") || service.image.starts_with("docker.io/bitnami/"))
      draft.trap(Error(errors::doctor::image_withdrawn, "{} was withdrawn in 2025", service.image), where);
    if (!is_pinned(service.image))
      draft.trap(Error(errors::doctor::image_unpinned, "{} names no version", service.image), where);
  }
}

bool needs_time(Role role) {
  return role == Role::kafka || role == Role::cassandra || role == Role::postgres || role == Role::zookeeper ||
         role == Role::registry;
}

void order(const ComposeFile& file, PipelineDraft& draft) {
  for (const Service& service : file.services) {
    std::string early;
    for (const auto& [name, condition] : service.depends_on) {
      const Service* other = file.find(name);
      const bool waits = condition == "service_healthy" || condition == "service_completed_successfully";
      if (other != nullptr && needs_time(role_of(*other)) && !waits) early += (early.empty() ? "" : ", ") + name;
    }
    if (!early.empty())
      draft.trap(Error(started_too_early, "{} starts before {} answers", service.name, early),
                 {file.file, service.depends_line});
  }
  for (const Service& service : file.services) {
    const Role role = role_of(service);
    if ((role == Role::cassandra || role == Role::kafka) && !service.has_health_check)
      draft.trap(Error(started_too_early, "{} has no healthcheck: nobody can wait for it", service.name),
                 {file.file, service.line});
  }
}

void volumes(const ComposeFile& file, PipelineDraft& draft) {
  const std::map<Role, const char*> folders{{Role::cassandra, "/var/lib/cassandra"},
                                            {Role::postgres, "/var/lib/postgresql"}};
  for (const Service& service : file.services) {
    const auto folder = folders.find(role_of(service));
    if (folder == folders.end()) continue;
    const auto holds = [&](const std::string& mount) {
      return mount.find(folder->second) != std::string::npos || mount.find("/bitnami") != std::string::npos;
    };
    if (std::none_of(service.mounts.begin(), service.mounts.end(), holds))
      draft.trap(Error(data_in_container, "{} keeps its data inside of the container", service.name)
                     .with_hint(fmt::format("mount a volume at {}", folder->second)),
                 {file.file, service.line});
  }
}

void ports(const ComposeFile& file, PipelineDraft& draft) {
  std::map<int, std::string> users;
  for (const Service& service : file.services) {
    for (const PublishedPort& port : service.ports) {
      const auto [found, is_first] = users.try_emplace(port.host, service.name);
      if (!is_first && found->second != service.name)
        draft.trap(Error(port_twice, "{} and {} both publish the port {}", found->second, service.name, port.host),
                   {file.file, port.line});
    }
  }
}

void secrets(const ComposeFile& file, PipelineDraft& draft) {
  for (const Service& service : file.services) {
    for (const auto& [name, variable] : service.environment) {
      const bool secret = names_secret(name) && name.find("SERIALIZER") == std::string::npos &&
                          name.find("PATH") == std::string::npos && name.find("FILE") == std::string::npos;
      const bool literal = !variable.value.empty() && variable.value.find("${") == std::string::npos;
      if (secret && literal)
        draft.trap(Error(secret_in_script, "{} of {} stands in the compose file", name, service.name)
                       .with_hint(fmt::format("write ${{{}}} and keep the value out of version control", name)),
                   {file.file, variable.line});
    }
  }
}

void start_commands(const ComposeFile& file, PipelineDraft& draft) {
  for (const Service& service : file.services) {
    if (service.command.find("pip install") != std::string::npos ||
        service.variable("_PIP_ADDITIONAL_REQUIREMENTS") != nullptr)
      draft.trap(Error(installs_at_start, "{} installs packages at every start", service.name),
                 {file.file, service.command_line > 0 ? service.command_line : service.line});
  }
}

void memory(const ComposeFile& file, PipelineDraft& draft) {
  std::vector<std::string> names;
  for (const Service& service : file.services) {
    const Role role = role_of(service);
    const bool is_java = role == Role::kafka || role == Role::zookeeper || role == Role::cassandra ||
                         role == Role::registry || role == Role::spark || service.image_is("control-center");
    const bool has_heap =
        service.variable("MAX_HEAP_SIZE") != nullptr || service.variable("KAFKA_HEAP_OPTS") != nullptr;
    if (is_java && !has_heap && !service.limits_memory) names.push_back(service.name);
  }
  if (names.size() < 5) return;
  draft.trap(Error(memory_unlimited, "{} services on Java without a memory limit: {}", names.size(), join(names, ", ")),
             {file.file, file.services[0].line});
}

void networks(const ComposeFile& file, PipelineDraft& draft) {
  for (const auto& [name, line] : file.external_networks)
    draft.trap(Error(network_missing, "the network {} is external", name)
                   .with_hint(fmt::format("docker network create {}, or take `external` out", name)),
               {file.file, line});
}

}  // namespace

void find_compose_traps(const Sources& sources, PipelineDraft& draft) {
  for (const ComposeFile& file : sources.compose) {
    for (const auto find : {images, order, volumes, ports, secrets, start_commands, memory, networks})
      find(file, draft);
  }
}

void find_traps(const Sources& sources, PipelineDraft& draft) {
  for (const auto& [error, where] : sources.mistakes) draft.trap(error, where);
  for (const SkippedFile& file : sources.project.skipped)
    draft.trap(Error(file_skipped, "{} was not read: {}", file.path, file.why), {file.path, 1});
  find_compose_traps(sources, draft);
  find_kafka_traps(sources, draft);
  find_script_traps(sources, draft);
  find_airflow_traps(sources, draft);
  find_spark_traps(sources, draft);
}

}  // namespace streamops::importer
