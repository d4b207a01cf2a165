#include "registry/client/request.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/text.h"

namespace streamops::registry {

namespace {

constexpr const char* media_type = "application/vnd.schemaregistry.v1+json";

}  // namespace

std::string in_path(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::vector<std::string> bases_of(const ClientOptions& options) {
  std::vector<std::string> bases;
  for (const std::string_view piece : split(options.url, ',')) {
    std::string_view base = trim(piece);
    while (base.ends_with('/')) base.remove_suffix(1);
    if (!base.empty()) bases.emplace_back(base);
  }
  if (bases.empty()) bases.emplace_back();
  return bases;
}

runtime::HttpRequest make_request(const ClientOptions& options, std::string method, std::string url, std::string body) {
  runtime::HttpRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.body = std::move(body);
  request.timeout = options.timeout;
  request.max_body = 16 * 1024 * 1024;
  request.tls = options.tls;
  request.headers.emplace_back("Accept", std::string(media_type) + ", application/json");
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", media_type);
  if (!options.username.empty()) {
    request.headers.emplace_back("Authorization", "Basic " + to_base64(options.username + ":" + options.password));
  } else if (!options.token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + options.token);
  }
  return request;
}

}  // namespace streamops::registry
