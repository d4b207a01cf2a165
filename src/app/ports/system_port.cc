#include "app/ports/system_port.h"

#include <unistd.h>

#include <fstream>

#include "app/version.h"
#include "runtime/clock.h"

namespace streamops::app {
namespace {

class ProcessPort final : public console::SystemPort {
 public:
  ProcessPort(std::string data_directory, const std::map<std::string, std::string>& endpoints,
              const std::set<std::string>& external)
      : data_directory_(std::move(data_directory)),
        endpoints_(endpoints),
        external_(external),
        started_at_(runtime::system_clock().wall()) {}

  console::SystemStatus status() override {
    console::SystemStatus status;
    status.version = version;
    status.data_directory = data_directory_;
    status.started_at = started_at_;
    status.memory_bytes = resident_bytes();
    for (const auto& [name, at] : endpoints_) status.endpoints.push_back({name, at, external_.contains(name)});
    return status;
  }

 private:
  std::string data_directory_;
  const std::map<std::string, std::string>& endpoints_;
  const std::set<std::string>& external_;
  WallTime started_at_;
};

}  // namespace

std::int64_t resident_bytes() {
  std::int64_t total = 0;
  std::int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

std::shared_ptr<console::SystemPort> make_system_port(std::string data_directory,
                                                      const std::map<std::string, std::string>& endpoints,
                                                      const std::set<std::string>& external) {
  return std::make_shared<ProcessPort>(std::move(data_directory), endpoints, external);
}

}  // namespace streamops::app
