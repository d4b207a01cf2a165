// console/console.h — the web console: own REST under /api/streamops, live push, and the pages themselves, all from
// this binary.
//
//   GET /                      the bundle of web/dist (index.html, one script, one stylesheet), with ETag, strict CSP
//   GET /api/streamops/...     JSON, for a session cookie or a bearer token; what changes something needs the session's
//                              CSRF token too
//   GET /api/streamops/events  server-sent events: run and task states, log lines, the flow with its counters, live
//                              messages of a topic
//   GET /metrics               Prometheus' text format
//
// Threads: everything on the loop given to open(); the ports answer from wherever they like.
#pragma once

#include <memory>
#include <string>

#include "auth/accounts.h"
#include "base/result.h"
#include "console/ports.h"
#include "runtime/http_server.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace streamops::console {

class Console {
 public:
  virtual ~Console() = default;
  /// Adds a listener; call it for 127.0.0.1 and ::1. Errors: as Network::listen.
  virtual Result<runtime::Endpoint> listen(const runtime::Endpoint& at) = 0;
  /// Listeners whose pages open at topics (the control center).
  virtual Result<runtime::Endpoint> listen_topics(const runtime::Endpoint& at) = 0;
};

/// `accounts` must outlive the console.
std::unique_ptr<Console> make_console(runtime::Loop& loop, runtime::Network& network, auth::Accounts& accounts,
                                      Ports ports);

}  // namespace streamops::console
