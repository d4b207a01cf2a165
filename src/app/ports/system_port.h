// app/ports/system_port.h — what the console shows of the process itself.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "console/ports.h"

namespace streamops::app {

/// Bytes of memory that the process holds right now (resident set).
std::int64_t resident_bytes();

/// `endpoints` may grow until the first call; it must outlive the port.
std::shared_ptr<console::SystemPort> make_system_port(std::string data_directory,
                                                      const std::map<std::string, std::string>& endpoints);

}  // namespace streamops::app
