#include "app/data_directory.h"

#include <signal.h>
#include <simdjson.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "base/json_writer.h"
#include "base/text.h"
#include "errors/app.h"

namespace streamops::app {
namespace {

constexpr std::string_view format_head = "streamops data ";
constexpr int format_version = 1;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

Result<void> check_format(const std::string& path, runtime::Disk& disk) {
  const std::string file = path + "/format";
  if (!disk.exists(file)) {
    STREAMOPS_ASSIGN(const std::vector<std::string> names, disk.list(path));
    for (const std::string& name : names) {
      if (name != "lock" && name != "format.new")
        return Error(errors::app::not_our_directory, "{} holds other files, \"{}\" for one", path, name);
    }
    return disk.replace_file(file, as_bytes(fmt::format("{}{}\n", format_head, format_version)));
  }
  STREAMOPS_ASSIGN(const Bytes content, disk.read_file(file));
  const std::string_view text = trim(as_text(content));
  int version = 0;
  const bool is_ours = text.starts_with(format_head);
  const std::string_view number = is_ours ? text.substr(format_head.size()) : std::string_view();
  const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), version);
  if (!is_ours || failure != std::errc{} || end != number.data() + number.size()) {
    return Error(errors::app::not_our_directory, "{} is not the format file of a StreamOps data directory", file);
  }
  if (version > format_version) {
    return Error(errors::app::newer_directory, "{} has data format {}; this binary reads up to {}", path, version,
                 format_version);
  }
  return Ok();
}

}  // namespace

std::string default_data_directory() {
  if (const std::string state = environment("STATE_DIRECTORY"); !state.empty()) return state;
  if (const std::string state = environment("XDG_STATE_HOME"); !state.empty()) return state + "/streamops";
  const std::string home = environment("HOME");
  return (home.empty() ? "/var/lib" : home + "/.local/state") + "/streamops";
}

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const std::string& path, runtime::Disk& disk) {
  STREAMOPS_RETURN_IF_ERROR(disk.make_directories(path));
  if (!disk.exists(path + "/format")) {
    // Before the lock file is put there: a directory that is not ours stays as it was.
    STREAMOPS_RETURN_IF_ERROR(check_format(path, disk));
  }
  STREAMOPS_ASSIGN(std::unique_ptr<runtime::DirectoryLock> lock, runtime::DirectoryLock::take(path));
  STREAMOPS_RETURN_IF_ERROR(check_format(path, disk));
  return std::unique_ptr<DataDirectory>(new DataDirectory(path, disk, std::move(lock)));
}

Result<std::string> DataDirectory::room(const std::string& name) {
  std::string directory = path_ + "/" + name;
  STREAMOPS_RETURN_IF_ERROR(disk_.make_directories(directory));
  return directory;
}

Result<void> DataDirectory::publish_endpoints(const std::map<std::string, std::string>& endpoints) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, address] : endpoints) json.field(name, address);
  json.field("pid", ::getpid()).end_object();
  return disk_.replace_file(path_ + "/endpoints.json", as_bytes(json.text() + "\n"));
}

void DataDirectory::withdraw_endpoints() {
  (void)disk_.remove(path_ + "/endpoints.json").ok();
}

Result<std::map<std::string, std::string>> read_endpoints(const std::string& directory, const runtime::Disk& disk) {
  const Error not_running(errors::app::not_running, "no StreamOps is running in {}", directory);
  const Result<Bytes> content = disk.read_file(directory + "/endpoints.json");
  if (!content) return not_running;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(std::string(as_text(*content))).get(object) != simdjson::SUCCESS) return not_running;
  std::map<std::string, std::string> endpoints;
  for (const auto [key, value] : object) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) endpoints.emplace(key, text);
  }
  std::int64_t pid = 0;
  if (object["pid"].get(pid) != simdjson::SUCCESS || (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH))
    return not_running;
  return endpoints;
}

}  // namespace streamops::app
