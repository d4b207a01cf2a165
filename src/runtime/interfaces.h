// runtime/interfaces.h — the addresses of this machine's network interfaces.
#pragma once

#include <string>

namespace streamops::runtime {

/// An IPv4 address by which other machines may reach this one: the first of an interface that is up and not loopback;
/// 127.0.0.1 where there is none. What a server that listens on all addresses tells its clients.
std::string outward_address();

}  // namespace streamops::runtime
