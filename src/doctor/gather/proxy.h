// doctor/gather/proxy.h — which proxy the process's environment puts before a URL, by the rules of libcurl.
#pragma once

#include <map>
#include <string>

#include "doctor/targets.h"

namespace streamops::doctor {

/// http_proxy, https_proxy, all_proxy, no_proxy by their lower-case names, where the environment sets them. Of
/// HTTP_PROXY libcurl takes no notice (a server's header could set it), of the other upper-case names it does.
std::map<std::string, std::string> environment_proxies();

/// The proxy through which a request for `url` goes, or an empty text.
std::string proxy_for(const UrlParts& url, const std::map<std::string, std::string>& proxies);

}  // namespace streamops::doctor
