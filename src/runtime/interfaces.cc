#include "runtime/interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <memory>

namespace streamops::runtime {
namespace {

std::string text_of(const sockaddr* address) {
  sockaddr_in v4{};
  std::memcpy(&v4, address, sizeof v4);
  std::array<char, INET_ADDRSTRLEN> text{};
  return inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size()) == nullptr ? std::string() : text.data();
}

}  // namespace

std::string outward_address() {
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return "127.0.0.1";
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(found, &freeifaddrs);
  for (const ifaddrs* each = found; each != nullptr; each = each->ifa_next) {
    const bool usable = (each->ifa_flags & IFF_UP) != 0 && (each->ifa_flags & IFF_LOOPBACK) == 0;
    if (!usable || each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    if (const std::string text = text_of(each->ifa_addr); !text.empty()) return text;
  }
  return "127.0.0.1";
}

}  // namespace streamops::runtime
