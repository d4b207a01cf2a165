// connect/randomuser/server.h — the built-in look-alike of https://randomuser.me/api/ (v1.4), for work without
// internet.
//
//   GET /api/            GET /api/1.4/       (also without the last slash)
//     results=1..5000  seed=TEXT  page=N  nat=us,fr,...  gender=female|male  inc=name,email  exc=login
//     format=json|pretty  noinfo
//
// The same seed, page, results and nat give the same people, for ever. Without a seed the server draws one and says so.
// Made-up people only: names and places come from small tables (impl/), so nobody real is in here.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "runtime/http_server.h"

namespace streamops::connect {

/// Answers the API's requests; give `handle` to an HttpServer, alone or behind a router.
class RandomUserApi {
 public:
  explicit RandomUserApi(const runtime::Clock& clock, runtime::Random& random);
  runtime::ServerResponse answer(const runtime::ServerRequest& request);

 private:
  const runtime::Clock& clock_;
  runtime::Random& random_;
};

/// The API on a port of its own, on one loop.
class RandomUserServer {
 public:
  /// Errors: as Network::listen (SO-R001, SO-R002). Port 0 picks a free one.
  static Result<std::unique_ptr<RandomUserServer>> start(runtime::Loop& loop, runtime::Network& network,
                                                         const runtime::Endpoint& at);
  /// "http://127.0.0.1:34567/api/".
  std::string url() const;
  runtime::Endpoint endpoint() const { return endpoint_; }

 private:
  RandomUserServer(runtime::Loop& loop) : api_(loop.clock(), loop.random()) {}

  RandomUserApi api_;
  runtime::Endpoint endpoint_;
  std::unique_ptr<runtime::HttpServer> server_;
};

}  // namespace streamops::connect
