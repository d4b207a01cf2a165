// runtime/http_server.h — a small HTTP/1.1 server on runtime::Network: keep-alive, chunked bodies in, limits,
// time-outs, server-sent events out. The parser is a library's (runtime/impl). Threads: all on the network's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/http_client.h"
#include "runtime/network.h"

namespace streamops::runtime {

struct ServerRequest {
  std::string method;
  std::string path;                          // decoded, without the query
  std::map<std::string, std::string> query;  // decoded
  HttpHeaders headers;                       // names in lower case
  std::string body;
  Endpoint peer;
  Endpoint local;  // the listener that it came in by

  const std::string* header(std::string_view name) const;
  /// The value of one cookie, or an empty text.
  std::string cookie(std::string_view name) const;
};

struct ServerResponse {
  int status = 200;
  HttpHeaders headers;
  std::string body;

  static ServerResponse json(std::string body, int status = 200);
  static ServerResponse text(std::string body, int status = 200);
};

/// An open stream of server-sent events. Destroying it ends the answer.
class EventStream {
 public:
  virtual ~EventStream() = default;
  /// Sends one event; dropped when the browser is gone. False when more than 1 MiB waits: skip until it drains.
  virtual bool send(std::string_view event, std::string_view data) = 0;
  virtual bool is_open() const = 0;
};

/// Answers one request, now or later; exactly one of the two calls, once.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void respond(ServerResponse response) = 0;
  /// Turns the answer into a stream of events; `on_closed` tells when the browser left.
  virtual std::shared_ptr<EventStream> respond_events(HttpHeaders headers, std::function<void()> on_closed) = 0;
};

struct HttpServerLimits {
  std::size_t max_header_bytes = 64 * 1024;
  std::size_t max_body_bytes = 16 * 1024 * 1024;
  std::size_t max_connections = 512;
  Microseconds header_timeout = Seconds{10};  // a slow-loris client is cut off here
  Microseconds body_timeout = Seconds{30};
  Microseconds idle_timeout = Seconds{75};
};

class HttpServer {
 public:
  using Handler = std::function<void(ServerRequest, std::shared_ptr<Responder>)>;
  virtual ~HttpServer() = default;
  /// Adds a listener; may be called several times. Errors: as Network::listen.
  virtual Result<Endpoint> listen(const Endpoint& at, const std::optional<TlsOptions>& tls = std::nullopt) = 0;
};

std::unique_ptr<HttpServer> make_http_server(Loop& loop, Network& network, HttpServerLimits limits,
                                             HttpServer::Handler handler);

/// "a%20b" -> "a b"; plus signs too when `plus` is set. A broken escape stays as it is.
std::string percent_decode(std::string_view text, bool plus);
std::string percent_encode(std::string_view text);

}  // namespace streamops::runtime
