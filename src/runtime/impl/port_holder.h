// runtime/impl/port_holder.h — who listens on a port of this machine, for the error that says so.
#pragma once

#include <cstdint>
#include <string>

namespace streamops::runtime {

/// "java (pid 4711)", or an empty text where /proc does not tell.
std::string port_holder(std::uint16_t port);

}  // namespace streamops::runtime
