// registry/client/request.h — requests as a schema registry expects them: media types, login, names in paths.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/client/client.h"
#include "runtime/http_client.h"

namespace streamops::registry {

/// A name as a part of a path: every letter that is not plain becomes %XX.
std::string in_path(std::string_view name);

/// The bases of ClientOptions::url, without slashes at their ends; at least one.
std::vector<std::string> bases_of(const ClientOptions& options);

runtime::HttpRequest make_request(const ClientOptions& options, std::string method, std::string url, std::string body);

}  // namespace streamops::registry
