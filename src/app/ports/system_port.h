// app/ports/system_port.h — what the console shows of the process itself.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "console/ports.h"

namespace streamops::app {

/// Bytes of memory that the process holds right now (resident set).
std::int64_t resident_bytes();

/// `endpoints` may grow until the first call; both must outlive the port. `external` names those that are clusters of
/// others.
std::shared_ptr<console::SystemPort> make_system_port(std::string data_directory,
                                                      const std::map<std::string, std::string>& endpoints,
                                                      const std::set<std::string>& external);

}  // namespace streamops::app
