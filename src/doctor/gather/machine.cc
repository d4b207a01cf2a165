#include "doctor/gather/machine.h"

#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include "base/text.h"
#include "doctor/gather/dial.h"
#include "doctor/gather/proxy.h"

namespace streamops::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kibibyte = 1024;

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return std::move(content).str();
}

std::optional<std::int64_t> number(std::string_view text) {
  text = trim(text);
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc{} && end != text.data() ? std::optional(value) : std::nullopt;
}

/// "MemTotal:       16318480 kB" of /proc/meminfo, in bytes.
std::int64_t memory_line(const std::string& meminfo, std::string_view name) {
  for (const std::string_view line : split(meminfo, '\n')) {
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':'))
      return number(line.substr(name.size() + 1)).value_or(0) * kibibyte;
  }
  return 0;
}

/// The folders of this process's control group and all above it, in version 2 ("0::/a/b") or of version 1's memory
/// controller ("4:memory:/a/b").
std::vector<std::string> memory_groups(const std::string& root) {
  std::vector<std::string> folders;
  const std::string groups = content_of(root + "/proc/self/cgroup");
  for (const std::string_view line : split(groups, '\n')) {
    const std::vector<std::string_view> parts = split(line, ':');
    if (parts.size() < 3) continue;
    const bool is_memory = parts[1].find("memory") != std::string_view::npos;
    if (!is_memory && !parts[1].empty()) continue;
    const std::string base = root + (is_memory ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup");
    for (fs::path path(parts[2]);; path = path.parent_path()) {
      folders.push_back(base + path.string());
      if (!path.has_relative_path()) break;
    }
  }
  return folders;
}

void look_at_memory(MachineFacts& facts, const std::string& root) {
  const std::string meminfo = content_of(root + "/proc/meminfo");
  facts.memory = memory_line(meminfo, "MemTotal");
  facts.memory_available = memory_line(meminfo, "MemAvailable");
  for (const std::string& folder : memory_groups(root)) {
    for (const char* name : {"/memory.max", "/memory.limit_in_bytes"}) {
      const std::optional<std::int64_t> limit = number(content_of(folder + name));
      if (!limit || *limit <= 0 || *limit >= facts.memory) continue;
      facts.memory = *limit;
      facts.memory_limited = true;
    }
  }
  if (facts.memory_limited) facts.memory_available = std::min(facts.memory_available, facts.memory);
}

std::string file_system_of(const std::string& path) {
  constexpr std::uint64_t tmpfs = 0x01021994, ramfs = 0x858458F6, nfs = 0x6969, cifs = 0xFF534D42, smb2 = 0xFE534D42;
  struct statfs found{};
  if (::statfs(path.c_str(), &found) != 0) return {};
  const std::uint64_t kind = static_cast<std::uint64_t>(found.f_type) & 0xFFFFFFFF;
  if (kind == tmpfs || kind == ramfs) return "tmpfs";
  if (kind == nfs || kind == cifs || kind == smb2) return "network";
  return "disk";
}

void look_at_directory(MachineFacts& facts, const MachineTarget& target) {
  facts.directory = target.data_directory;
  std::error_code ignored;
  fs::path nearest = fs::absolute(target.data_directory, ignored).lexically_normal();
  if (fs::is_directory(nearest, ignored) && !fs::is_empty(nearest, ignored) && target.try_directory) {
    const Result<void> taken = target.try_directory(target.data_directory);
    if (!taken) facts.directory_refused = taken.error();
  }
  while (!fs::exists(nearest, ignored) && nearest.has_relative_path()) nearest = nearest.parent_path();
  facts.nearest = nearest.string();
  facts.writable = fs::is_directory(nearest, ignored) && ::access(facts.nearest.c_str(), W_OK | X_OK) == 0;
  facts.file_system = file_system_of(facts.nearest);
  // What the kernel makes up (/proc, /sys) grants the right to write and has no room.
  struct statvfs room{};
  if (::statvfs(facts.nearest.c_str(), &room) != 0) return;
  facts.read_only = (room.f_flag & ST_RDONLY) != 0 || room.f_blocks == 0;
  facts.disk_free = static_cast<std::int64_t>(room.f_bavail) * static_cast<std::int64_t>(room.f_frsize);
}

void look_at_ports(MachineFacts& facts, const MachineTarget& target) {
  if (target.ports.empty()) return;
  const std::unique_ptr<runtime::LoopThread> thread = runtime::make_loop_thread("ports");
  std::promise<void> done;
  thread->loop().post([&] {
    const std::unique_ptr<runtime::Network> network = runtime::make_network(thread->loop());
    for (const auto& [setting, port] : target.ports) {
      PortFacts& each = facts.ports.emplace_back(PortFacts{setting, port, std::nullopt});
      const auto listener = network->listen({"127.0.0.1", static_cast<std::uint16_t>(port)}, [](const auto&) {});
      if (!listener) each.taken = listener.error();
    }
    done.set_value();
  });
  done.get_future().wait();
  thread->stop();
}

bool is_known_zone(const std::string& zone, const std::string& root) {
  if (zone.empty() || zone.find_first_of("0123456789") != std::string::npos) return true;  // "CET-1CEST" is a rule
  const std::string name = zone.starts_with(':') ? zone.substr(1) : zone;
  std::error_code ignored;
  return fs::exists(name.starts_with('/') ? name : root + "/usr/share/zoneinfo/" + name, ignored);
}

}  // namespace

MachineFacts gather_machine(const MachineTarget& target, const std::string& root) {
  MachineFacts facts;
  std::error_code ignored;
  facts.in_container = fs::exists(root + "/.dockerenv", ignored) || fs::exists(root + "/run/.containerenv", ignored);
  look_at_memory(facts, root);
  look_at_directory(facts, target);
  look_at_ports(facts, target);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    facts.open_files = static_cast<std::int64_t>(files.rlim_cur);
    facts.open_files_hard = static_cast<std::int64_t>(files.rlim_max);
  }
  const Dialled localhost = dial({"localhost", 1}, in(Seconds{1}));
  facts.localhost_resolved = localhost.resolved;
  for (const Attempt& attempt : localhost.attempts) facts.localhost.push_back(attempt.address);
  facts.proxies = environment_proxies();
  const char* zone = std::getenv("TZ");
  facts.time_zone = zone == nullptr ? "" : zone;
  facts.time_zone_known = is_known_zone(facts.time_zone, root);
  facts.now = runtime::system_clock().wall();
  return facts;
}

ProjectFacts gather_project(const std::string& folder) {
  ProjectFacts facts;
  if (folder.empty()) return facts;
  std::error_code ignored;
  for (const char* name : {"/script/entrypoint.sh", "/scripts/entrypoint.sh", "/entrypoint.sh"}) {
    const std::string path = folder + name;
    if (!fs::is_regular_file(path, ignored)) continue;
    facts.scripts.push_back(
        {path, ::access(path.c_str(), X_OK) == 0, content_of(path).find("\r\n") != std::string::npos});
  }
  for (const char* name : {"/docker-compose.yml", "/docker-compose.yaml", "/compose.yaml", "/compose.yml"}) {
    const std::string path = folder + name;
    int number = 0;
    const std::string content = content_of(path);
    for (const std::string_view line : split(content, '\n')) {
      ++number;
      std::string_view text = trim(line);
      if (!text.starts_with("image:")) continue;
      text = trim(text.substr(6));
      text = trim(text.substr(0, text.find(" #")));
      if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'')) text = text.substr(1, text.size() - 2);
      facts.images.push_back({path, number, std::string(line), std::string(text)});
    }
  }
  return facts;
}

}  // namespace streamops::doctor
