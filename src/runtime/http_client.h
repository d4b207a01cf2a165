// runtime/http_client.h — outgoing HTTP on a loop (libcurl inside: proxies, redirects, TLS, gzip).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace streamops::runtime {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;
  std::string body;
  Microseconds timeout = Seconds{30};
  std::size_t max_body = 64 * 1024 * 1024;  // a longer answer is an error, not memory
  std::optional<TlsOptions> tls;            // nothing: the system's certificates, verified
  bool http2 = false;  // HTTP/2 from the first byte on http://, by ALPN on https://: what gRPC asks for
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;   // names in lower case
  HttpHeaders trailers;  // the same, sent after the body
  std::string body;      // already decompressed

  /// The first header of that name (lower case), or nullptr.
  const std::string* header(std::string_view name) const;
  const std::string* trailer(std::string_view name) const;
};

/// Cancels its request when destroyed.
class HttpCall {
 public:
  virtual ~HttpCall() = default;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// Sends; `done` gets any complete answer, whatever its status, or an Error:
  /// SO-R010 (cannot connect or resolve), SO-R011 (timed out), SO-R012 (TLS refused), SO-R013 (answer too large),
  /// SO-R014 (broken answer), SO-R015 (bad URL).
  [[nodiscard]] virtual std::unique_ptr<HttpCall> send(HttpRequest request,
                                                       std::function<void(Result<HttpResponse>)> done) = 0;
};

std::unique_ptr<HttpClient> make_http_client(Loop& loop);

}  // namespace streamops::runtime
