#include "doctor/gather/proxy.h"

#include <cstdlib>

#include "base/text.h"

namespace streamops::doctor {
namespace {

/// Whether one entry of no_proxy ("example.org", ".example.org", "*", "127.0.0.1") covers a host.
bool covers(std::string_view entry, std::string_view host) {
  if (entry == "*") return true;
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty()) return false;
  return equals_ignore_case(entry, host) ||
         (host.size() > entry.size() && host[host.size() - entry.size() - 1] == '.' &&
          equals_ignore_case(entry, host.substr(host.size() - entry.size())));
}

std::string setting(const std::map<std::string, std::string>& proxies, const std::string& name) {
  const auto found = proxies.find(name);
  return found == proxies.end() ? std::string() : found->second;
}

}  // namespace

std::map<std::string, std::string> environment_proxies() {
  std::map<std::string, std::string> proxies;
  for (const std::string name : {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr && name != "http_proxy") value = std::getenv(to_upper(name).c_str());
    if (value != nullptr && *value != '\0') proxies[name] = value;
  }
  return proxies;
}

std::string proxy_for(const UrlParts& url, const std::map<std::string, std::string>& proxies) {
  const std::string exceptions = setting(proxies, "no_proxy");
  for (const std::string_view entry : split(exceptions, ',')) {
    if (covers(trim(entry), url.at.host)) return {};
  }
  const std::string own = setting(proxies, url.scheme + "_proxy");
  return own.empty() ? setting(proxies, "all_proxy") : own;
}

}  // namespace streamops::doctor
