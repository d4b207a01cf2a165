// runtime/impl/http_request_parser.h — one HTTP/1.x request at a time out of a stream of bytes. The grammar is the
// library's (http_parser); limits and decoding of the target are ours. Sans-I/O, so that it can be fuzzed.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "runtime/http_server.h"

namespace streamops::runtime {

class HttpRequestParser {
 public:
  enum class State : std::uint8_t {
    headers,   // in the request line or the headers (or before the first byte)
    body,      // the headers are complete
    complete,  // a whole request waits in take()
    failed     // answer with failure_status() and close
  };

  explicit HttpRequestParser(const HttpServerLimits& limits);
  ~HttpRequestParser();
  HttpRequestParser(const HttpRequestParser&) = delete;
  HttpRequestParser& operator=(const HttpRequestParser&) = delete;

  /// Reads from `bytes` until a request is complete or the bytes are used up; returns how many were used.
  std::size_t feed(BytesView bytes);
  State state() const;
  /// True when no byte of a next request has come yet.
  bool is_between_requests() const;
  /// True when the client waits for "100 Continue" before it sends the body.
  bool expects_continue() const;
  /// True when the connection may serve another request after this one.
  bool keeps_alive() const;
  /// 400, 413, 414 or 431.
  int failure_status() const;
  /// The complete request; the parser starts over.
  ServerRequest take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace streamops::runtime
